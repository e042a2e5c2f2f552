// Additional GraphQL-over-HTTP checks beyond the audits of graphql-http: `node extra.mjs
// http://127.0.0.1:8080/graphql`. The server must execute any query. Selects only __typename, so it works with any
// schema. Prints a line for each check, and exits with code 1 if any of them fails.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';

const [url] = process.argv.slice(2);
if (!url) {
  console.error('Usage: node extra.mjs http://127.0.0.1:8080/graphql');
  process.exit(2);
}

const JSON_TYPE = 'application/json; charset=utf-8';
const GRAPHQL_TYPE = 'application/graphql-response+json; charset=utf-8';
const query = '{ __typename }';

const post = (body, headers = {}) =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) });
const get = (parameters, headers = {}) => fetch(`${url}?${new URLSearchParams(parameters)}`, { headers });
const typeFor = async (accept) => (await post({ query }, { accept })).headers.get('content-type');
const statusFor = async (accept) => (await post({ query }, { accept })).status;
const codeOf = async (response) => (await response.json()).errors?.[0]?.extensions?.code;
const persisted = (text) => ({ persistedQuery: { version: 1, sha256Hash: createHash('sha256').update(text).digest('hex') } });
/** Returns a unique query, which the server cannot have stored before. */
const fresh = () => `{ __typename } # ${crypto.randomUUID()}`;
/** A query with a reply of about 2,000 bytes, within usual limits on aliases. */
const long = `{ ${Array.from({ length: 10 }, (_, index) => `${'a'.repeat(180)}${index}: __typename`).join(' ')} }`;

const checks = {
  'the preferred media type is used': async () => {
    assert.equal(await typeFor('application/json;q=0.4, application/graphql-response+json;q=0.5'), GRAPHQL_TYPE);
    assert.equal(await typeFor('application/json;q=0.5, application/graphql-response+json;q=0.4'), JSON_TYPE);
  },
  'the most specific range decides': async () => {
    assert.equal(await typeFor('*/*, application/json;q=0'), GRAPHQL_TYPE);
    assert.equal(await typeFor('*/*;q=0, application/*;q=0.1'), JSON_TYPE);
  },
  '406 if no media type matches': async () => {
    assert.equal(await statusFor('text/html'), 406);
    assert.equal(await statusFor('*/*;q=0'), 406);
    assert.equal(await statusFor('application/*;q=0, */*'), 406);
  },
  '415 for anything but plain UTF-8 JSON': async () => {
    for (const contentType of ['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=latin1']) {
      assert.equal((await post({ query }, { 'content-type': contentType })).status, 415, contentType);
    }
    assert.equal((await post({ query }, { 'content-encoding': 'gzip' })).status, 415);
  },
  '405 with Allow for other methods': async () => {
    for (const method of ['PUT', 'PATCH', 'DELETE']) {
      const response = await fetch(url, { method });
      assert.equal(response.status, 405);
      assert.match(response.headers.get('allow') ?? '', /\bGET\b.*\bPOST\b/);
    }
  },
  '405 with Allow: POST for a mutation by GET': async () => {
    const response = await get({ query: 'mutation { __typename }' });
    assert.deepEqual([response.status, response.headers.get('allow')], [405, 'POST']);
  },
  'OPTIONS and HEAD are supported': async () => {
    const options = await fetch(url, { method: 'OPTIONS' });
    assert.equal(options.status, 204);
    assert.match(options.headers.get('allow') ?? '', /\bPOST\b/);
    const head = await fetch(`${url}?${new URLSearchParams({ query })}`, { method: 'HEAD' });
    assert.deepEqual([head.status, head.headers.get('content-type')], [200, JSON_TYPE]);
  },
  'unknown properties of a body are ignored': async () => {
    const response = await post({ query, qeury: 1, id: 'x' });
    assert.ok((await response.json()).data.__typename);
  },
  'replies must not be cached': async () => {
    assert.equal((await post({ query })).headers.get('cache-control'), 'private, no-store');
  },
  'long replies are compressed, and decompress to the same content': async () => {
    const plain = await (await post({ query: long }, { 'accept-encoding': 'identity' })).json();
    assert.equal(Object.keys(plain.data).length, 10);
    for (const encoding of ['gzip', 'br']) {
      const response = await post({ query: long }, { 'accept-encoding': encoding });
      assert.deepEqual(
        [response.headers.get('content-encoding'), response.headers.get('vary')],
        [encoding, 'accept-encoding'],
      );
      assert.deepEqual(await response.json(), plain);
    }
  },
  'short replies are not compressed': async () => {
    assert.equal((await post({ query }, { 'accept-encoding': 'gzip, br' })).headers.get('content-encoding'), null);
  },
  'automatic persisted queries by POST': async () => {
    const text = fresh();
    assert.equal(await codeOf(await post({ extensions: persisted(text) })), 'PERSISTED_QUERY_NOT_FOUND');
    assert.ok((await (await post({ query: text, extensions: persisted(text) })).json()).data);
    assert.ok((await (await post({ extensions: persisted(text) })).json()).data);
  },
  'automatic persisted queries by GET, but no mutation': async () => {
    const [text, mutation] = [fresh(), `mutation ${fresh()}`];
    const link = (of) => ({ extensions: JSON.stringify(persisted(of)) });
    assert.equal(await codeOf(await get(link(text))), 'PERSISTED_QUERY_NOT_FOUND');
    assert.ok((await (await get({ query: text, ...link(text) })).json()).data);
    assert.ok((await (await get(link(text))).json()).data);
    await post({ query: mutation, extensions: persisted(mutation) });
    assert.equal((await get(link(mutation))).status, 405);
  },
  'a hash of another text is a bad request': async () => {
    assert.equal((await post({ query, extensions: persisted(fresh()) })).status, 400);
  },
};

let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  try {
    await check();
    console.log(`ok      ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}: ${error.message}`);
  }
}
console.log(`${Object.keys(checks).length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
