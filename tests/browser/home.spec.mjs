// The start page: links, copy buttons, both languages, and the redirect from the endpoint to the playground.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, test } from './page.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

test('a key is copied, the links work, and the language changes', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.goto('/');
  await page.getByRole('button', { name: 'Copy Newcomer' }).click();
  await expect(page.getByRole('button', { name: 'Copy Newcomer' })).toHaveText('Copied');
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('demo-session-newcomer');
  await page.getByRole('link', { name: '中文' }).click();
  await expect(page.getByRole('heading', { name: '演示用户' })).toBeVisible();
  await page.getByRole('link', { name: 'English' }).click();
  await page.getByRole('link', { name: /^Playground/ }).click();
  await expect(page).toHaveURL(/\/graphiql\/$/);
  await page.goto('/graphql');
  await expect(page).toHaveURL(/\/graphiql\/$/);
});

test('the page is accessible, and fits the screen', async ({ page }) => {
  for (const path of ['/', '/?lang=zh']) {
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      await page.goto(path);
      await page.evaluate(AXE);
      const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html)}`), path).toEqual([]);
      const overhang = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      expect(overhang).toBeLessThanOrEqual(0);
    }
  }
});
