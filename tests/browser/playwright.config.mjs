// Tests of the pages in headless Chromium, at desktop and phone width. tests/suite/browser starts the server and sets
// NEWBEE_TEST_URL. To run a part manually: `node_modules/.bin/playwright test playground --project phone`.
import { existsSync } from 'node:fs';
import { defineConfig, devices } from '@playwright/test';

// Uses the browser of the system (the headless shell needs the least memory and processor time), or Playwright's own if it was installed with `npx playwright install chromium`.
const INSTALLED = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'];
const executablePath = process.env.CHROMIUM ?? INSTALLED.find(existsSync);

export default defineConfig({
  testDir: '.',
  // Tests share one server and its demo users, so parallel tests would see each other's sign-ins.
  workers: 1,
  fullyParallel: false,
  // Generous time limits for slow machines.
  timeout: 120_000,
  expect: { timeout: 30_000 },
  forbidOnly: true,
  reporter: 'line',
  outputDir: 'test-results',
  use: {
    baseURL: process.env.NEWBEE_TEST_URL,
    contextOptions: { reducedMotion: 'reduce' },
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath,
      // Chromium has no sandbox as root. Background requests of the browser are disabled.
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    },
  },
  // On a phone runs what depends on the width or on touch. The processor draws the pages, so a CSS pixel is one pixel there.
  projects: [
    { name: 'desktop', grepInvert: /@phone-only/, use: { viewport: { width: 1280, height: 800 } } },
    { name: 'phone', grep: /@phone/, use: { ...devices['Pixel 7'], deviceScaleFactor: 1 } },
  ],
});
