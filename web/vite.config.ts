// The page is one document with its own files beside it: paths are relative, so that it works under any prefix of a proxy.
import { defineConfig } from 'vite';

export default defineConfig({
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    // The map library's two files; test/page measures the rest.
    chunkSizeWarningLimit: 1200,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        // The map library, large and seldom another, is a file of its own.
        codeSplitting: { groups: [{ name: 'maplibre', test: /node_modules[\\/]maplibre-gl/ }] },
      },
    },
  },
  server: { proxy: { '^/(locate|regions|openapi.yaml)': 'http://127.0.0.1:8080' } },
});
