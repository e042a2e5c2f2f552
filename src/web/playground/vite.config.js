import { defineConfig } from 'vite';

export default defineConfig({
  // The page is served below two paths, so its own addresses are relative.
  base: './',
  worker: { format: 'es' },
  build: {
    // The first browsers with light-dark() in CSS. For older ones it would be rewritten, and no longer follow the body.
    target: ['chrome123', 'firefox120', 'safari17.5'],
    assetsDir: 'assets',
    // The policy of the page allows no script of other origins, `data:` being one.
    assetsInlineLimit: 0,
    // Monaco, the editor of GraphiQL, is one large part.
    chunkSizeWarningLimit: 4_000,
    rolldownOptions: {
      // "use client" at the head of React libraries, which means nothing in a browser.
      checks: { moduleLevelDirective: false },
    },
  },
});
