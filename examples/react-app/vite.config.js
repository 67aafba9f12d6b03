import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [react()],
  // Small images stay files of their own, so that each is cached under its own name.
  build: { assetsInlineLimit: 0 },
});
