// The playground as people use it: sign in from a ready tab, watch the award be settled, run whatever else there is.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, test } from './page.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const DEMO_API_KEY = 'nbk_demo.public-key';

// The page with its editor ready and the schema known.
async function open(page, path = '/graphiql/') {
  const schema = page.waitForResponse((reply) => reply.request().postData()?.includes('IntrospectionQuery') ?? false);
  await page.goto(path);
  await schema;
  await expect(page.locator('.graphiql-query-editor .view-lines')).toContainText('# ');
}

const isPhone = (page) => page.viewportSize().width < 700;

async function become(page, name) {
  await page.locator('.newbee-who').click();
  await page.getByRole('menuitem', { name: new RegExp(`^${name}`) }).click();
  await expect(page.locator('.newbee-who-name')).toContainText(name);
}

// From the list of ready tabs, which is how a phone gets there, too.
async function openTab(page, title) {
  await panel(page, 'Ready tabs', 'Show');
  await page.getByRole('region', { name: 'Ready tabs' }).getByRole('button', { name: new RegExp(`^${title}`) }).click();
  await panel(page, 'Ready tabs', 'Hide');
  await expect(page.locator('.graphiql-query-editor .view-lines')).toContainText(`# ${title}`);
}

const panel = (page, name, action) => page.getByRole('button', { name: `${action} ${name}`, exact: true }).click();

// Runs the tab that is open: the reply as the server sent it, once the page shows it.
async function run(page) {
  if (isPhone(page)) await page.getByRole('button', { name: 'Query', exact: true }).click();
  const replied = page.waitForResponse((reply) => reply.request().method() === 'POST' && reply.url().endsWith('/graphql'));
  await page.getByRole('button', { name: /^Execute query/ }).click();
  const reply = await replied;
  await expect(page.locator('.newbee-reply')).toContainText(`HTTP ${reply.status()}`);
  await expect(page.locator('.result-window .view-lines')).toContainText(reply.ok() ? '"data"' : '"errors"');
  return reply.json();
}

async function runJob(page, job) {
  const query = `mutation { runJob(job: "${job}", reason: "a browser test") { queued } }`;
  const reply = await page.request.post('/admin/graphql', { data: { query }, headers: { authorization: `Bearer ${DEMO_API_KEY}` } });
  expect((await reply.json()).data.runJob.queued).toBe(1);
}

async function neverScrollsSideways(page) {
  const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  expect(content).toBeLessThanOrEqual(window);
}

test('a sign-in of a ready tab is pending, and becomes settled', async ({ page }) => {
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
  // It went on while the tab was used, and goes on while we look.
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

test('the live tab waits for events, and the same button ends it', async ({ page }) => {
  await open(page);
  await become(page, 'Invited');
  await openTab(page, 'Live awards');
  const began = page.waitForResponse((reply) => reply.headers()['content-type']?.startsWith('text/event-stream') ?? false);
  await page.getByRole('button', { name: /^Execute query/ }).click();
  await began;
  const query = 'mutation { signInToday { award { id } } }';
  await page.request.post('/graphql', { data: { query }, headers: { authorization: 'Bearer demo-session-invited' } });
  await expect(page.locator('.result-window .view-lines')).toContainText('1 so far, the newest first');
  if (isPhone(page)) await page.getByRole('button', { name: 'Query', exact: true }).click();
  await page.getByRole('button', { name: /^Stop query/ }).click();
  await expect(page.getByRole('button', { name: /^Execute query/ })).toBeVisible();
});

test('every ready tab runs', async ({ page }) => {
  for (const path of ['/graphiql/', '/admin/graphiql/']) {
    await open(page, path);
    await panel(page, 'Ready tabs', 'Show');
    const titles = await page.getByRole('region', { name: 'Ready tabs' }).locator('li b').allTextContents();
    await panel(page, 'Ready tabs', 'Hide');
    expect(titles.length).toBeGreaterThanOrEqual(7);
    for (const title of titles.filter((title) => title !== 'Live awards')) {
      await openTab(page, title);
      expect(await run(page), title).not.toHaveProperty('errors');
      await neverScrollsSideways(page);
    }
  }
});

test('a tab can be pressed after a side panel moved it', async ({ page }) => {
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

test('a key that ended is said, and the reply says what it is', async ({ page, expectedComplaints }) => {
  expectedComplaints.of(/401/);
  await open(page);
  await become(page, 'Expired');
  await expect(page.locator('.newbee-who-name')).toHaveText('Expired (key ended)');
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
  for (const [form, has] of [['curl', "curl -sN '"], ['fetch', 'await fetch('], ['Apollo Client', "from '@apollo/client'"], ['urql', "from '@urql/core'"], ['graphql-request', 'GraphQLClient']]) {
    await page.getByRole('button', { name: 'Copy as code' }).click();
    await page.getByRole('menuitem', { name: `Copy as ${form}` }).click();
    await expect(page.locator('.newbee-said')).toHaveText(`Copied: ${form}`);
    expect(await copied()).toContain(has);
    expect(await copied()).toContain('demo-session-regular');
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

test('it is light or dark as the system is, or as was chosen', async ({ page }) => {
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

test('a phone shows one pane at a time, with room for a finger', async ({ page }) => {
  test.skip(!isPhone(page), 'wide screens show both');
  await open(page);
  await expect(page.locator('.graphiql-response')).toBeHidden();
  await run(page);
  await expect(page.locator('.graphiql-editors')).toBeHidden();
  await page.getByRole('button', { name: 'Query', exact: true }).click();
  await expect(page.locator('.graphiql-response')).toBeHidden();
  await neverScrollsSideways(page);
  const targets = '.newbee-header button, .newbee-switch button, .graphiql-toolbar > button, .graphiql-sidebar > button, .graphiql-tab-active button';
  for (const target of await page.locator(targets).all()) {
    const { width, height } = await target.boundingBox();
    expect(Math.min(width, height), await target.getAttribute('aria-label')).toBeGreaterThanOrEqual(44);
  }
});

test('what newbee adds to GraphiQL is accessible', async ({ page }) => {
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    await open(page);
    await panel(page, 'Ready tabs', 'Show');
    // By the debugger, which the page's policy does not bind.
    await page.evaluate(AXE);
    const ours = ['.newbee-header', '.newbee-ready', ...(isPhone(page) ? ['.newbee-switch'] : [])];
    const { violations } = await page.evaluate((include) => globalThis.axe.run({ include: include.map((part) => [part]) }), ours);
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html)}`)).toEqual([]);
    await panel(page, 'Ready tabs', 'Hide');
  }
});
