// Requires the output of build.mjs. tsc checks the types with codegen.check.ts.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { createClient } from '../../apollo/apollo.example.mjs';
import { keys, url } from '../../support/server.mjs';
import { Children, Me, signIn } from './build/js/codegen.example.js';

const clientOf = (key) => createClient({ url, sessionKey: () => key });

test('typed documents read me and a page', async () => {
  const { data } = await clientOf(keys.regular).query({ query: Me });
  assert.equal(data.me.id, 'user_17');
  assert.match(data.me.balances[0].settled, /^\d+\.\d{4}$/);
  const page = await clientOf(keys.inviter).query({ query: Children, variables: { first: 3 } });
  assert.equal(page.data.me.children.edges.length, 3);
});

test('a typed sign-in reads a masked fragment and a typed error', async () => {
  const client = clientOf(keys.regular);
  assert.equal(await signIn(client), 'sign_in: 5.0000 (PENDING)');
  assert.match(await signIn(client), /signed in .*\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/i);
});

test('persisted-documents.json has each operation under the SHA-256 of its text', () => {
  const documents = JSON.parse(readFileSync(new URL('build/gql/persisted-documents.json', import.meta.url)));
  for (const [id, text] of Object.entries(documents)) {
    assert.equal(id, `sha256:${createHash('sha256').update(text).digest('hex')}`);
  }
  const operations = Object.values(documents).map((text) => text.match(/(query|mutation) \w+/)[0]);
  assert.deepEqual(operations.toSorted(), ['mutation SignIn', 'query Children', 'query Me']);
});
