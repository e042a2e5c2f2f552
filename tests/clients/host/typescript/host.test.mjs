// Requires the output of build.mjs, a server at ADMIN_URL, its API key with all scopes of a host, and the endpoint `closed`.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';
import {
  EraseUserDocument, GrantAwardsDocument, RegisterSessionDocument, RegisterUsersDocument, RevokeSessionsDocument, TestEndpointDocument,
} from './build/js/build/gql/graphql.js';
import { act, changes, forget, recordTasks, registerUsers } from './build/js/host.example.js';
import { NewbeeError, createNewbee } from './build/js/newbee.js';

const { ADMIN_URL: url, ADMIN_KEY: apiKey } = process.env;
const newbee = createNewbee(url, apiKey);
const users = [{ userId: '101', name: 'Ann', code: 'ANN101' }, { userId: '102', name: 'Ben' }];

test('users are registered, once', async () => {
  const refused = await registerUsers(newbee, [...users, { userId: '103', code: 'TOO-LONG-A-CODE' }]);
  assert.equal(refused.length, 1);
  assert.match(refused[0], /^103: [A-Z_]+: .+\.$/);
  const { registerUsers: again } = await newbee(RegisterUsersDocument, { users });
  assert.deepEqual(again, { registered: 0, updated: 0, unchanged: 2, refused: [] });
});

test('a session key of the host works until it is revoked', async () => {
  const key = randomBytes(24).toString('base64url');
  const me = () => fetch(url.replace('/admin', ''), {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: '{"query":"{ me { name } }"}',
  });
  const { registerSession } = await newbee(RegisterSessionDocument, { userId: '101', key, lifetimeSeconds: 3600 });
  assert.equal(registerSession.refused, null);
  assert.deepEqual((await (await me()).json()).data, { me: { name: 'Ann' } });
  assert.equal((await newbee(RevokeSessionsDocument, { userId: '101' })).revokeSessions.ended, 1);
  assert.equal((await me()).status, 401);
});

test('tasks and acts are paid once, and a refusal has a code', async () => {
  const task = { userId: '101', item: 'join_group', targetId: '7', idempotencyKey: 'ts-1' };
  const results = await recordTasks(newbee, [task, task, { ...task, item: 'fly', idempotencyKey: 'ts-2' }]);
  assert.deepEqual(results.map(({ repeated, refused }) => [repeated, refused?.code]), [[false, undefined], [true, undefined], [false, 'ITEM_UNKNOWN']]);
  assert.equal(results[0].award.amount, '10.0000');
  const [signedIn, bound] = await act(newbee, [
    { signIn: { userId: '102', idempotencyKey: 'ts-3' } },
    { setInvitation: { userId: '102', idempotencyKey: 'ts-4', parentCode: 'ann101' } },
  ]);
  assert.equal(signedIn.award.item, 'sign_in');
  assert.equal(bound.refused, null);
});

test('the pages of changes end with one that is awaited', async () => {
  let last;
  const received = [];
  for await (const page of changes(newbee)) {
    received.push(...page.changes);
    last = page;
    if (!page.hasMore) break;
  }
  assert.ok(received.some(({ kind, userId, award }) => kind === 'AWARD_MADE' && userId === '102' && award.item === 'sign_in'));
  const next = changes(newbee, last.position).next();
  await recordTasks(newbee, [{ userId: '101', item: 'join_group', targetId: '8', idempotencyKey: 'ts-5' }]);
  const { value } = await next;
  assert.deepEqual(value.changes.map(({ kind, userId }) => [kind, userId]), [['AWARD_MADE', '101']]);
});

test('a grant is tried, made, and repeated', async () => {
  const grant = { idempotencyKey: 'ts-grant', reason: 'a contest', lines: [{ userId: '101', amount: '12.5', coinId: '1', label: 'first place' }] };
  const tried = (await newbee(GrantAwardsDocument, { ...grant, dryRun: true })).grantAwards;
  assert.deepEqual([tried.grant, tried.sums], [null, [{ coinId: '1', amount: '12.5000' }]]);
  const made = (await newbee(GrantAwardsDocument, grant)).grantAwards;
  assert.deepEqual([made.grant.awardCount, made.repeated], [1, false]);
  assert.equal((await newbee(GrantAwardsDocument, grant)).grantAwards.repeated, true);
});

test('the reply of an endpoint that does not listen is an error', async () => {
  const { testEndpoint } = await newbee(TestEndpointDocument, { name: 'closed' });
  assert.deepEqual([testEndpoint.accepted, testEndpoint.status, testEndpoint.problems], [false, null, []]);
  assert.ok(testEndpoint.error);
});

test('a person is handed over and erased', async () => {
  assert.match(JSON.stringify(await forget(newbee, '101', 'the user asked for it')), /"Ann"/);
  const { eraseUser } = await newbee(EraseUserDocument, { userId: '101', reason: 'again' });
  assert.deepEqual([eraseUser.changed, eraseUser.refused], [false, null]);
  assert.doesNotMatch(JSON.stringify(await forget(newbee, '101', 'again')), /"Ann"/);
});

test('a request with another key fails with its code', async () => {
  const refused = (error) => error instanceof NewbeeError && error.code === 'UNAUTHENTICATED' && error.requestId.length > 0;
  await assert.rejects(registerUsers(createNewbee(url, 'nbk_another.key'), users), refused);
});

test('an error has the delay of a limited request, or the status of a reply that is not from newbee', async (context) => {
  const limited = { errors: [{ message: 'wait', extensions: { code: 'RATE_LIMITED', requestId: 'r', retryAfterSeconds: 7 } }] };
  const replies = [[429, JSON.stringify(limited)], [502, '<html>'], [502, 'null']];
  const server = createServer((_request, response) => {
    const [status, body] = replies.shift();
    response.writeHead(status).end(body);
  }).listen(0, '127.0.0.1');
  context.after(() => server.close());
  await once(server, 'listening');
  const proxied = createNewbee(`http://127.0.0.1:${server.address().port}/`, apiKey);
  for (const expected of [['RATE_LIMITED', 7], ['HTTP_502', undefined], ['HTTP_502', undefined]]) {
    await assert.rejects(registerUsers(proxied, users), (error) => {
      assert.deepEqual([error.code, error.retryAfterSeconds], expected);
      return error instanceof NewbeeError;
    });
  }
});
