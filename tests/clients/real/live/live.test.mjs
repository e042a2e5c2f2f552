import assert from 'node:assert/strict';
import { test } from 'node:test';
import WebSocket from 'ws';
import { newestCursor, seen, wire } from '../support/live.mjs';
import { joinGroup, keys, settle, url } from '../support/server.mjs';
import { followAwards, overEvents, overSocket } from './live.example.mjs';

const WAYS = {
  'graphql-sse': overEvents,
  'graphql-ws': (options) => overSocket({ webSocketImpl: WebSocket, ...options }),
};
/// Records the received states of the award for joining a group.
const statusesOf = (list, group) => list.filter(({ targetId }) => targetId === group).map(({ status }) => status);

test('an award is received as PENDING and then SETTLED, over events and over a socket', async () => {
  const after = await newestCursor();
  const followed = Object.values(WAYS).map((way) => {
    const awards = seen();
    const subscribe = way({ url, sessionKey: () => keys.regular });
    return { awards, stop: followAwards(subscribe, { after, onAward: awards.push, onError: assert.fail }) };
  });
  joinGroup('901');
  for (const { awards } of followed) await awards.until((list) => statusesOf(list, '901').length === 1);
  settle();
  for (const { awards, stop } of followed) {
    await awards.until((list) => statusesOf(list, '901').length === 2);
    assert.deepEqual(statusesOf(awards.list, '901'), ['PENDING', 'SETTLED']);
    stop();
  }
});

for (const [name, way] of Object.entries(WAYS)) {
  const group = name === 'graphql-sse' ? '902' : '903';

  test(`${name}: a resumed subscription has no gaps and no duplicates`, async () => {
    const line = await wire();
    const awards = seen();
    const subscribe = way({ url: line.url, sessionKey: () => keys.regular });
    const stop = followAwards(subscribe, { after: await newestCursor(), onAward: awards.push, onError: assert.fail });
    joinGroup(group);
    await awards.until((list) => statusesOf(list, group).length === 1);
    line.cut();
    settle(); // while disconnected
    line.mend();
    await awards.until((list) => statusesOf(list, group).length === 2);
    assert.deepEqual(statusesOf(awards.list, group), ['PENDING', 'SETTLED']);
    const cursors = awards.list.map(({ changeCursor }) => changeCursor);
    assert.equal(new Set(cursors).size, cursors.length, 'nothing twice');
    stop();
  });

  test(`${name}: an invalid key ends the subscription without a retry`, async () => {
    const problem = await new Promise((onError) =>
      followAwards(way({ url, sessionKey: () => keys.expired }), { onAward: assert.fail, onError }),
    );
    assert.equal(problem.code ?? problem.response.status, name === 'graphql-sse' ? 401 : 4403);
  });

  test(`${name}: an invalid cursor is a request error`, async () => {
    const [error] = await new Promise((onError) =>
      followAwards(way({ url, sessionKey: () => keys.regular }), { after: 'no cursor', onAward: assert.fail, onError }),
    );
    assert.equal(error.extensions.code, 'BAD_USER_INPUT');
  });
}
