// Self-tests of the test harness: complaints of a page and requests to other hosts are detected.
import { test } from './page.mjs';

test('a quiet page passes', async ({ page }) => {
  await page.goto('/healthz');
});

test.fail('an error in the console fails its test', async ({ page }) => {
  await page.goto('/healthz');
  await page.evaluate(() => console.error('trouble'));
});

test.fail('an exception of the page fails its test', async ({ page }) => {
  await page.goto('/healthz');
  const thrown = page.waitForEvent('pageerror');
  await page.evaluate(() => void setTimeout(() => { throw new Error('trouble'); }));
  await thrown;
});

test.fail('a request to another host fails its test', async ({ page, expectedComplaints }) => {
  expectedComplaints.of(/./);
  await page.goto('/healthz');
  await page.evaluate(() => fetch('http://localhost:9/').catch(() => undefined));
});
