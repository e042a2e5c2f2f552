// The `test` function of all specs. A page fails if it logs a complaint or sends a request to another host.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test as base, expect } from '@playwright/test';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

// An error reply that a test provokes, such as 401, is a complaint too; allow it with `expectedComplaints.of(/401/)`.
export const test = base.extend({
  expectedComplaints: async ({}, use) => {
    const expected = [];
    await use({ of: (pattern) => expected.push(pattern), patterns: expected });
  },
  page: async ({ page, baseURL, expectedComplaints }, use) => {
    const complaints = [];
    const foreign = [];
    const home = new URL(baseURL).origin;
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    // Playwright reports WebSockets separately: `ws:` to the same host is allowed too.
    const look = (url) => {
      const at = new URL(url);
      const isHome = at.host === new URL(home).host;
      if (!isHome && !['data:', 'blob:', 'about:'].includes(at.protocol)) foreign.push(url);
    };
    page.on('request', (request) => look(request.url()));
    page.on('websocket', (socket) => look(socket.url()));
    await use(page);
    expect(foreign, 'requests to other hosts').toEqual([]);
    const unexpected = complaints.filter((text) => !expectedComplaints.patterns.some((pattern) => pattern.test(text)));
    expect(unexpected, 'errors in the console').toEqual([]);
  },
});

export { expect };
export const isPhone = (page) => page.viewportSize().width < 700;

/** Fails when axe finds a violation in the page, or in the parts of it that match `include`. */
export const isAccessible = (page, where, include = null) => satisfies(page, where, include, {});

/** Fails when a text has too little contrast: all that a second colour scheme can change. */
export const hasContrast = (page, where, include = null) => satisfies(page, where, include, { runOnly: ['color-contrast'] });

async function satisfies(page, where, include, rules) {
  // Evaluated by the debugger, which is not subject to the Content-Security-Policy of the page.
  if (!await page.evaluate(() => 'axe' in globalThis)) await page.evaluate(AXE);
  const violations = await page.evaluate(async ([include, rules]) => {
    const context = include ? { include: include.map((part) => [part]) } : document;
    const { violations } = await globalThis.axe.run(context, { resultTypes: ['violations'], ...rules });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
  }, [include, rules]);
  expect(violations, where).toEqual([]);
}

/** Fails when the page is wider than the screen. */
export async function fitsTheScreen(page, where) {
  const overhang = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(overhang, `${where}: wider than the screen`).toBeLessThanOrEqual(0);
}
