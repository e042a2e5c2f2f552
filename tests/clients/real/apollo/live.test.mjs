import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { createClient as createWsClient } from 'graphql-ws';
import WebSocket from 'ws';
import { overEvents, overSocket } from '../live/live.example.mjs';
import { newestCursor, seen, wire } from '../support/live.mjs';
import { joinGroup, keys, settle, url } from '../support/server.mjs';
import { ME, createClient } from './apollo.example.mjs';
import { AWARD_CHANGED, followAwards, subscriptionLink } from './live.example.mjs';

const sessionKey = () => keys.regular;

/// Records the displayed states of the award for joining a group: none, then each status.
function watch(client, group) {
  const shown = seen();
  client.watchQuery({ query: ME }).subscribe(({ data, dataState }) => {
    if (dataState !== 'complete') return;
    const [award] = data.me.todayAwards.filter(({ targetId }) => targetId === group);
    const now = award?.status ?? 'none';
    if (shown.list.at(-1) !== now) shown.push(now);
  });
  return shown;
}

for (const [name, way, group] of [
  ['events', (options) => overEvents(options), '911'],
  ['a socket', (options) => overSocket({ webSocketImpl: WebSocket, ...options }), '912'],
]) {
  test(`a screen follows an award over ${name}, also over a lost connection`, async () => {
    const line = await wire();
    const client = createClient({ url, sessionKey, links: [subscriptionLink(way({ url: line.url, sessionKey }))] });
    const shown = watch(client, group);
    await shown.until((list) => list.includes('none'));
    const following = followAwards(client, { after: await newestCursor(), onError: assert.fail });
    joinGroup(group);
    await shown.until((list) => list.includes('PENDING'));
    line.cut();
    settle();
    line.mend();
    await shown.until((list) => list.includes('SETTLED'));
    assert.deepEqual(shown.list, ['none', 'PENDING', 'SETTLED']);
    following.unsubscribe();
  });
}

test("Apollo's own GraphQLWsLink works too", async () => {
  const socket = createWsClient({
    url: url.replace('http', 'ws'),
    connectionParams: { authorization: `Bearer ${keys.regular}` },
    webSocketImpl: WebSocket,
  });
  const client = createClient({ url, sessionKey, links: [new GraphQLWsLink(socket)] });
  const { data } = await client.query({ query: ME });
  assert.equal(data.me.name, 'Regular', 'queries go over the socket as well');
  const awards = seen();
  const after = await newestCursor();
  client.subscribe({ query: AWARD_CHANGED, variables: { after } }).subscribe(({ data }) => awards.push(data.awardChanged));
  joinGroup('913');
  settle();
  await awards.until((list) => list.some(({ item, status }) => item === 'join_group' && status === 'SETTLED'));
  await socket.dispose();
});
