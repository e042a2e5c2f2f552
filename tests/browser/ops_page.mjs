// Helpers for the specs of the ops page.
import { expect, fitsTheScreen, isAccessible } from './page.mjs';

export const DEMO_KEY = 'Use the demo’s key';

/** Opens the page with a clock that `passTime` can move. */
export async function open(page) {
  await page.clock.install();
  await page.goto('/ops/');
}

/** Time between two reads of the page. */
const READ_EVERY_MS = 5_000;

/** Moves the clock of the page, by default to its next read. A read that is in progress is not waited for. */
export const passTime = (page, milliseconds = READ_EVERY_MS) => page.clock.fastForward(milliseconds);

/** Moves the clock of the page to its next read, and waits for the reply. */
export async function read(page) {
  const reply = page.waitForResponse('**/admin/graphql');
  await passTime(page);
  await reply;
}

export async function signIn(page) {
  await open(page);
  await page.getByRole('button', { name: DEMO_KEY }).click();
  await expect(page.getByRole('heading', { name: 'Jobs' })).toBeVisible();
}

/** The row of a job. */
export const job = (page, name) => page.getByRole('listitem').filter({ has: page.getByRole('heading', { name, exact: false }) });
export const dialog = (page) => page.getByRole('dialog');

/** Fails when the page is not accessible, or wider than the screen. */
export async function isSound(page, where) {
  await isAccessible(page, where);
  await fitsTheScreen(page, where);
}
