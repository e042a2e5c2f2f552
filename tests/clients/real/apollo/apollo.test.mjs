import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keys, settle, url, watchedFetch } from '../support/server.mjs';
import { ME, createClient, readChildren, readMe, refetchAward, signIn, whatToDo } from './apollo.example.mjs';

const clientOf = (key, options = {}) => createClient({ url, sessionKey: () => key, ...options });

test('me is read, with amounts as strings', async () => {
  const me = await readMe(clientOf(keys.regular));
  assert.equal(me.id, 'user_17');
  assert.equal(me.name, 'Regular');
  assert.match(me.balances[0].settled, /^\d+\.\d{4}$/);
});

test('without a key me is null, and nothing fails', async () => {
  assert.equal(await readMe(clientOf(null)), null);
});

test('a new key is used from the next request on', async () => {
  let key = keys.regular;
  const client = createClient({ url, sessionKey: () => key });
  assert.equal((await readMe(client)).name, 'Regular');
  key = keys.inviter;
  await client.resetStore();
  assert.equal((await readMe(client)).name, 'Inviter');
});

test('relayStylePagination joins the pages of the children', async () => {
  const watched = watchedFetch();
  const children = await readChildren(clientOf(keys.inviter, { fetch: watched }));
  assert.equal(watched.requests.length, 4, 'pages of 50');
  assert.equal(children.totalCount, 200);
  assert.equal(new Set(children.edges.map(({ node }) => node.id)).size, 200, 'each child once');
  const bound = children.edges.map(({ node }) => node.boundAt);
  assert.deepEqual(bound, bound.toSorted().reverse(), 'newest first');
});

test('a sign-in is shown optimistically, and the second one is a typed error', async () => {
  const watched = watchedFetch();
  const client = clientOf(keys.regular, { fetch: watched });
  const before = (await readMe(client)).signIn;
  assert.equal(before.signedInToday, false);

  watched.hold();
  const reply = signIn(client);
  const optimistic = client.readQuery({ query: ME }, true).me;
  assert.deepEqual(
    [optimistic.signIn.signedInToday, optimistic.signIn.streak, optimistic.signIn.award],
    [true, before.streak + 1, null],
  );
  assert.equal(client.readQuery({ query: ME }).me.signIn.signedInToday, false, 'it is only optimistic');
  watched.release();

  const { award, userErrors } = await reply;
  assert.deepEqual(userErrors, []);
  assert.equal(award.status, 'PENDING');
  const me = client.readQuery({ query: ME }, true).me;
  assert.equal(me.signIn.streak, before.streak + 1);
  assert.equal(me.signIn.award.id, award.id);
  assert.ok(me.todayAwards.some(({ id }) => id === award.id));

  const again = await signIn(client);
  assert.equal(again.award.id, award.id);
  const [error] = again.userErrors;
  assert.equal(error.code, 'ALREADY_SIGNED_IN');
  assert.equal(error.award.id, award.id);
  assert.ok(Date.parse(error.nextSignInAt) > Date.now());
  assert.equal(client.readQuery({ query: ME }).me.signIn.nextSignInAt, error.nextSignInAt);
});

test('node refetches an award, and the queries that show it follow', async () => {
  const client = clientOf(keys.regular);
  const { award } = await signIn(client);
  await readMe(client);
  settle();
  assert.equal((await refetchAward(client, award.id)).status, 'SETTLED');
  assert.equal(client.readQuery({ query: ME }).me.signIn.award.status, 'SETTLED');
});

test('errors are thrown and lead to the right action', async () => {
  const caught = async (key, ask) => {
    try {
      await ask(clientOf(key));
    } catch (error) {
      return whatToDo(error);
    }
    assert.fail('nothing was thrown');
  };
  assert.equal(await caught(null, signIn), 'sign in');
  assert.equal(await caught(keys.expired, readMe), 'get a new session key');
  const ofNobody = (client) => client.query({ query: ME, context: { uri: 'http://127.0.0.1:1/graphql' } });
  assert.equal(await caught(keys.regular, ofNobody), 'try again');
});

test('the cache keeps ids of different types apart', async () => {
  const client = clientOf(keys.inviter);
  await readMe(client);
  await readChildren(client);
  const entities = Object.entries(client.cache.extract()).filter(([id]) => id !== 'ROOT_QUERY' && id !== '__META');
  const types = { user: 'Customer', child: 'Child', award: 'Award' };
  for (const [key, { __typename, id }] of entities) {
    assert.equal(__typename, types[id.split('_')[0]]);
    assert.equal(key, `${__typename}:${id}`);
  }
  assert.ok(entities.length > 200);
});
