import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

/** Lets the browser fetch the map's code while the shell still starts; the shell goes first. */
function fetchMapEarly(): Plugin {
  return {
    name: 'fetch-map-early',
    transformIndexHtml: {
      order: 'post',
      handler(html, { bundle }) {
        const chunks = Object.values(bundle ?? {}).filter((made) => made.type === 'chunk');
        const map = chunks.find((chunk) => chunk.facadeModuleId?.endsWith('/src/map/view.ts'));
        if (!map) return []; // served from the sources: nothing is bundled
        const files = [map.fileName, ...map.imports].filter((file) => !html.includes(file));
        return files.map((file) => ({
          tag: 'link',
          attrs: { rel: 'modulepreload', crossorigin: true, fetchpriority: 'low', href: `/${file}` },
          injectTo: 'head',
        }));
      },
    },
  };
}

// The page is served by the server itself, from inside the Python package.
export default defineConfig({
  plugins: [react(), fetchMapEarly()],
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
            { name: 'react', test: /node_modules[\\/](react|react-dom|scheduler)[\\/]/ },
          ],
        },
      },
    },
  },
});
