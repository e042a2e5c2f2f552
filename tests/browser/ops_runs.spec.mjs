// Jobs and run history on the ops page: order, texts and URL fragment.
import { expect, test } from './page.mjs';
import { dialog, isSound, job, signIn } from './ops_page.mjs';

const runs = (page) => page.getByRole('region', { name: 'Runs', exact: true });

test('urgent jobs are listed first, with schedules in words', async ({ page }) => {
  await signIn(page);
  const names = await page.getByRole('region', { name: 'Jobs' }).getByRole('heading', { level: 3 }).allTextContents();
  expect(names).toEqual(['settle_awards', 'close_day', 'audit_books', 'pay_reservations', 'deliver_events', 'expire_due', 'prune_history']);
  await expect(job(page, 'settle_awards')).toContainText('every minute');
  await expect(job(page, 'expire_due')).toContainText('every 5 minutes');
  await expect(job(page, 'close_day')).toContainText('00:05 each day');
  await expect(job(page, 'close_day').getByRole('img', { name: /Last runs: Succeeded \d+/ })).toBeVisible();
});

test('runs show their result, and runs without changes are hidden by default', { tag: '@phone' }, async ({ page }) => {
  await signIn(page);
  await expect(runs(page)).toContainText(/settled \d+ awards \(/);
  await expect(runs(page)).toContainText(/closed 1 day with \d+ awards/);
  await expect(runs(page)).toContainText(/completed \d+ checks, all passed/);
  const idle = runs(page).getByRole('listitem').filter({ hasText: 'scheduled' }).filter({ hasText: 'changed nothing' });
  await expect(idle).toHaveCount(0);
  await runs(page).getByLabel('Also scheduled runs that changed nothing').check();
  await expect(page).toHaveURL(/#runs\?all=yes$/);
  await expect(idle.first()).toBeVisible();
  await isSound(page, 'all runs');
});

test('the run list loads more than a hundred runs', async ({ page }) => {
  const asked = [];
  await page.route('**/admin/graphql', async (route) => {
    const { query, variables } = route.request().postDataJSON();
    const reply = await route.fetch();
    const body = await reply.json();
    if (body.data?.jobRuns?.length) {
      // Returns the requested number of runs, with ids below those of the previous page.
      const from = query.includes('OlderRuns') ? Number(variables.below) : 10_001;
      if (query.includes('OlderRuns')) asked.push(variables.below);
      const [run] = body.data.jobRuns;
      body.data.jobRuns = Array.from({ length: variables.runs }, (_, place) => ({ ...run, id: String(from - 1 - place) }));
    }
    await route.fulfill({ response: reply, json: body });
  });
  await signIn(page);
  await expect(runs(page).locator('.runs > li')).toHaveCount(15);
  for (const shown of [100, 200]) {
    await runs(page).getByRole('button', { name: 'Show more' }).click();
    await expect(runs(page).locator('.runs > li')).toHaveCount(shown);
  }
  expect(asked).toContain('9901');
  await page.unrouteAll({ behavior: 'ignoreErrors' });
});

test('a link reproduces the run list', async ({ page }) => {
  await signIn(page);
  await job(page, 'close_day').getByRole('link', { name: 'close_day' }).click();
  await expect(page.getByLabel('Job', { exact: true })).toHaveValue('close_day');
  await expect(runs(page).locator('.runs > li').filter({ hasNotText: 'close_day' })).toHaveCount(0);
  await page.getByLabel('State', { exact: true }).selectOption('SUCCEEDED');
  await runs(page).locator('summary').first().click();
  await expect(page).toHaveURL(/#runs\?job=close_day&state=SUCCEEDED&run=\d+$/);
  await page.reload();
  await expect(page.getByLabel('Job', { exact: true })).toHaveValue('close_day');
  await expect(page.getByLabel('State', { exact: true })).toHaveValue('SUCCEEDED');
  await expect(runs(page).locator('details[open]')).toHaveCount(1);
});

test('a job that only checks data is not marked as dangerous', async ({ page }) => {
  await signIn(page);
  await job(page, 'audit_books').getByRole('button', { name: 'Run: audit_books' }).click();
  await dialog(page).getByLabel('Dry run').uncheck();
  await expect(dialog(page)).toContainText('It checks data, records the results, and changes nothing else.');
  await expect(dialog(page).getByRole('button', { name: 'Run now' })).not.toHaveClass(/danger/);
  await dialog(page).getByRole('button', { name: 'Not now' }).click();
  await job(page, 'close_day').getByRole('button', { name: 'Back-fill: close_day' }).click();
  await dialog(page).getByLabel('Reason').fill('a typing error');
  await dialog(page).getByLabel('Last day').fill('2099-01-02');
  await dialog(page).getByLabel('First day').fill('2099-01-01');
  await dialog(page).getByRole('button', { name: 'Check' }).click();
  await expect(dialog(page).getByRole('alert')).toContainText('The last day must be over');
});

test('processes, changes and the runbook are shown', async ({ page, request }) => {
  await signIn(page);
  const processes = page.getByRole('region', { name: 'Processes' });
  await expect(processes.getByRole('listitem')).toContainText(['Alive']);
  await expect(processes.getByRole('listitem').first()).toContainText('runs jobs');
  const runbook = await processes.getByRole('link', { name: 'Runbook' }).getAttribute('href');
  const text = await (await request.get(`/ops/${runbook}`)).text();
  expect(text).toContain('NewbeeAwardsParked');
  await expect(processes.getByRole('link', { name: 'Admin playground' })).toHaveAttribute('href', '../admin/graphiql/');
  await expect(page.getByRole('region', { name: 'Changes' })).toContainText('run_job');
});

test('a tooltip opened by touch stays visible', { tag: '@phone' }, async ({ page }) => {
  await signIn(page);
  const plot = page.getByRole('slider', { name: 'Sign-ins each day' });
  const tip = page.locator('#sign-ins .tip');
  for (const [pointerType, stays] of [['touch', true], ['mouse', false]]) {
    await plot.dispatchEvent('pointerdown', { pointerType, clientX: (await plot.boundingBox()).x + 150 });
    await expect(tip).toBeVisible();
    await plot.dispatchEvent('pointerleave', { pointerType });
    await expect(tip).toBeVisible({ visible: stays });
  }
});
