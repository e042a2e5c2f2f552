// The newbee that the tests run against, with the data of `newbee demo`: `cargo test` starts one for each client. By hand,
// against a demo of today in which nobody signed in yet, and with its DATABASE_URL: node --test apollo/
import { execFileSync } from 'node:child_process';

export const url = process.env.GRAPHQL_URL ?? 'http://127.0.0.1:8080/graphql';

/// Session keys of the demo's users.
export const keys = {
  regular: 'demo-session-regular',
  inviter: 'demo-session-inviter',
  newcomer: 'demo-session-newcomer',
  expired: 'demo-session-expired',
};

const newbee = (...options) => execFileSync(process.env.SERVER_PROGRAM ?? 'newbee', options, { stdio: 'pipe' });

/// Pays what is pending, without waiting for the scheduler.
export const settle = () => newbee('jobs', 'run', 'settle_awards');

/// The user whom the demo calls Regular joins a group, and earns an award: three times a day, each group once.
export const joinGroup = (group) => newbee('task', 'record', '17', 'join_group', '--target', group, '--key', `joined-${group}`);

/// The `data` of a query, without a client.
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

/// A fetch that counts the requests, and keeps each until `release` lets it through, when asked to `hold`.
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
