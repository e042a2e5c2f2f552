// Subscribes to the awards of a user with graphql-sse and graphql-ws, signs in over the socket, and expects the award
// as PENDING and then SETTLED from both: `node follow.mjs http://127.0.0.1:8080/graphql KEY`. Prints a line for each
// step.

import { createClient as createSse } from 'graphql-sse';
import { createClient as createWs } from 'graphql-ws';
import WebSocket from 'ws';

const [url, key] = process.argv.slice(2);
const query = 'subscription { awardChanged { id status changeCursor } }';
const Authorization = `Bearer ${key}`;
const ok = (what) => console.log(`ok ${what}`);
const fail = (what) => {
  console.error(`FAILED ${what}`);
  process.exit(1);
};
setTimeout(() => fail('it took too long'), 60_000);

const sse = createSse({ url, headers: { Authorization }, retryAttempts: 0 });
const ws = createWs({
  url: url.replace('http', 'ws'),
  webSocketImpl: WebSocket,
  connectionParams: { Authorization },
  retryAttempts: 0,
});

/// Resolves with the statuses of an award once it is settled.
async function follow(client, name, begun) {
  const events = client.iterate({ query });
  begun();
  const statuses = [];
  let cursor;
  for await (const { data, errors } of events) {
    if (errors) fail(`${name}: ${JSON.stringify(errors)}`);
    statuses.push(data.awardChanged.status);
    cursor = data.awardChanged.changeCursor;
    if (data.awardChanged.status === 'SETTLED') break;
  }
  ok(`${name} saw ${statuses.join(', ')}`);
  return { statuses, cursor };
}

// graphql-sse also executes queries, which shows that the server is ready.
for await (const { data } of sse.iterate({ query: '{ me { id } }' })) {
  if (data.me.id !== 'user_1') fail(JSON.stringify(data));
}
ok('a query over graphql-sse');

const both = Promise.all([follow(sse, 'graphql-sse', () => {}), follow(ws, 'graphql-ws', () => {})]);
// There is no event for the start of a subscription, so wait for a second before signing in. Repeated sign-ins return
// the same award of the day, and its settlement is a separate change.
await new Promise((resolve) => setTimeout(resolve, 1_000));
for await (const { data, errors } of ws.iterate({ query: 'mutation { signInToday { award { id } } }' })) {
  if (errors || !data.signInToday.award.id) fail(JSON.stringify({ data, errors }));
}
ok('a mutation over graphql-ws');
const [bySse, byWs] = await both;
if (bySse.cursor !== byWs.cursor) fail('both end at the same change');

// An invalid cursor is rejected.
for await (const { errors } of sse.iterate({ query: 'subscription { awardChanged(after: "no cursor") { id } }' })) {
  if (errors?.[0].extensions.code !== 'BAD_USER_INPUT') fail(JSON.stringify(errors));
}
ok('a wrong cursor is an error');
const stranger = createWs({
  url: url.replace('http', 'ws'),
  webSocketImpl: WebSocket,
  connectionParams: { Authorization: 'Bearer nobodys' },
  retryAttempts: 0,
});
try {
  for await (const _ of stranger.iterate({ query })) fail('a wrong key is let in');
} catch (closed) {
  if (closed.code !== 4403) fail(`closed with ${closed.code}`);
  ok('a wrong key is forbidden');
}
process.exit(0);
