import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig({
  base: "/console/",
  plugins: [react()],
  // The server puts a new nonce in its place with every answer: see treadle/api/console.py.
  html: { cspNonce: "__NONCE__" },
  build: {
    outDir: "../src/treadle/api/pages",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    target: "es2022",
  },
  server: { proxy: { "/api": process.env.TREADLE_URL ?? "http://127.0.0.1:8000" } },
  test: { environment: "happy-dom", css: true, include: ["src/**/*.test.{ts,tsx}"] },
});
