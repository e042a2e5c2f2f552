// Helpers for the tests of the playground.
import { expect, isPhone } from './page.mjs';

export const DEMO_API_KEY = 'nbk_demo.public-key';

// Opens the page, and waits for the editor and the schema.
export async function open(page, path = '/graphiql/') {
  const schema = page.waitForResponse((reply) => reply.request().postData()?.includes('IntrospectionQuery') ?? false);
  await page.goto(path);
  await schema;
  await expect(page.locator('.graphiql-query-editor .view-lines')).toContainText('# ');
}

export async function become(page, name) {
  await page.locator('.newbee-who').click();
  await page.getByRole('menuitem', { name: new RegExp(`^${name}`) }).click();
  await expect(page.locator('.newbee-who-name')).toContainText(name);
}

export const panel = (page, name, action) => page.getByRole('button', { name: `${action} ${name}`, exact: true }).click();

// Opens a tab from the list of ready tabs. Works on a phone too.
export async function openTab(page, title) {
  await panel(page, 'Ready tabs', 'Show');
  await page.getByRole('region', { name: 'Ready tabs' }).getByRole('button', { name: new RegExp(`^${title}`) }).click();
  await panel(page, 'Ready tabs', 'Hide');
  await expect(page.locator('.graphiql-query-editor .view-lines')).toContainText(`# ${title}`);
}

export const titlesOf = async (page) => {
  await panel(page, 'Ready tabs', 'Show');
  const titles = await page.getByRole('region', { name: 'Ready tabs' }).locator('li b').allTextContents();
  await panel(page, 'Ready tabs', 'Hide');
  return titles;
};

const isOperation = (reply) => reply.request().method() === 'POST' && reply.url().endsWith('/graphql');

// Runs the open tab by its button or by `start`. Returns the reply of the server once the page shows it.
export async function run(page, start) {
  if (isPhone(page)) await page.getByRole('button', { name: 'Query', exact: true }).click();
  const replied = page.waitForResponse(isOperation);
  await (start ? start() : page.getByRole('button', { name: /^Execute query/ }).click());
  const reply = await replied;
  await expect(page.locator('.newbee-reply')).toContainText(`HTTP ${reply.status()}`);
  await expect(page.locator('.result-window .view-lines')).toContainText(reply.ok() ? '"data"' : '"errors"');
  return reply.json();
}

export async function runJob(page, job) {
  const query = `mutation { runJob(job: "${job}", reason: "a browser test") { queued } }`;
  const reply = await page.request.post('/admin/graphql', { data: { query }, headers: { authorization: `Bearer ${DEMO_API_KEY}` } });
  expect((await reply.json()).data.runJob.queued).toBe(1);
}
