import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { gql } from '@urql/core';
import { buildSchema, getNamedType, isAbstractType, isObjectType } from 'graphql';
import { keys, settle, url, watchedFetch } from '../support/server.mjs';
import { ME, PARTS, createClient, readChildren, readMe, refetchAward, signIn, whatToDo } from './urql.example.mjs';

const clientOf = (key, options = {}) => createClient({ url, sessionKey: () => key, ...options });
const cached = (client) => client.readQuery(ME, {}, { requestPolicy: 'cache-only' }).data.me;

test('me is read, with amounts as strings', async () => {
  const me = await readMe(clientOf(keys.regular));
  assert.equal(me.id, 'user_17');
  assert.equal(me.name, 'Regular');
  assert.match(me.balances[0].settled, /^\d+\.\d{4}$/);
});

test('without a key me is null, and nothing fails', async () => {
  assert.equal(await readMe(clientOf(null)), null);
});

test('relayPagination joins the pages of the children', async () => {
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
  const shown = [];
  const screen = client.query(ME, {}).subscribe(({ data }) => shown.push(data.me.signIn));
  await readMe(client);
  const [before] = shown;
  assert.equal(before.signedInToday, false);

  watched.hold();
  const reply = signIn(client);
  await setImmediate();
  assert.deepEqual(
    shown.slice(1).map(({ signedInToday, streak, award }) => [signedInToday, streak, award]),
    [[true, before.streak + 1, null]],
    'it is shown before its reply',
  );
  watched.release();

  const { award, userErrors } = await reply;
  assert.deepEqual(userErrors, []);
  assert.equal(award.status, 'PENDING');
  assert.equal(shown.at(-1).streak, before.streak + 1);
  assert.equal(shown.at(-1).award.id, award.id);
  assert.ok(cached(client).todayAwards.some(({ id }) => id === award.id));

  const again = await signIn(client);
  assert.equal(again.award.id, award.id);
  const [error] = again.userErrors;
  assert.equal(error.code, 'ALREADY_SIGNED_IN');
  assert.equal(error.award.id, award.id);
  assert.ok(Date.parse(error.nextSignInAt) > Date.now());
  assert.equal(shown.at(-1).nextSignInAt, error.nextSignInAt);
  screen.unsubscribe();
});

test('node refetches an award, and the queries that show it follow', async () => {
  const client = clientOf(keys.regular);
  const { award } = await signIn(client);
  await readMe(client);
  settle();
  assert.equal((await refetchAward(client, award.id)).status, 'SETTLED');
  assert.equal(cached(client).signIn.award.status, 'SETTLED');
});

test('errors lead to the right action', async () => {
  const caught = async (client, ask) => {
    try {
      await ask(client);
    } catch (error) {
      return whatToDo(error);
    }
    assert.fail('nothing was thrown');
  };
  assert.equal(await caught(clientOf(null), signIn), 'sign in');
  assert.equal(await caught(clientOf(keys.expired), readMe), 'get a new session key');
  assert.equal(await caught(clientOf(keys.regular, { url: 'http://127.0.0.1:1/graphql' }), readMe), 'try again');
});

test('the cache keeps ids of different types apart', async () => {
  const client = clientOf(keys.inviter);
  const { edges } = await readChildren(client);
  const me = await readMe(client);
  // User 2, their child 3, and one of their awards, from the cache and from the server.
  const named = gql`
    query Named($ids: [ID!]!) {
      nodes(ids: $ids) { type: __typename id ... on Customer { name } ... on Child { name } ... on Award { item } }
    }
  `;
  const awards = gql`{ me { id awards(first: 100) { edges { node { id item } } } } }`;
  const award = (await client.query(awards, {})).data.me.awards.edges[0].node;
  const { data } = await client.query(named, { ids: [me.id, 'child_3', award.id] });
  assert.deepEqual(
    data.nodes.map(({ type, id, name, item }) => [type, id, name ?? item]),
    [['Customer', 'user_2', 'Inviter'], ['Child', 'child_3', 'Invited'], ['Award', award.id, award.item]],
  );
  assert.equal(cached(client).name, 'Inviter');
  assert.deepEqual((await readChildren(client)).edges, edges);
});

test('the cache lists all reachable types without an id', () => {
  const schema = buildSchema(readFileSync(new URL('../../../../schema.graphql', import.meta.url), 'utf8'));
  const reached = new Set();
  const reach = (type) => {
    if (isAbstractType(type)) return schema.getPossibleTypes(type).forEach(reach);
    if (!isObjectType(type) || reached.has(type)) return;
    reached.add(type);
    Object.values(type.getFields()).forEach((field) => reach(getNamedType(field.type)));
  };
  Object.values(schema.getQueryType().getFields()).forEach((field) => reach(getNamedType(field.type)));
  const hasKey = ({ name }) => /(Connection|Edge|PageInfo)$/.test(name); // graphcache recognises these by their names
  const withoutId = [...reached].filter((type) => !type.getFields().id && !hasKey(type)).map(({ name }) => name);
  // `userErrors` of a query are those of `previewInvitation`.
  const ofMutations = ['AlreadySignedInError', 'MakeUpError', 'ReservationError', 'ReservationNotOpenError', 'SignInClosedError', 'WordError'];
  assert.deepEqual(withoutId.filter((name) => !ofMutations.includes(name)).toSorted(), PARTS);
});
