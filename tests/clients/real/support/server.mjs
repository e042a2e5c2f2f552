// The newbee that the tests run against, with the data of `newbee demo`: `cargo test` starts one for each client. By hand,
// with `cargo run -- demo` running: node --test apollo/ (it signs in, so once a day).
import { execFileSync } from 'node:child_process';

export const url = process.env.GRAPHQL_URL ?? 'http://127.0.0.1:8080/graphql';

/// Session keys of the demo's users.
export const keys = {
  regular: 'demo-session-regular',
  inviter: 'demo-session-inviter',
  newcomer: 'demo-session-newcomer',
  expired: 'demo-session-expired',
};

/// Pays what is pending. By hand nothing has to be done: the demo's scheduler does it within a minute.
export function settle() {
  const program = process.env.SERVER_PROGRAM;
  if (program) execFileSync(program, ['jobs', 'run', 'settle_awards'], { stdio: 'pipe' });
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
