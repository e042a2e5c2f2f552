import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gql } from '@urql/core';
import WebSocket from 'ws';
import { overEvents, overSocket } from '../live/live.example.mjs';
import { newestCursor, seen, wire } from '../support/live.mjs';
import { joinGroup, keys, settle, url } from '../support/server.mjs';
import { followAwards, liveExchange } from './live.example.mjs';
import { createClient } from './urql.example.mjs';

const sessionKey = () => keys.regular;
const TODAY = gql`
  query Today {
    me { id todayAwards { id targetId status } }
  }
`;

for (const [name, way, group] of [
  ['events', overEvents, '921'],
  ['a socket', (options) => overSocket({ webSocketImpl: WebSocket, ...options }), '922'],
]) {
  test(`a screen follows an award over ${name}, also over a lost connection`, async () => {
    const line = await wire();
    const client = createClient({ url, sessionKey, exchanges: [liveExchange(way({ url: line.url, sessionKey }))] });
    // Displayed states of the award for joining the group: none, then each status.
    const shown = seen();
    client.query(TODAY, {}).subscribe(({ data }) => {
      const [award] = data.me.todayAwards.filter(({ targetId }) => targetId === group);
      const now = award?.status ?? 'none';
      if (shown.list.at(-1) !== now) shown.push(now);
    });
    await shown.until((list) => list.includes('none'));

    let asked = 0;
    const following = followAwards(client, {
      after: await newestCursor(),
      onAward: ({ status, targetId }) => {
        if (targetId !== group || status !== 'PENDING') return; // the cache updates known awards itself
        asked += 1;
        client.query(TODAY, {}, { requestPolicy: 'network-only' }).toPromise();
      },
      onError: assert.fail,
    });
    joinGroup(group);
    await shown.until((list) => list.includes('PENDING'));
    line.cut();
    settle();
    line.mend();
    await shown.until((list) => list.includes('SETTLED'));
    assert.deepEqual(shown.list, ['none', 'PENDING', 'SETTLED']);
    assert.equal(asked, 1, 'the event itself brought SETTLED');
    following.unsubscribe();
  });
}
