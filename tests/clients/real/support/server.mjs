// The newbee server of the tests, with the data of `newbee demo`: `cargo test` starts one for each client. To run a
// test manually, start a fresh demo without sign-ins today, and set its DATABASE_URL: node --test apollo/
import { execFileSync } from 'node:child_process';

export const url = process.env.GRAPHQL_URL ?? 'http://127.0.0.1:8080/graphql';

/// Session keys of the demo users.
export const keys = {
  regular: 'demo-session-regular',
  inviter: 'demo-session-inviter',
  newcomer: 'demo-session-newcomer',
  expired: 'demo-session-expired',
};

const newbee = (...options) => execFileSync(process.env.SERVER_PROGRAM ?? 'newbee', options, { stdio: 'pipe' });

/// Settles pending awards without waiting for the scheduler.
export const settle = () => newbee('jobs', 'run', 'settle_awards');

/// Records that the demo user Regular joined a group, which earns an award: three times a day, each group once.
export const joinGroup = (group) => newbee('task', 'record', '17', 'join_group', '--target', group, '--key', `joined-${group}`);

/// Returns the `data` of a query, without a client library.
export async function ask(key, query) {
  const reply = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({ query }),
  });
  const { data, errors } = await reply.json();
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

/// Creates a `fetch` that records all requests. After `hold`, requests wait until `release` is called.
export function watchedFetch() {
  let gate = Promise.resolve();
  let open = () => {};
  const watched = async (...request) => {
    watched.requests.push(request);
    await gate;
    return fetch(...request);
  };
  watched.requests = [];
  watched.hold = () => (gate = new Promise((resolve) => (open = resolve)));
  watched.release = () => open();
  return watched;
}
