import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { ConfigProvider } from "antd";
import { StrictMode, useMemo } from "react";
import { createRoot } from "react-dom/client";
import { Router } from "wouter";
import { passes, Refusal } from "./api/client";
import { noteRefusal } from "./api/session";
import { App } from "./app";
import { AppearanceProvider, useAppearance, useMedia } from "./appearance";
import { themeOf } from "./theme";
import { aroundNav } from "./ui/leaving";
import "./base.css";

/** How often what the server could not answer is asked for again. */
const AGAIN_MS = 5_000;

const onError = (error: Error) => noteRefusal(queries, error);
const queries: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError }),
  mutationCache: new MutationCache({ onError }),
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (tries, error) => !(error instanceof Refusal) && tries < 2,
      refetchInterval: ({ state }) => (state.error && passes(state.error) ? AGAIN_MS : false),
    },
  },
});

/** The style sheets that AntD makes are let in by the nonce of this page. */
const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? "";

function Themed() {
  const { dark } = useAppearance();
  const touched = useMedia("(max-width: 720px)");
  const theme = useMemo(() => themeOf(dark, touched), [dark, touched]);
  return (
    <ConfigProvider csp={{ nonce }} theme={theme}>
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
        <Router base="/console" aroundNav={aroundNav}>
          <Themed />
        </Router>
      </AppearanceProvider>
    </QueryClientProvider>
  </StrictMode>,
);
