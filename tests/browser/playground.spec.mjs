// Main tasks in the playground: sign in from a ready tab, see the award settle, run every ready tab, change the key.
import { expect, fitsTheScreen, hasContrast, isAccessible, isPhone, test } from './page.mjs';
import { DEMO_API_KEY, become, open, openTab, panel, run, runJob } from './playground.mjs';

test('the award of a sign-in is pending, then settled', async ({ page }) => {
  await open(page);
  await expect(page.locator('.newbee-who-name')).toHaveText('Regular');
  await panel(page, 'Live', 'Show');
  const live = page.getByRole('region', { name: 'Live awards' });
  await expect(live.getByRole('status')).toHaveText('Live');
  await panel(page, 'Live', 'Hide');
  await openTab(page, 'Sign in today');
  const { data } = await run(page);
  expect(data.signInToday.award.status).toBe('PENDING');
  await expect(page.locator('.result-window .view-lines')).toContainText('PENDING');
  // The subscription continued while the tab was used, and is still active.
  await panel(page, 'Live', 'Show');
  const events = live.getByRole('listitem').filter({ hasText: data.signInToday.award.id });
  await expect(events.last()).toContainText('PENDING');
  await runJob(page, 'settle_awards');
  await expect(events.first()).toContainText('SETTLED');
  await panel(page, 'Live', 'Hide');
  await openTab(page, 'My awards');
  const { data: { me } } = await run(page);
  expect(me.todayAwards.find(({ id }) => id === data.signInToday.award.id).status).toBe('SETTLED');
});

test('the live tab waits for events, and the same button ends it', { tag: '@phone-only' }, async ({ page }) => {
  await open(page);
  await become(page, 'Invited');
  await openTab(page, 'Live awards');
  const began = page.waitForResponse((reply) => reply.headers()['content-type']?.startsWith('text/event-stream') ?? false);
  await page.getByRole('button', { name: /^Execute query/ }).click();
  await began;
  const query = 'mutation { signInToday { award { id } } }';
  await page.request.post('/graphql', { data: { query }, headers: { authorization: 'Bearer demo-session-invited' } });
  await expect(page.locator('.result-window .view-lines')).toContainText('1 so far, newest first');
  await page.getByRole('button', { name: 'Query', exact: true }).click();
  await page.getByRole('button', { name: /^Stop query/ }).click();
  await expect(page.getByRole('button', { name: /^Execute query/ })).toBeVisible();
});

// tests/suite/process/playground.rs runs every ready tab over HTTP.
test('ready tabs run, with variables and without', { tag: '@phone' }, async ({ page }) => {
  // The admin page is the same page with other tabs.
  const pages = [['/graphiql/', ['My awards', 'Preview an invitation']], ['/admin/graphiql/', ['Jobs', 'Find a user']]];
  for (const [path, titles] of isPhone(page) ? pages.slice(0, 1) : pages) {
    await open(page, path);
    for (const title of titles) {
      await openTab(page, title);
      expect(await run(page), title).not.toHaveProperty('errors');
      await fitsTheScreen(page, 'playground');
    }
  }
});

test('a tab can be pressed after a side panel moved it', { tag: '@phone' }, async ({ page }) => {
  await open(page);
  await panel(page, 'History', 'Show');
  if (isPhone(page)) await panel(page, 'History', 'Hide');
  for (const [place, title] of [[1, 'Sign in today'], [0, 'My awards']]) {
    await page.locator(`#graphiql-session-tab-${place}`).click();
    await expect(page.locator('.graphiql-query-editor .view-lines')).toContainText(`# ${title}`);
  }
});

test('the key lasts as long as the browser session, and each page has its own', async ({ page, context, browser, baseURL }) => {
  await open(page);
  await become(page, 'Inviter');
  await page.reload();
  await expect(page.locator('.newbee-who-name')).toHaveText('Inviter');
  expect(await page.evaluate(() => JSON.stringify({ ...localStorage }))).not.toContain('demo-session-inviter');
  await page.goto('/admin/graphiql/');
  await expect(page.locator('.newbee-who-name')).toHaveText('Demo key');

  const later = await browser.newContext({ baseURL });
  const fresh = await later.newPage();
  await fresh.goto('/graphiql/');
  await expect(fresh.locator('.newbee-who-name')).toHaveText('Regular');
  await later.close();
});

test('an expired key is marked, and its reply is UNAUTHENTICATED', async ({ page, expectedComplaints }) => {
  expectedComplaints.of(/401/);
  await open(page);
  await become(page, 'Expired');
  await expect(page.locator('.newbee-who-name')).toHaveText('Expired (expired key)');
  const { errors } = await run(page);
  expect(errors[0].extensions.code).toBe('UNAUTHENTICATED');
});

test('the admin page asks for a key when there is none', async ({ page }) => {
  await open(page, '/admin/graphiql/');
  await page.locator('.newbee-who').click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await expect(page.getByRole('heading', { name: /admin API/ })).toBeVisible();
  await expect(page.getByText('newbee key create me')).toBeVisible();
  await page.getByLabel('API key').fill(DEMO_API_KEY);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(page.locator('.newbee-who-name')).toHaveText('Demo key');
});

test('an operation is copied as code, and shared as a link without the key', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await open(page);
  await openTab(page, 'Submit a word');
  const copied = async () => page.evaluate(() => navigator.clipboard.readText());
  const forms = [
    ['curl', "curl -sN '"], ['fetch', 'await fetch('], ['Apollo Client', "from '@apollo/client'"], ['urql', "from '@urql/core'"],
    ['graphql-request', 'GraphQLClient'], ['Relay', "from 'react-relay'"], ['TypeScript (gql.tada)', 'gql.tada'],
    ['TypeScript (graphql-codegen)', './build/gql/gql.js'],
  ];
  for (const [form, has] of forms) {
    await page.getByRole('button', { name: 'Copy as code' }).click();
    await page.getByRole('menuitem', { name: `Copy as ${form}`, exact: true }).click();
    await expect(page.locator('.newbee-said')).toHaveText(`Copied: ${form}`);
    const code = await copied();
    expect(code).toContain(has);
    expect(code).toContain('mutation SubmitAWord');
    expect(code, 'the lesson stays in the tab').not.toContain('ＮＥＷＢＥＥ');
    // The Relay code has no key: it is in the environment.
    if (form !== 'Relay') expect(code).toContain('demo-session-regular');
  }
  await page.getByRole('button', { name: /^Copy a link/ }).click();
  await expect(page.locator('.newbee-said')).toHaveText('Copied: a link');
  const link = await copied();
  expect(link).not.toContain('demo-session');

  const other = await context.newPage();
  await other.goto(link);
  await expect(other.locator('.graphiql-query-editor .view-lines')).toContainText('# Submit a word');
  await expect(other.locator('.graphiql-editor-tool .view-lines').first()).toContainText('newbee');
  expect(new URL(other.url()).hash).toBe('');
});

test('the colour scheme follows the system or the selected mode', async ({ page }) => {
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.emulateMedia({ colorScheme: 'light' });
  await open(page);
  const light = await ground();
  await page.emulateMedia({ colorScheme: 'dark' });
  const dark = await ground();
  expect(dark).not.toBe(light);
  await page.getByRole('button', { name: 'Open settings dialog' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Light' }).click();
  await expect.poll(ground).toBe(light);
  await page.reload();
  await expect.poll(ground).toBe(light);
});

test('a phone shows one pane at a time, with large touch targets', { tag: '@phone-only' }, async ({ page }) => {
  await open(page);
  await expect(page.locator('.graphiql-response')).toBeHidden();
  await run(page);
  await expect(page.locator('.graphiql-editors')).toBeHidden();
  await page.getByRole('button', { name: 'Query', exact: true }).click();
  await expect(page.locator('.graphiql-response')).toBeHidden();
  await fitsTheScreen(page, 'playground');
  const targets = '.newbee-header button, .newbee-switch button, .graphiql-toolbar > button, .graphiql-sidebar > button, .graphiql-tab-active button';
  for (const target of await page.locator(targets).filter({ visible: true }).all()) {
    const { width, height } = await target.boundingBox();
    expect(Math.min(width, height), await target.getAttribute('aria-label')).toBeGreaterThanOrEqual(44);
  }
});

test('the additions to GraphiQL are accessible', { tag: '@phone' }, async ({ page }) => {
  const parts = ['.newbee-header', '.newbee-ready', ...(isPhone(page) ? ['.newbee-switch'] : [])];
  await page.emulateMedia({ colorScheme: 'light' });
  await open(page);
  await panel(page, 'Ready tabs', 'Show');
  await isAccessible(page, 'light', parts);
  await page.emulateMedia({ colorScheme: 'dark' });
  await hasContrast(page, 'dark', parts);
});
