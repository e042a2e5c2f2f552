// Helpers for the tests of live updates.
import net from 'node:net';
import { ask, keys, url } from './server.mjs';

/// Returns the newest change cursor of the demo user Regular.
export async function newestCursor() {
  const { me } = await ask(keys.regular, '{ me { awards(first: 1) { nodes { changeCursor } } } }');
  return me.awards.nodes[0].changeCursor;
}

/// Creates a list that tests can wait on.
export function seen() {
  const list = [];
  let look = () => {};
  return {
    list,
    push(item) {
      list.push(item);
      look();
    },
    until(holds) {
      return new Promise((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`waited in vain for ${holds}: ${JSON.stringify(list)}`)), 30_000);
        look = () => {
          if (!holds(list)) return;
          clearTimeout(late);
          resolve(list);
        };
        look();
      });
    },
  };
}

/// Creates a proxy to the server that can be cut: this ends open connections and rejects new ones until `mend` is
/// called.
export async function wire() {
  const { hostname, port } = new URL(url);
  const open = new Set();
  let whole = true;
  const endpoint = net.createServer((client) => {
    if (!whole) return client.destroy();
    const server = net.connect(Number(port), hostname);
    for (const [socket, other] of [[client, server], [server, client]]) {
      open.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => open.delete(socket) && other.destroy());
      socket.pipe(other);
    }
  });
  await new Promise((listening) => endpoint.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${endpoint.address().port}/graphql`,
    cut() {
      whole = false;
      open.forEach((socket) => socket.destroy());
    },
    mend: () => (whole = true),
  };
}
