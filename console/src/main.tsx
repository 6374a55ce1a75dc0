import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { ConfigProvider, theme } from "antd";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Router } from "wouter";
import { Refusal } from "./api/client";
import { App } from "./app";
import { AppearanceProvider, useAppearance } from "./appearance";
import "./styles.css";

const queries = new QueryClient({
  defaultOptions: {
    queries: { staleTime: 5_000, retry: (tries, error) => !(error instanceof Refusal) && tries < 2 },
  },
});

/** The style sheets that AntD makes are let in by the nonce of this page. */
const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? "";

function Themed() {
  const { dark } = useAppearance();
  return (
    <ConfigProvider
      csp={{ nonce }}
      theme={{
        algorithm: [theme.compactAlgorithm, dark ? theme.darkAlgorithm : theme.defaultAlgorithm],
        token: { fontSize: 13, controlHeight: 32, colorPrimary: dark ? "#3B82F6" : "#2F54EB", borderRadius: 4 },
      }}
    >
      <App />
    </ConfigProvider>
  );
}

const root = document.getElementById("root");
if (root === null) throw new Error("the page has no #root");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <AppearanceProvider>
        <Router base="/console">
          <Themed />
        </Router>
      </AppearanceProvider>
    </QueryClientProvider>
  </StrictMode>,
);
