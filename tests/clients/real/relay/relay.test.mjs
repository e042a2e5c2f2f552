import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { before, test } from 'node:test';
import { Suspense, act, createElement } from 'react';
import { RelayEnvironmentProvider } from 'react-relay';
import renderer from 'react-test-renderer';
import WebSocket from 'ws';
import { overEvents, overSocket } from '../live/live.example.mjs';
import { newestCursor, seen, wire } from '../support/live.mjs';
import { joinGroup, keys, settle, url, watchedFetch } from '../support/server.mjs';
import { build } from './build.mjs';

globalThis.IS_REACT_ACT_ENVIRONMENT = true;
const require = createRequire(import.meta.url);
let parts;

before(() => {
  build();
  const files = ['environment', 'Home', 'award', 'awards'];
  parts = Object.assign({}, ...files.map((file) => require(`./build/${file}.js`)));
});

const environmentOf = (key, options = {}) => parts.createEnvironment({ url, sessionKey: () => key, ...options });

/// The page as a screen would show it.
async function open(environment) {
  let screen;
  const page = createElement(Suspense, { fallback: 'loading' }, createElement(parts.Home));
  await act(async () => {
    screen = renderer.create(createElement(RelayEnvironmentProvider, { environment }, page));
  });
  const shown = () => JSON.stringify(screen.toJSON());
  const until = async (holds) => {
    for (const began = Date.now(); !holds(); ) {
      assert.ok(Date.now() - began < 30_000, `waited in vain for ${holds}: ${shown()}`);
      await act(() => new Promise((resolve) => setTimeout(resolve, 5)));
    }
  };
  await until(() => !shown().includes('loading'));
  return {
    shown,
    until,
    text: (tag) => screen.root.findByType(tag).children.join(''),
    rows: () => screen.root.findAllByType('li').map((row) => row.children.join('')),
    button: (label) => screen.root.findAllByType('button').find((button) => button.children.includes(label)),
    streak: () => screen.root.findAllByType('p')[1].children.join(''),
    press(label) {
      return act(async () => this.button(label).props.onClick());
    },
    close: () => act(() => screen.unmount()),
  };
}

test('me is read, with amounts as strings', async () => {
  const page = await open(environmentOf(keys.regular));
  assert.equal(page.text('h1'), 'Regular');
  assert.match(page.shown(), /"\d+\.\d{4}"/);
  await page.close();
});

test('without a key me is null, and nothing fails', async () => {
  const page = await open(environmentOf(null));
  assert.equal(page.text('p'), 'Please sign in.');
  await page.close();
});

test('usePaginationFragment reads all children through node', async () => {
  const watched = watchedFetch();
  const page = await open(environmentOf(keys.inviter, { fetch: watched }));
  assert.equal(page.text('h2'), '200 friends');
  assert.equal(page.rows().length, 50);
  while (page.button('More friends')) {
    const before = page.rows().length;
    await page.press('More friends');
    await page.until(() => page.rows().length > before);
  }
  assert.equal(new Set(page.rows()).size, 200, 'each child once');
  const asked = watched.requests.map(([, { body }]) => JSON.parse(body));
  assert.equal(asked.length, 4);
  assert.equal(asked.at(-1).variables.id, 'user_2', 'the fragment is refetched by the id of its owner');
  await page.close();
});

test('a sign-in is shown optimistically, and the second one is a typed error', async () => {
  const watched = watchedFetch();
  const page = await open(environmentOf(keys.regular, { fetch: watched }));
  const days = Number.parseInt(page.streak(), 10);
  assert.equal(page.streak(), `${days} days in a row, no award yet`);

  watched.hold();
  await page.press('Sign in');
  assert.equal(page.streak(), `${days + 1} days in a row, no award yet`, 'it is shown before its reply');
  watched.release();
  await page.until(() => page.streak() === `${days + 1} days in a row, PENDING`);
  assert.equal(page.text('output'), '');

  await page.press('Sign in');
  await page.until(() => page.text('output') !== '');
  assert.match(page.text('output'), /\(\d{4}-.*Z\)$/, 'it says when to come back');
  assert.equal(page.streak(), `${days + 1} days in a row, PENDING`);
  await page.close();
});

test('node refetches an award, and the components that show it follow', async () => {
  const environment = environmentOf(keys.regular);
  const page = await open(environment);
  assert.match(page.streak(), /PENDING$/);
  const signIn = environment.getStore().getSource().get('client:user_17:signIn');
  const id = signIn.award.__ref; // the award's own id
  settle();
  await act(async () => {
    assert.equal((await parts.refetchAward(environment, id)).status, 'SETTLED');
  });
  assert.match(page.streak(), /SETTLED$/);
  await page.close();
});

test('errors lead to the right action', async () => {
  // The key ends while the page is open.
  let key = keys.newcomer;
  const page = await open(parts.createEnvironment({ url, sessionKey: () => key }));
  key = null;
  await page.press('Sign in');
  await page.until(() => page.text('output') === 'UNAUTHENTICATED');
  key = keys.expired;
  await page.press('Sign in');
  await page.until(() => page.text('output') === 'Your session ended.');
  await assert.rejects(parts.refetchAward(environmentOf(keys.expired), 'award_1'), parts.SessionEnded);
  await page.close();
});

test('the store keeps ids of different types apart', async () => {
  const environment = environmentOf(keys.inviter);
  const page = await open(environment);
  const types = { user: 'Customer', child: 'Child', award: 'Award' };
  const records = Object.values(environment.getStore().getSource().toJSON()).filter(({ id }) => id);
  for (const { __id, __typename, id } of records) {
    assert.equal(__id, id);
    assert.equal(__typename, types[id.split('_')[0]]);
  }
  assert.ok(records.length > 50);
  await page.close();
});

for (const [name, way, group] of [
  ['events', overEvents, '931'],
  ['a socket', (options) => overSocket({ webSocketImpl: WebSocket, ...options }), '932'],
]) {
  test(`an award is followed over ${name}, also over a lost connection`, async () => {
    const line = await wire();
    const follow = parts.followOver(way({ url: line.url, sessionKey: () => keys.regular }));
    const environment = environmentOf(keys.regular, { follow });
    const awards = seen();
    const of = (status) => (list) => list.some((award) => award.targetId === group && award.status === status);
    const following = parts.followAwards(environment, { after: await newestCursor(), onAward: awards.push, onError: assert.fail });
    joinGroup(group);
    await awards.until(of('PENDING'));
    line.cut();
    settle();
    line.mend();
    const { id } = (await awards.until(of('SETTLED'))).findLast(({ targetId }) => targetId === group);
    assert.equal(environment.getStore().getSource().get(id).status, 'SETTLED', 'the store has it');
    following.dispose();
  });
}
