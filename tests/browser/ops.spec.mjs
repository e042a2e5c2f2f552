// The ops page against the demo: jobs are run, paused and back-filled with a mouse, a keyboard or a phone.
import { expect, test } from './page.mjs';
import { DEMO_KEY, dialog, isSound, job, open, passTime, read, signIn } from './ops_page.mjs';

test('a job is dry-run, then run, and its success is shown', { tag: '@phone' }, async ({ page }) => {
  await signIn(page);
  await job(page, 'settle_awards').getByRole('button', { name: 'Run: settle_awards' }).click();
  await expect(dialog(page)).toContainText('This will try settle_awards and roll everything back.');
  await dialog(page).getByRole('button', { name: 'Dry run' }).click();
  await expect(dialog(page)).toContainText('Reason: required.');
  await dialog(page).getByLabel('Reason').fill('to see what is due');
  await dialog(page).getByRole('button', { name: 'Dry run' }).click();
  await expect(dialog(page).getByRole('status')).toContainText(/Run \d+: Succeeded/);
  await expect(dialog(page)).toContainText('dry run');
  await dialog(page).getByRole('button', { name: 'Run it for real' }).click();
  await expect(dialog(page)).toContainText('This will run settle_awards and change data.');
  await dialog(page).getByRole('button', { name: 'Run now' }).click();
  await expect(dialog(page)).toContainText('Reason: required.');
  await dialog(page).getByLabel('Reason').fill('to pay what is due');
  await dialog(page).getByRole('button', { name: 'Run now' }).click();
  await expect(dialog(page).getByRole('status')).toContainText(/Run \d+: Succeeded/);
  await expect(dialog(page)).not.toContainText('dry run');
  await expect(dialog(page)).toContainText('settled');
  const run = (await dialog(page).getByRole('status').textContent()).match(/Run (\d+)/)[1];
  await dialog(page).getByRole('button', { name: 'Close' }).click();

  await page.getByLabel('Job', { exact: true }).selectOption('settle_awards');
  const row = page.getByRole('listitem').filter({ hasText: `run ${run},` });
  await row.locator('summary').click();
  await expect(row).toContainText('to pay what is due');
  await expect(row).toContainText('key:demo');
});

test('a job is paused with a reason, and resumed', async ({ page }) => {
  await signIn(page);
  const row = job(page, 'prune_history');
  await row.getByRole('button', { name: 'Pause: prune_history' }).click();
  await dialog(page).getByRole('button', { name: 'Pause it' }).click();
  await expect(dialog(page)).toContainText('Reason: required.');
  await dialog(page).getByLabel('Reason').fill('a restore goes on');
  await dialog(page).getByRole('button', { name: 'Pause it' }).click();
  await expect(page.getByText('prune_history is paused.', { exact: true })).toBeVisible();
  await expect(row).toContainText('a restore goes on');
  await expect(row).toContainText('Not while paused');
  await expect(page.getByRole('region', { name: 'Needs attention' })).toContainText('prune_history is paused by key:demo.');
  const resume = row.getByRole('button', { name: 'Resume: prune_history' });
  await expect(resume).toBeFocused();

  await resume.click();
  await expect(dialog(page)).toContainText('due times missed during the pause');
  await dialog(page).getByLabel('Reason').fill('restored');
  await dialog(page).getByRole('button', { name: 'Resume it' }).click();
  await expect(row.getByRole('button', { name: 'Pause: prune_history' })).toBeVisible();
  await expect(row).not.toContainText('Not while paused');
});

test('days are back-filled after confirmation', async ({ page }) => {
  await signIn(page);
  await job(page, 'audit_books').getByRole('button', { name: 'Back-fill: audit_books' }).click();
  const last = await dialog(page).getByLabel('Last day').inputValue();
  const first = new Date(new Date(last) - 2 * 86_400_000).toISOString().slice(0, 10);
  await dialog(page).getByLabel('Reason').fill('proof for three days');
  await dialog(page).getByLabel('First day').fill(last);
  await dialog(page).getByLabel('Last day').fill(first);
  await dialog(page).getByRole('button', { name: 'Check' }).click();
  await expect(dialog(page).getByRole('alert')).toContainText('must not be before the first');
  await dialog(page).getByLabel('First day').fill(first);
  await dialog(page).getByLabel('Last day').fill(last);
  await dialog(page).getByRole('button', { name: 'Check' }).click();
  await expect(dialog(page)).toContainText('This will queue 3 runs of audit_books');
  await dialog(page).getByRole('button', { name: 'Queue 3 runs' }).click();
  await expect(dialog(page).getByRole('status').first()).toContainText('3 of 3 days done');
  await expect(dialog(page)).not.toContainText('failed');
  await dialog(page).getByRole('button', { name: 'Close' }).click();
  await expect(page.getByRole('region', { name: 'Books' })).toContainText('The books balance');
});

test('a queued run is cancelled', async ({ page, request }) => {
  await signIn(page);
  const ask = async (query) => {
    const headers = { Authorization: 'Bearer nbk_demo.public-key' };
    return (await (await request.post('/admin/graphql', { headers, data: { query } })).json()).data;
  };
  // Queues enough days that the last one is still queued when it is cancelled.
  const { clock } = await ask('{ clock { businessDay } }');
  const before = (days) => new Date(new Date(clock.businessDay) - days * 86_400_000).toISOString().slice(0, 10);
  const asked = await ask(`mutation { backfillJob(job: "audit_books", from: "${before(31)}", to: "${before(1)}", reason: "many") { queued } }`);
  expect(asked.backfillJob.queued).toBe(31);
  await page.getByLabel('Job', { exact: true }).selectOption('audit_books');
  await page.getByLabel('State', { exact: true }).selectOption('QUEUED');
  const row = page.locator('.runs li').first();
  await expect(row).toContainText('Queued');
  await row.locator('summary').click();
  await row.getByRole('button', { name: /Cancel run/ }).click();
  await dialog(page).getByLabel('Reason').fill('too many');
  await dialog(page).getByLabel('All days of its back-fill').check();
  await dialog(page).getByRole('button', { name: 'Cancel it' }).click();
  await expect(page.getByText(/\d+ runs cancelled or stopping/)).toBeVisible();
  await expect(page.getByText('No run matches.')).toBeVisible();
});

test('figures are readable as plots, with the keyboard and as tables', async ({ page }) => {
  await signIn(page);
  const plot = page.getByRole('slider', { name: 'Sign-ins each day' });
  await plot.focus();
  await expect(plot).toHaveAttribute('aria-valuetext', /so far/);
  await page.keyboard.press('ArrowLeft');
  await expect(plot).toHaveAttribute('aria-valuetext', /[1-9]\d* users/);
  const yesterday = (await plot.getAttribute('aria-valuetext')).match(/(\d+) users/)[1];
  await expect(page.locator('.tip').filter({ hasText: `${yesterday} users` })).toBeVisible();
  await page.keyboard.press('Home');
  await expect(plot).toHaveAttribute('aria-valuenow', '1');
  const figure = page.getByRole('figure').filter({ has: plot });
  await figure.getByText('As a table').click();
  await expect(figure.getByRole('row').nth(2)).toContainText(yesterday);
  await expect(page.getByRole('slider', { name: /Settled each day/ })).toBeVisible();
  expect(await figure.locator('svg .bar').count()).toBeGreaterThan(25);
});

test('a wrong key, a missing scope and connection errors have different messages', async ({ page, request, expectedComplaints }) => {
  expectedComplaints.of(/401|429|503|ERR_FAILED|ERR_INTERNET/);
  await open(page);
  const key = page.getByLabel('API key');
  const problem = page.getByRole('form', { name: 'Sign in' }).getByRole('alert');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(problem).toContainText('Enter an API key.');
  await key.fill('nbk_nobody');
  await page.keyboard.press('Enter');
  await expect(problem).toContainText('This key is unknown or was revoked.');
  await expect(key).toBeFocused();
  await isSound(page, 'a wrong key');

  await page.getByRole('button', { name: DEMO_KEY }).click();
  await expect(page.getByRole('heading', { name: 'Jobs' })).toBeVisible();
  const answers = [
    [{ status: 429, headers: { 'Retry-After': '30' }, json: { errors: [{ message: 'Slower, please.' }] } }, /Too many requests.*Next try in 30 seconds/s],
    [{ status: 503, headers: { 'Retry-After': '20' }, json: { errors: [{ message: 'Busy.' }] } }, /newbee is overloaded/],
    [null, /cannot be reached/],
  ];
  for (const [answer, said] of answers) {
    await page.route('**/admin/graphql', (route) => (answer ? route.fulfill(answer) : route.abort()), { times: 1 });
    await passTime(page);
    await expect(page.getByRole('alert').filter({ hasText: said })).toBeVisible();
    await expect(page.getByRole('heading', { name: 'settle_awards' })).toBeVisible();
    await page.getByRole('button', { name: 'Try now' }).click();
    await expect(page.getByRole('alert').filter({ hasText: said })).toBeHidden();
  }
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page.getByLabel('API key')).toBeFocused();
  expect(await page.evaluate(() => JSON.stringify([sessionStorage, localStorage]))).not.toContain('nbk_');
});

test('a read-only key and a key without access each show a notice', async ({ page }) => {
  await signIn(page);
  let scopes = ['OPS_READ'];
  await page.route('**/admin/graphql', async (route) => {
    const reply = await route.fetch();
    const body = await reply.json();
    if (body.data?.viewer) body.data.viewer.scopes = scopes;
    await route.fulfill({ response: reply, json: body });
  });
  await passTime(page);
  await expect(page.getByText('Read-only:').first()).toBeVisible();
  const run = page.getByRole('button', { name: 'Run: settle_awards' });
  await expect(run).toHaveAttribute('aria-disabled', 'true');
  await run.focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('status').filter({ hasText: 'Read-only:' })).toBeVisible();
  await expect(dialog(page)).toBeHidden();
  await isSound(page, 'looking only');
  scopes = ['HOST'];
  await passTime(page);
  await expect(page.getByRole('alert').filter({ hasText: 'needs the scope OPS_READ' })).toBeVisible();
  await page.unrouteAll({ behavior: 'ignoreErrors' });
});

test('the page has Chinese and English texts, and remembers the choice', { tag: '@phone' }, async ({ page }) => {
  await signIn(page);
  await page.getByRole('button', { name: '中文' }).click();
  await expect(page.getByRole('heading', { name: '任务', exact: true })).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN');
  await expect(page.getByText('结算所有到期的奖励')).toBeVisible();
  await expect(page.getByRole('region', { name: '规则' })).toContainText('加入群组');
  await page.reload();
  await expect(page.getByRole('heading', { name: '业务日' })).toBeVisible();
  await isSound(page, 'in Chinese');
  await page.getByRole('button', { name: 'English' }).click();
  await expect(page.getByRole('heading', { name: 'Business days' })).toBeVisible();
  await expect(page.getByRole('region', { name: 'Rules' })).toContainText('Join a group');
  const lacking = await page.evaluate(async () => {
    const [en, zh] = await Promise.all(['en', 'zh'].map(async (name) => (await import(`/ops/languages/${name}.js`)).default));
    const keys = (words, before = '') => Object.entries(words).flatMap(([key, value]) => (typeof value === 'object' && !['jobText', 'checks'].includes(key) ? keys(value, `${before}${key}.`) : [`${before}${key}: ${typeof value}`]));
    return [keys(en).filter((key) => !keys(zh).includes(key)), keys(zh).filter((key) => !keys(en).includes(key))];
  });
  expect(lacking).toEqual([[], []]);
});

test('the page works with the keyboard only, and updates keep the focus', async ({ page }) => {
  await open(page);
  await page.getByRole('button', { name: DEMO_KEY }).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Jobs' })).toBeVisible();
  await expect(page.locator('main')).toBeFocused();
  const run = page.getByRole('button', { name: 'Run: expire_due' });
  for (let presses = 0; presses < 60 && !(await run.evaluate((button) => button === document.activeElement)); presses += 1) {
    await page.keyboard.press('Tab');
  }
  await expect(run).toBeFocused();
  for (let updates = 0; updates < 2; updates += 1) await read(page);
  await expect(run).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(dialog(page).getByLabel('Reason')).toBeFocused();
  await isSound(page, 'a dialog');
  await page.keyboard.type('by keyboard');
  await read(page);
  await expect(dialog(page).getByLabel('Reason')).toHaveValue('by keyboard');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(dialog(page).getByRole('status')).toContainText(/Run \d+: Succeeded/);
  await isSound(page, 'a result');
  await page.keyboard.press('Escape');
  await expect(dialog(page)).toBeHidden();
  await expect(run).toBeFocused();
});

for (const colorScheme of ['light', 'dark']) {
  test(`the page is accessible in ${colorScheme} mode`, { tag: colorScheme === 'light' ? '@phone' : [] }, async ({ page }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.goto('/ops/');
    await expect(page.getByRole('button', { name: DEMO_KEY })).toBeVisible();
    await isSound(page, 'signing in');
    await page.getByRole('button', { name: DEMO_KEY }).click();
    await expect(page.getByRole('slider').first()).toBeVisible();
    await page.getByRole('button', { name: 'Show all days' }).click();
    for (const summary of await page.locator('summary').all()) await summary.click();
    await isSound(page, 'everything open');
  });
}
