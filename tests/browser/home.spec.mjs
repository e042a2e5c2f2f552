// The start page: links, copy buttons, both languages, and the redirect from the endpoint to the playground.
import { expect, fitsTheScreen, isAccessible, test } from './page.mjs';

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

test('the page is accessible, and fits the screen', { tag: '@phone' }, async ({ page }) => {
  for (const path of ['/', '/?lang=zh']) {
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      await page.goto(path);
      await isAccessible(page, path);
      await fitsTheScreen(page, path);
    }
  }
});
