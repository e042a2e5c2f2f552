// Details of the playground: keys and focus, side panels, space for the query, markers, an unreachable server, the
// language.
import { expect, isPhone, test } from './page.mjs';
import { become, open, openTab, panel, run, titlesOf } from './playground.mjs';

const runByKey = (page) => run(page, () => page.keyboard.press('Control+Enter'));

test('Ctrl-Enter runs the operation after a load, after a tab was chosen, and from the reply', async ({ page }) => {
  await open(page);
  expect((await runByKey(page)).data.me.name).toBe('Regular');
  await page.locator('#graphiql-session-tab-2').click();
  expect((await runByKey(page)).data).toHaveProperty('clock');
  await openTab(page, 'My awards');
  expect((await runByKey(page)).data).toHaveProperty('me');
  await panel(page, 'Ready tabs', 'Show');
  expect((await runByKey(page)).data).toHaveProperty('me');
  await panel(page, 'Ready tabs', 'Hide');
  await page.locator('.result-window .view-lines').click();
  const replied = page.waitForResponse('**/graphql');
  await page.keyboard.press('Control+Enter');
  expect((await replied).ok()).toBe(true);
});

test('one key press runs once, and dialogs handle their own keys', async ({ page }) => {
  await open(page);
  let requests = 0;
  page.on('request', (request) => { if (request.method() === 'POST') requests += 1; });
  await expect(page.locator('.graphiql-query-editor .monaco-editor')).toHaveClass(/focused/);
  await runByKey(page);
  expect(requests).toBe(1);
  await page.locator('.newbee-who').click();
  await page.getByRole('menuitem', { name: 'Another key…' }).click();
  await page.getByLabel('Session key').fill('no such key');
  await page.keyboard.press('Control+Enter');
  await page.keyboard.press('Escape');
  await runByKey(page);
  expect(requests).toBe(2);
});

test('the editor has the focus after a load, and the Tab key leaves it', async ({ page }) => {
  await open(page);
  await page.locator('#graphiql-session-tab-1').click();
  await expect(page.locator('.graphiql-query-editor .monaco-editor')).toHaveClass(/focused/);
  await page.keyboard.type('# typed ');
  await expect(page.locator('.graphiql-query-editor .view-lines')).toContainText('# typed');
  await page.keyboard.press('Tab');
  await expect(page.locator('.graphiql-query-editor .monaco-editor')).not.toHaveClass(/focused/);
  await page.keyboard.press('Control+Home');
  await page.locator('body').press('Tab');
  await page.getByRole('button', { name: 'Skip to the editor' }).focus();
  await expect(page.getByRole('button', { name: 'Skip to the editor' })).toBeInViewport();
  await page.keyboard.press('Enter');
  await expect(page.locator('.graphiql-query-editor .monaco-editor')).toHaveClass(/focused/);
});

test('a side panel keeps its content when the user changes', async ({ page }) => {
  await open(page);
  for (const [name, shows] of [['Documentation Explorer', 'customer API of newbee'], ['Ready tabs', 'Sign in today'], ['Live', 'Live awards'], ['History', 'History'], ['GraphiQL Explorer', 'Explorer']]) {
    await panel(page, name, 'Show');
    await expect(page.locator('.graphiql-plugin')).toContainText(shows);
    for (const user of ['Newcomer', 'Regular']) {
      await become(page, user);
      await expect(page.locator('.graphiql-plugin'), `${name} as ${user}`).toContainText(shows);
      await expect(page.getByRole('button', { name: `Hide ${name}`, exact: true })).toBeVisible();
    }
    await panel(page, name, 'Hide');
  }
});

test('the reply of another user is marked, and each tab has its own status line', async ({ page }) => {
  await open(page);
  await expect(page.locator('.newbee-panes')).toHaveAttribute('data-reply', 'none');
  await run(page);
  await expect(page.locator('.newbee-reply')).toContainText('as Regular');
  await become(page, 'Newcomer');
  await expect(page.locator('.newbee-reply')).toContainText('Reply to Regular. Run again to see yours.');
  await expect(page.locator('.newbee-panes')).toHaveAttribute('data-reply', 'stale');
  await page.locator('#graphiql-session-tab-2').click();
  await expect(page.locator('.newbee-reply')).toHaveText('');
  await expect(page.locator('.newbee-panes')).toHaveAttribute('data-reply', 'none');
  await page.locator('#graphiql-session-tab-0').click();
  await run(page);
  await expect(page.locator('.newbee-reply')).toContainText('as Newcomer');
  await expect(page.locator('.newbee-panes')).toHaveAttribute('data-reply', 'fresh');
});

test('the whole query is visible on a laptop, also next to the live panel', async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 720 });
  await open(page);
  const lastLine = page.locator('.graphiql-query-editor .view-line').filter({ hasText: /^}$/ });
  await expect(lastLine.last()).toBeInViewport({ ratio: 0.9 });
  await panel(page, 'Live', 'Show');
  await page.locator('#graphiql-session-tab-1').click();
  await expect(page.locator('.graphiql-query-editor .view-lines')).toContainText('mutation SignInToday');
  await expect(lastLine.last()).toBeInViewport({ ratio: 0.9 });
});

test('the Variables pane is open for the tabs that have variables', { tag: '@phone' }, async ({ page }) => {
  await open(page);
  const hide = page.getByRole('button', { name: 'Hide editor tools' });
  await expect(hide).toHaveCount(0);
  await openTab(page, 'Submit a word');
  await expect(hide).toBeVisible();
  await openTab(page, 'My awards');
  await expect(hide).toHaveCount(0);
});

test('the open tab is scrolled into view: a new one, and the last of the list', { tag: '@phone' }, async ({ page }) => {
  await open(page, '/admin/graphiql/');
  const active = page.locator('.graphiql-tab-active');
  const titles = await titlesOf(page);
  await openTab(page, titles.at(-1));
  await expect(active).toContainText('AuditLog');
  await expect(active).toBeInViewport({ ratio: 0.9 });
  await openTab(page, titles[0]);
  await expect(active).toBeInViewport({ ratio: 0.9 });
  await expect(page.locator('.graphiql-tabs')).toHaveAttribute('data-more', 'right');
  await page.getByRole('button', { name: 'New tab' }).click();
  await expect(active).toContainText('<untitled>');
  await expect(active).toBeInViewport({ ratio: 0.9 });
});

// Returns the texts of the error and warning markers in all editors.
const markers = (page) =>
  page.evaluate(() => globalThis.__MONACO.editor.getModelMarkers({}).map(({ message, resource }) => `${resource.path}: ${message}`));
const OFTEN = { intervals: [50] };
// Editors are validated in a worker 400 ms after a change. A marker shows that the validation ran.
async function checked(page) {
  await page.evaluate(() => {
    const model = globalThis.__MONACO.editor.getModels().find(({ uri }) => uri.path.endsWith('variables.json'));
    model.setValue(`${model.getValue()}!`);
  });
  await expect.poll(async () => (await markers(page)).length, OFTEN).toBeGreaterThan(0);
  await page.evaluate(() => {
    const model = globalThis.__MONACO.editor.getModels().find(({ uri }) => uri.path.endsWith('variables.json'));
    model.setValue(model.getValue().slice(0, -1));
  });
}

test('ready tabs have no marker, and wrong variables have one', async ({ page }) => {
  // Tabs whose variables are lists, numbers, times and optional values.
  for (const [path, titles] of [['/graphiql/', ['Preview an invitation']], ['/admin/graphiql/', ['Record tasks', 'Create a word', 'Set a rule']]]) {
    await open(page, path);
    for (const title of titles) {
      await openTab(page, title);
      await checked(page);
      await expect.poll(() => markers(page), { ...OFTEN, message: title }).toEqual([]);
    }
  }
  const set = (input) => page.evaluate((text) => globalThis.__MONACO.editor.getModels().find(({ uri }) => uri.path.endsWith('variables.json')).setValue(text), JSON.stringify({ input }));
  await set({ item: 'x', type: 'DAILY', amount: '2', coinId: '1', dailyLimit: 5 });
  await expect.poll(() => markers(page)).toEqual([expect.stringContaining('"reason"')]);
  await set({ item: 'x', type: 'NEVER', amount: '2', coinId: '1', reason: 'x' });
  await expect.poll(async () => (await markers(page)).length).toBeGreaterThan(0);
});

test('an unreachable server is reported, without a stack trace', async ({ page, expectedComplaints }) => {
  expectedComplaints.of(/ERR_FAILED|502/);
  await open(page);
  await page.route('**/graphql', (route) => route.abort(), { times: 1 });
  const execute = page.getByRole('button', { name: /^Execute query/ });
  const reply = page.locator('.result-window .view-lines');
  await execute.click();
  await expect(reply).toContainText('Is the demo still running?');
  await expect(reply).not.toContainText('stack');
  await page.route('**/graphql', (route) => route.fulfill({ status: 502, contentType: 'text/html', body: '<h1>Bad Gateway</h1>' }), { times: 1 });
  await execute.click();
  await expect(reply).toContainText('HTTP 502 without JSON');
  await openTab(page, 'Live awards');
  await page.route('**/graphql', (route) => route.abort());
  await execute.click();
  await page.unrouteAll({ behavior: 'ignoreErrors' });
  await expect(reply).not.toContainText('stack');
});

test('keys typed on the admin page are not kept beyond the browser session', async ({ page }) => {
  await open(page, '/admin/graphiql/');
  const secret = 'key-of-a-customer-0123456789';
  const query = `mutation Register($key: String!) { registerSession(userId: "17", key: $key) { refused { code } } }`;
  await page.evaluate(([query, secret]) => {
    const model = (ending) => globalThis.__MONACO.editor.getModels().find(({ uri }) => uri.path.endsWith(ending));
    model('operation.graphql').setValue(query);
    model('variables.json').setValue(JSON.stringify({ key: secret }));
    model('request-headers.json').setValue(JSON.stringify({ 'x-note': secret }));
  }, [query, secret]);
  await expect(page.locator('.graphiql-tab-active')).toContainText('Register');
  await page.getByRole('button', { name: /^Execute query/ }).click();
  // The storage is written half a second after a change.
  await expect.poll(() => page.evaluate(() => JSON.stringify({ ...sessionStorage }))).toContain(secret);
  await page.waitForTimeout(1_000);
  expect(await page.evaluate(() => JSON.stringify({ ...localStorage }))).not.toContain(secret);
  await page.goto('/graphiql/');
  await expect(page.locator('.graphiql-query-editor .view-lines')).toContainText('# ');
  await page.evaluate((secret) => {
    globalThis.__MONACO.editor.getModels().find(({ uri }) => uri.path.endsWith('request-headers.json')).setValue(JSON.stringify({ 'x-note': secret }));
  }, secret);
  await page.waitForTimeout(700);
  await run(page);
  await page.waitForTimeout(1_000);
  expect(await page.evaluate(() => JSON.stringify({ ...localStorage }))).not.toContain(secret);
});

test('the page is in Chinese for a Chinese browser, and switches to English', { tag: '@phone' }, async ({ browser, baseURL }) => {
  const context = await browser.newContext({ baseURL, locale: 'zh-CN' });
  const page = await context.newPage();
  const schema = page.waitForResponse((reply) => reply.request().postData()?.includes('IntrospectionQuery') ?? false);
  await page.goto('/graphiql/');
  await schema;
  await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN');
  await expect(page.locator('.graphiql-query-editor .view-lines')).toContainText('# 我的奖励');
  await page.getByRole('button', { name: 'Show 示例', exact: true }).click();
  await expect(page.getByRole('region', { name: '示例' }).getByRole('listitem')).toHaveCount(11);
  await expect(page.getByRole('region', { name: '示例' })).toContainText('今日签到');
  await page.locator('.newbee-who').click();
  await expect(page.getByRole('menuitem', { name: /^Newcomer/ })).toContainText('没有奖励');
  // On a phone the language is in this menu.
  if (isPhone(page)) {
    await page.getByRole('menuitem', { name: 'English' }).click();
  } else {
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'English' }).click();
  }
  await expect(page.locator('.graphiql-query-editor .view-lines')).toContainText('# My awards');
  await expect(page.locator('html')).toHaveAttribute('lang', 'en');
  await page.reload();
  await expect(page.locator('.graphiql-query-editor .view-lines')).toContainText('# My awards');
  await context.close();
});
