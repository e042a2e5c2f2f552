import { defineConfig } from 'vite';

export default defineConfig({
  // The page is served at two paths, so its URLs are relative.
  base: './',
  worker: { format: 'es' },
  build: {
    // The first browsers with light-dark() in CSS. For older targets it would be rewritten and ignore the scheme of the
    // body.
    target: ['chrome123', 'firefox120', 'safari17.5'],
    assetsDir: 'assets',
    // The page's Content-Security-Policy does not allow scripts from `data:` URLs.
    assetsInlineLimit: 0,
    // Monaco, the editor of GraphiQL, is one large chunk.
    chunkSizeWarningLimit: 4_000,
    rolldownOptions: {
      // Ignore "use client" directives of React libraries, which have no effect in a browser.
      checks: { moduleLevelDirective: false },
    },
  },
});
