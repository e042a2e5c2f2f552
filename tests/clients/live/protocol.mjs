// Checks of the protocol graphql-transport-ws, message by message: `node protocol.mjs http://127.0.0.1:8080/graphql
// KEY`. The server must wait one second for the first message and allow three operations per socket. Prints a line for
// each check.

import { isDeepStrictEqual } from 'node:util';
import { FOLLOW, Peer } from './peer.mjs';

const [url, key] = process.argv.slice(2);
const AUTHORIZATION = { Authorization: `Bearer ${key}` };
const checks = [];
const check = (name, run) => checks.push({ name, run });
const equal = (found, expected) => {
  if (!isDeepStrictEqual(found, expected)) {
    throw new Error(`expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`);
  }
};
const closes = async (peer, code) => equal((await peer.closed).code, code);
const open = async (options) => {
  const peer = new Peer(url, options);
  await peer.opened;
  return peer;
};
const ready = async (payload = AUTHORIZATION, options = {}) => (await open(options)).init(payload);

check('no subprotocol: 4406', async () => closes(await open({ protocols: [] }), 4406));
check('another subprotocol: 4406', async () => closes(await open({ protocols: ['graphql-ws'] }), 4406));
check('our subprotocol is selected among others', async () => {
  const peer = await open({ protocols: ['graphql-ws', 'graphql-transport-ws'] });
  equal(peer.socket.protocol, 'graphql-transport-ws');
  await peer.init(AUTHORIZATION);
  await peer.end();
});
check('no first message: 4408', async () => closes(await open(), 4408));
check('a second first message: 4429', async () => {
  const peer = await ready();
  peer.send({ type: 'connection_init' });
  await closes(peer, 4429);
});
check('an operation before the acknowledgement: 4401', async () => {
  const peer = await open();
  peer.subscribe('1', { query: '{ clock { timeZone } }' });
  await closes(peer, 4401);
});
check('an id twice: 4409', async () => {
  const peer = await ready();
  peer.subscribe('1', FOLLOW);
  peer.subscribe('1', FOLLOW);
  await closes(peer, 4409);
});
for (const invalid of ['no json', '[]', '{}', '{"type":"start"}', '{"type":"subscribe","id":"1"}', '{"type":"next","id":"1"}']) {
  check(`${invalid}: 4400`, async () => {
    const peer = await ready();
    peer.send(invalid);
    await closes(peer, 4400);
  });
}
check('deep nesting: 4400', async () => {
  const peer = await open();
  peer.send('['.repeat(5_000));
  await closes(peer, 4400);
});
check('binary: 1003', async () => {
  const peer = await ready();
  peer.socket.send(Buffer.from('{"type":"ping"}'), { binary: true });
  await closes(peer, 1003);
});
check('a message of a mebibyte: 1009', async () => {
  const peer = await ready();
  peer.subscribe('1', { query: `{ clock { timeZone } } # ${'x'.repeat(1024 * 1024)}` });
  await closes(peer, 1009);
});
check('a wrong key: 4403', async () => {
  const peer = await open();
  peer.send({ type: 'connection_init', payload: { Authorization: 'Bearer nobodys' } });
  await closes(peer, 4403);
});
check('no bearer: 4403', async () => {
  const peer = await open();
  peer.send({ type: 'connection_init', payload: { Authorization: 'Basic abc' } });
  await closes(peer, 4403);
});
for (const [name, payload, headers] of [
  ['in the payload', AUTHORIZATION, {}],
  ['in the payload in lower case', { authorization: `bearer ${key}` }, {}],
  ['in the header of the handshake', null, AUTHORIZATION],
]) {
  check(`the key ${name}`, async () => {
    const peer = await ready(payload, { headers });
    peer.subscribe('q', { query: '{ me { id } }' });
    equal(await peer.next(), { id: 'q', type: 'next', payload: { data: { me: { id: 'user_1' } } } });
    equal(await peer.next(), { id: 'q', type: 'complete' });
    await peer.end();
  });
}
check('a client without a key is a visitor', async () => {
  const peer = await ready(null);
  peer.subscribe('q', { query: '{ me { id } }' });
  equal((await peer.next()).payload, { data: { me: null } });
  equal((await peer.next()).type, 'complete');
  peer.subscribe('s', FOLLOW);
  equal((await peer.next()).payload.errors[0].extensions.code, 'UNAUTHENTICATED');
  equal((await peer.next()).type, 'complete');
  await peer.end();
});
check('an invalid document ends with an error, and the socket stays open', async () => {
  const peer = await ready();
  for (const [query, code] of [
    ['{ nothing }', 'GRAPHQL_VALIDATION_FAILED'],
    ['{', 'GRAPHQL_PARSE_FAILED'],
    [undefined, 'BAD_REQUEST'],
    [`{ ${'a '.repeat(20_000)} }`, 'BAD_REQUEST'],
  ]) {
    peer.subscribe('e', { query });
    const message = await peer.next();
    equal([message.type, message.id, message.payload[0].extensions.code], ['error', 'e', code]);
    equal(typeof message.payload[0].extensions.requestId, 'string');
  }
  peer.subscribe('q', { query: 'query A { clock { timeZone } } query B { me { id } }', operationName: 'B' });
  equal((await peer.next()).payload, { data: { me: { id: 'user_1' } } });
  await peer.end();
});
check('variables are checked and passed', async () => {
  const peer = await ready();
  const query = 'query ($key: String!) { reservation(key: $key) { key } }';
  peer.subscribe('1', { query });
  equal((await peer.next()).payload[0].extensions.code, 'BAD_USER_INPUT');
  peer.subscribe('1', { query, variables: { key: 'none' } });
  equal((await peer.next()).payload, { data: { reservation: null } });
  await peer.end();
});
check('a ping is answered, with its payload', async () => {
  const peer = await open();
  peer.send({ type: 'ping', payload: { at: 7 } });
  equal(await peer.next(), { type: 'pong', payload: { at: 7 } });
  peer.send({ type: 'pong' });
  await peer.init(AUTHORIZATION);
  await peer.end();
});
check('too many concurrent operations are rejected, the others continue', async () => {
  const peer = await ready();
  for (const id of ['1', '2', '3', '4']) peer.subscribe(id, FOLLOW);
  const refused = await peer.next();
  equal([refused.id, refused.type, refused.payload[0].extensions.code], ['4', 'error', 'RATE_LIMITED']);
  peer.send({ id: '2', type: 'complete' });
  peer.subscribe('q', { query: '{ me { id } }' });
  equal((await peer.next()).id, 'q');
  await peer.end();
});
check('a changed award is sent to subscribers, and not after complete', async () => {
  const peer = await ready();
  const other = await ready();
  peer.subscribe('live', FOLLOW);
  other.subscribe('over', FOLLOW);
  other.send({ id: 'over', type: 'complete' });
  // Waits until the subscription has started and the other one has ended on the server.
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  other.subscribe('m', { query: 'mutation { signInToday { award { id } } }' });
  const made = await other.next();
  equal(made.id, 'm');
  const event = await peer.next();
  equal(event, { id: 'live', type: 'next', payload: { data: { awardChanged: made.payload.data.signInToday.award } } });
  equal((await other.next()).type, 'complete');
  equal(other.heard, []);
  await Promise.all([peer.end(), other.end()]);
});

let failed = 0;
for (const { name, run } of checks) {
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error('it took too long')), 30_000).unref());
  try {
    await Promise.race([run(), late]);
    console.log(`ok      ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}: ${error.message}`);
  }
}
console.log(failed === 0 ? `${checks.length} checks, all passed` : `${failed} of ${checks.length} failed`);
process.exit(failed === 0 ? 0 : 1);
