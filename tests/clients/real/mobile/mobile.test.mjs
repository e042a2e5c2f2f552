// The documents and schema extensions of the pages for Apollo Kotlin, Apollo iOS and Flutter, without their generators.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { buildSchema, extendSchema, parse, print, validate } from 'graphql';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { seen } from '../support/live.mjs';
import { joinGroup, keys, url } from '../support/server.mjs';

const read = (path) => readFileSync(new URL(path, import.meta.url), 'utf8');
const schema = buildSchema(read('../../../../schema.graphql'));
const documents = parse(read('newbee.graphql'));
const [fragment, ...operations] = documents.definitions;

/** Returns the text that a generator writes: an operation with the fragment that it uses. */
function textOf(name) {
  const text = print(operations.find((one) => one.name.value === name));
  return text.includes('...AwardParts') ? `${text}\n${print(fragment)}` : text;
}

/** Directives that the generators of Apollo Kotlin and Apollo iOS define. */
const DIRECTIVES = `
  directive @link(url: String!, import: [String!]) repeatable on SCHEMA
  directive @typePolicy(keyFields: String!) on OBJECT | INTERFACE
  directive @connection on OBJECT
`;

/** Values of the header Accept that the libraries send with queries and mutations. */
const ACCEPTED = {
  'Apollo Kotlin': 'multipart/mixed;deferSpec=20220824, application/graphql-response+json, application/json',
  'Apollo iOS': 'multipart/mixed;deferSpec=20220824,application/graphql-response+json,application/json',
  Flutter: '*/*',
};

async function ask(name, { accept = '*/*', key = keys.inviter, variables = {} } = {}) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { accept, authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ operationName: name, query: textOf(name), variables }),
  });
  return { status: response.status, type: response.headers.get('content-type'), ...(await response.json()) };
}

test('the documents are valid, and every generated class has a name', () => {
  assert.deepEqual(validate(schema, documents), []);
  assert.deepEqual(operations.map(({ name }) => name.value), ['Me', 'Children', 'SignIn', 'AwardChanged']);
  const [error] = validate(schema, parse('{ me { nickname } }'));
  assert.match(error.message, /nickname/);
});

test('the schema extensions name types and key fields of the schema', () => {
  for (const page of ['apollo-kotlin', 'apollo-ios']) {
    const blocks = [...read(`../${page}/README.md`).matchAll(/^```graphqls\n([^]*?)^```$/gm)];
    assert.equal(blocks.length, 1, page);
    const extensions = parse(DIRECTIVES + blocks[0][1]);
    const extended = extendSchema(schema, extensions);
    for (const { name, directives = [] } of extensions.definitions) {
      for (const { arguments: [given] } of directives.filter((one) => one.name.value === 'typePolicy')) {
        for (const field of given.value.value.split(' ')) {
          assert.ok(extended.getType(name.value).getFields()[field], `${page}: ${name.value}.${field}`);
        }
      }
    }
  }
  assert.throws(() => extendSchema(schema, parse(`${DIRECTIVES} extend type Nobody @connection`)), /Nobody/);
});

for (const [library, accept] of Object.entries(ACCEPTED)) {
  test(`the queries are answered with JSON as ${library} asks`, async () => {
    const { data, errors, type } = await ask('Me', { accept });
    assert.equal(errors, undefined);
    assert.match(type, /json/);
    assert.equal(data.me.name, 'Inviter');
    const first = await ask('Children', { accept, variables: { first: 3 } });
    const { endCursor } = first.data.me.children.pageInfo;
    const second = await ask('Children', { accept, variables: { first: 3, after: endCursor } });
    const rows = [first, second].flatMap(({ data: { me } }) => me.children.edges);
    assert.equal(new Set(rows.map(({ node }) => node.id)).size, 6);
  });
}

test('a second sign-in is a user error, and an expired key is HTTP 401', async () => {
  await ask('SignIn');
  const { data } = await ask('SignIn');
  assert.deepEqual(data.signInToday.userErrors.map(({ code }) => code), ['ALREADY_SIGNED_IN']);
  assert.ok(data.signInToday.userErrors[0].nextSignInAt);
  const { status, errors } = await ask('Me', { key: keys.expired });
  assert.deepEqual([status, errors[0].extensions.code], [401, 'UNAUTHENTICATED']);
});

test('a subscription after a cursor has the changes since then, with the key in connection_init', async () => {
  const { data } = await ask('Me', { key: keys.regular });
  const [{ node }] = data.me.awards.edges;
  joinGroup('mobile');
  const client = createClient({
    url: url.replace('http', 'ws'),
    webSocketImpl: WebSocket,
    connectionParams: { Authorization: `Bearer ${keys.regular}` },
  });
  const events = seen();
  const variables = { after: node.changeCursor };
  const push = (one) => events.push(one);
  client.subscribe({ operationName: 'AwardChanged', query: textOf('AwardChanged'), variables }, { next: push, error: push, complete() {} });
  const [{ data: changed }] = await events.until((list) => list.length > 0);
  assert.deepEqual([changed.awardChanged.item, changed.awardChanged.targetId], ['join_group', 'mobile']);
  await client.dispose();
});
