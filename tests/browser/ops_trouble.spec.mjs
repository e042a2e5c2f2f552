// The ops page while something needs attention: parked awards, paused and running jobs, silent processes.
import { expect, test } from './page.mjs';
import { dialog, isSound, job, passTime, signIn } from './ops_page.mjs';

const overview = (page) => page.getByRole('region', { name: 'Needs attention' });

/** Changes the replies that the page reads. */
const change = (page, edit) => page.route('**/admin/graphql', async (route) => {
  const reply = await route.fetch();
  const body = await reply.json();
  if (body.data?.jobs) edit(body.data);
  await route.fulfill({ response: reply, json: body });
});

test('parked awards are shown with their reason, retried and voided', { tag: '@phone' }, async ({ page }) => {
  await signIn(page);
  // tests/suite/browser parks two awards before the page is opened.
  await expect(overview(page)).toContainText('2 awards cannot be paid.');
  const parked = page.getByRole('region', { name: 'Parked awards' });
  await expect(parked).toContainText('the balance would exceed 9,999,999,999,999,999.9999');
  await expect(parked).toContainText('of user 17');
  await isSound(page, 'parked awards');
  for (const [verb, said] of [['Retry', 'will be retried.'], ['Void', 'is void.']]) {
    const button = parked.getByRole('button', { name: verb }).first();
    const award = (await button.getAttribute('aria-label')).split(': ')[1];
    await button.click();
    await expect(dialog(page)).toContainText(`${verb} ${award}`);
    await dialog(page).getByRole('button', { name: verb }).click();
    await expect(dialog(page)).toContainText('Reason: required.');
    await dialog(page).getByLabel('Reason').fill('looked into');
    await dialog(page).getByRole('button', { name: verb }).click();
    await expect(page.getByText(`${award} ${said}`)).toBeVisible();
    await expect(parked.getByText(award, { exact: true })).toBeHidden();
  }
  await expect(parked).toBeHidden();
  const changes = page.getByRole('region', { name: 'Changes' });
  await expect(changes.getByRole('listitem').filter({ hasText: 'void_award' })).toContainText('looked into');
});

test('a paused job shows its backlog, and a silent process is reported', { tag: '@phone' }, async ({ page }) => {
  await change(page, (data) => {
    const settle = data.jobs.find(({ name }) => name === 'settle_awards');
    Object.assign(settle, { pausedAt: data.clock.serverTime, pausedBy: 'key:night', pauseReason: 'a look', lagSeconds: 4_000, backlog: { count: 200_000, unit: 'awards' } });
    data.processes.push({ ...data.processes[0], id: 'another', name: 'gone:1', alive: false, clockSkewMs: 90_000 });
    Object.assign(data.processes[0], { clockSkewMs: -5_000 });
    if (!data.rules) return;
    const hostile = '<img src=x onerror="document.title = 1">';
    const rule = data.rules.find(({ item }) => item === 'join_group');
    Object.assign(rule, { maxAmount: '12.5000', texts: { ...rule.texts, titleEn: hostile, descriptionEn: null, link: 'javascript:alert(1)' } });
    data.budgets = [{ item: 'join_group', day: { limit: '50.0000', spent: '45.0000', left: '5.0000' }, dayRunsOutAt: data.clock.serverTime,
      total: { limit: '9000.0000', spent: '4500.0000', left: '4500.0000' }, totalRunsOutOn: '2026-12-24' }];
  });
  await signIn(page);
  await expect(overview(page)).toContainText('settle_awards is paused by key:night: 200,000 awards waiting.');
  await expect(overview(page)).toContainText('settle_awards is late by 1 hr.');
  await expect(overview(page)).toContainText('1 process is silent and did not shut down cleanly.');
  await expect(overview(page)).toContainText('differs from the database’s by more than two seconds.');
  const processes = page.getByRole('region', { name: 'Processes' });
  await expect(processes.getByRole('listitem').filter({ hasText: 'gone:1' })).toContainText('Silent');
  await expect(overview(page)).toContainText('The budget of join_group is used up.');
  const rule = page.getByRole('region', { name: 'Rules' }).getByRole('row').filter({ hasText: 'join_group' });
  for (const text of ['<img src=x onerror="document.title = 1">', '每个群组每天计一次。only in Chinese', 'javascript:alert(1)', '10–12.5 coin 1', '3 per day', '45 of 50', '5 left, runs out ', '4,500 of 9,000', '4,500 left, runs out Thu']) {
    await expect(rule).toContainText(text);
  }
  await expect(rule.getByRole('progressbar', { name: 'join_group Budget today: 45 of 50' })).toHaveAttribute('value', '0.9');
  await expect(rule.locator('a, img')).toHaveCount(0);
  await isSound(page, 'trouble');
  await page.unrouteAll({ behavior: 'ignoreErrors' });
});

test('a running job shows a progress bar, its rate and the remaining time', { tag: '@phone' }, async ({ page }) => {
  await change(page, (data) => {
    const settle = data.jobs.find(({ name }) => name === 'settle_awards');
    const startedAt = new Date(new Date(data.clock.serverTime) - 10_000).toISOString();
    settle.running = { ...settle.lastRun, id: '999999', state: 'RUNNING', startedAt, endedAt: null, report: null, progress: { settled: 15_000, parked: 0, batches: 3, sums: {} } };
    settle.backlog = { count: 45_000, unit: 'awards' };
  });
  await signIn(page);
  const row = job(page, 'settle_awards');
  await expect(row.getByRole('progressbar', { name: 'Progress of run 999999' })).toHaveAttribute('value', '15000');
  await expect(row).toContainText('15,000 of 60,000');
  await expect(row).toContainText('per second');
  await expect(row).toContainText('left');
  await expect(row).not.toContainText('{');
  await isSound(page, 'a running job');
  await page.unrouteAll({ behavior: 'ignoreErrors' });
});

test('the books of the newest day are shown, even if another day was audited last', async ({ page }) => {
  let newest = null;
  await change(page, (data) => {
    if (!data.bookAudits) return;
    const [audit] = data.bookAudits;
    const older = new Date(new Date(audit.businessDay) - 2 * 86_400_000).toISOString().slice(0, 10);
    data.bookAudits.splice(1, 0, { ...audit, runId: '999998', businessDay: older, violations: 3 });
    Object.assign(data, { parkedAwards: [], parkedAwardCount: 0 });
    newest = Number(data.books.auditedThrough.slice(8));
  });
  await signIn(page);
  await expect(page.getByRole('region', { name: 'All clear' })).toContainText(new RegExp(`The books balanced on \\w+,? ${newest} `));
  await expect(page.getByRole('region', { name: 'Books' }).locator('p').first()).toContainText('The books balance');
  await page.unrouteAll({ behavior: 'ignoreErrors' });
});

test('the time until the next retry counts down', async ({ page, expectedComplaints }) => {
  expectedComplaints.of(/429/);
  await signIn(page);
  await page.route('**/admin/graphql', (route) => route.fulfill({ status: 429, headers: { 'Retry-After': '30' }, json: { errors: [{ message: 'Slower, please.' }] } }));
  await passTime(page);
  await expect(page.getByRole('alert').filter({ hasText: 'Next try in 30 seconds' })).toBeVisible();
  await passTime(page, 2_000);
  await expect(page.getByRole('alert').filter({ hasText: /Next try in 2[5-8] seconds/ })).toBeVisible();
  await page.unrouteAll({ behavior: 'ignoreErrors' });
});
