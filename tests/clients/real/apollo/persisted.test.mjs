import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keys, url, watchedFetch } from '../support/server.mjs';
import { CHILDREN, createClient, readMe, signIn } from './apollo.example.mjs';
import { persistedLink } from './persisted.example.mjs';

const sessionKey = () => keys.regular;
/// Summarises the sent requests: the method, and whether the document text was included.
const sent = ({ requests }) =>
  requests.map(([at, { method, body }]) => [method, new URL(at).searchParams.has('query') || (body?.includes('"query"') ?? false)]);

test('a query is sent by its hash, with its text only if the server has not stored it', async () => {
  const first = watchedFetch();
  await readMe(createClient({ url, sessionKey, links: [persistedLink()], fetch: first }));
  assert.deepEqual(sent(first), [['GET', false], ['POST', true]]);

  const second = watchedFetch();
  const client = createClient({ url, sessionKey, links: [persistedLink()], fetch: second });
  assert.equal((await readMe(client)).name, 'Regular');
  assert.deepEqual(sent(second), [['GET', false]]);
});

test('queries are sent by hash with variables by GET, and mutations by POST', async () => {
  const watched = watchedFetch();
  const client = createClient({ url, sessionKey: () => keys.inviter, links: [persistedLink()], fetch: watched });
  for (const first of [2, 3]) {
    const { data } = await client.query({ query: CHILDREN, variables: { first }, fetchPolicy: 'network-only' });
    assert.equal(data.me.children.edges.length, first);
  }
  assert.deepEqual(sent(watched), [['GET', false], ['POST', true], ['GET', false]]);
  await signIn(client);
  assert.deepEqual(sent(watched).slice(3), [['POST', false], ['POST', true]]);
});
