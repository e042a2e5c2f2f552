// Requires the output of build.mjs. tsc checks the types with tada.check.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient } from '../../urql/urql.example.mjs';
import { keys, url } from '../../support/server.mjs';
import { Children, Me, signIn } from './build/js/tada.example.js';

const clientOf = (key) => createClient({ url, sessionKey: () => key });

test('typed documents read me and a page', async () => {
  const { data } = await clientOf(keys.regular).query(Me, {});
  assert.equal(data.me.id, 'user_17');
  assert.match(data.me.balances[0].settled, /^\d+\.\d{4}$/);
  const page = await clientOf(keys.inviter).query(Children, { first: 3 });
  assert.equal(page.data.me.children.edges.length, 3);
});

test('a typed sign-in reads a masked fragment and a typed error', async () => {
  const client = clientOf(keys.regular);
  assert.equal(await signIn(client), 'sign_in: 5.0000 (PENDING)');
  assert.match(await signIn(client), /signed in .*\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/i);
});
