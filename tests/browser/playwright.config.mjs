// The pages in headless Chromium, once as wide as a desk and once as wide as a phone. tests/suite/browser starts the server
// and names it in NEWBEE_TEST_URL; `node_modules/.bin/playwright test playground --project phone` runs a part by hand.
import { existsSync } from 'node:fs';
import { defineConfig, devices } from '@playwright/test';

// The browser of the system; Playwright's own where it was installed by `npx playwright install chromium`.
const INSTALLED = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'];
const executablePath = process.env.CHROMIUM ?? INSTALLED.find(existsSync);

export default defineConfig({
  testDir: '.',
  // One server with one set of demo users: two tests at once would see each other's sign-ins.
  workers: 1,
  fullyParallel: false,
  // A busy machine is slow; a wrong page is wrong at once.
  timeout: 120_000,
  expect: { timeout: 30_000 },
  forbidOnly: true,
  reporter: 'line',
  outputDir: 'test-results',
  use: {
    baseURL: process.env.NEWBEE_TEST_URL,
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath,
      // Root has no sandbox; and the browser must look for nothing beyond the page.
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    },
  },
  projects: [
    { name: 'desktop', use: { viewport: { width: 1280, height: 800 } } },
    { name: 'phone', use: { ...devices['Pixel 7'] } },
  ],
});
