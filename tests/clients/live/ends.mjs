// Ends of sockets and streams that are not initiated by the client: `node ends.mjs
// silence|revoked|shutdown|sse-shutdown URL KEY`. Prints "ready" once it is subscribed, then waits for the end.

import { createClient as createSse } from 'graphql-sse';
import { FOLLOW, Peer } from './peer.mjs';

const [what, url, key] = process.argv.slice(2);
const fail = (message) => {
  console.log(`FAILED ${message}`);
  process.exit(1);
};
setTimeout(() => fail('it took too long'), 60_000);
const payload = { Authorization: `Bearer ${key}` };

if (what === 'silence') {
  // One client answers pings and stays connected. The other one does not, and is disconnected by the server.
  const alive = await new Peer(url).init(payload);
  const dead = await new Peer(url, { autoPong: false }).init(payload);
  let pings = 0;
  alive.socket.on('ping', () => (pings += 1));
  const { code } = await dead.closed;
  if (code !== 1006) fail(`closed with ${code}`);
  if (pings < 1 || alive.socket.readyState !== alive.socket.OPEN) fail('the other one is gone, too');
  console.log('ok the dead one is cut and the other one lives');
} else if (what === 'sse-shutdown') {
  // An aborted stream is an error for the client, which then resubscribes. A completed stream would not be retried.
  let attempts = 0;
  const sse = createSse({
    url,
    headers: payload,
    retryAttempts: 1,
    retry: async () => {
      attempts += 1;
    },
    fetchFn: async (...request) => {
      const response = await fetch(...request);
      setTimeout(() => console.log('ready'), 300);
      return response;
    },
  });
  try {
    for await (const event of sse.iterate(FOLLOW)) fail(JSON.stringify(event));
    fail('the stream was completed');
  } catch (error) {
    if (attempts !== 1) fail(`${attempts} attempts to subscribe again: ${error}`);
    console.log('ok it tried to subscribe again');
  }
} else {
  const peer = await new Peer(url).init(payload);
  peer.subscribe('live', FOLLOW);
  await new Promise((resolve) => setTimeout(resolve, 300));
  console.log('ready');
  const { code } = await peer.closed;
  const last = peer.heard.map(({ type, id, payload }) => [type, id, payload?.[0]?.extensions?.code]);
  const expected = what === 'revoked' ? [4403, [['error', 'live', 'UNAUTHENTICATED']]] : [1012, []];
  if (JSON.stringify([code, last]) !== JSON.stringify(expected)) fail(JSON.stringify([code, last]));
  console.log(`ok closed with ${code}`);
}
process.exit(0);
