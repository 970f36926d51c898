import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// The page is served by the server itself, from inside the Python package.
export default defineConfig({
  plugins: [react()],
  base: '/',
  // `node node_modules/vite/bin/vite.js` serves the sources beside a running server, `patrol demo` for one.
  server: {
    proxy: Object.fromEntries(
      ['/api', '/login', '/readyz'].map((path) => [path, { target: 'http://127.0.0.1:8000', ws: true }]),
    ),
  },
  build: {
    outDir: '../static',
    emptyOutDir: true,
    assetsInlineLimit: 0, // a data: address would break the page's content security policy
    chunkSizeWarningLimit: 1200,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            // What fetches code later must not lie in a chunk that is to be fetched later.
            { name: 'preload', test: /vite[\\/]preload-helper/, priority: 10 },
            { name: 'maplibre', test: /node_modules[\\/]maplibre-gl/ },
            {
              name: 'deck',
              test: /node_modules[\\/](@deck\.gl|@luma\.gl|@math\.gl|@loaders\.gl|@probe\.gl|mjolnir\.js)/,
            },
            { name: 'react', test: /node_modules[\\/](react|react-dom|scheduler)[\\/]/ },
          ],
        },
      },
    },
  },
});
