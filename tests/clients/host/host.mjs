// A host application that receives newbee's webhooks: node host.mjs, with Node 20 or newer and nothing else.
//
// NEWBEE_WEBHOOK_SECRETS  secrets of the endpoint, separated by spaces; two while one replaces the other
// PORT                    port to listen on (default 8090)
// JOURNAL                 file of its data (default host.journal)
//
// It verifies the signature of every request, applies every change once, and compares the days that newbee closed with the
// awards that it received. GET /state shows the result. A real host keeps its data in its database; here it is a file with
// one line per request, which is read at the start.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';
import { createServer } from 'node:http';

const SECRETS = process.env.NEWBEE_WEBHOOK_SECRETS.split(' ').map((secret) => Buffer.from(secret.replace(/^whsec_/, ''), 'base64'));
const JOURNAL = process.env.JOURNAL ?? 'host.journal';
const TOLERANCE = 5 * 60; // seconds
const MOST_BYTES = 1_000_000;
const SIGN = { AWARD_SETTLED: 1n, AWARD_REVERSED: -1n };

const seen = new Set();
const counters = { requests: 0, repeated: 0 };
const kinds = {};
const balances = new Map();
const made = new Map();
const closedDays = {};

/** Returns true if a request is from newbee, and recent: Standard Webhooks. */
function isAuthentic(headers, body) {
  const { 'webhook-id': id = '', 'webhook-timestamp': at = '', 'webhook-signature': signatures = '' } = headers;
  if (!/^\d+$/.test(at) || Math.abs(Date.now() / 1000 - Number(at)) > TOLERANCE) return false;
  const expected = SECRETS.map((key) => createHmac('sha256', key).update(`${id}.${at}.`).update(body).digest());
  const received = signatures.split(' ').filter((one) => one.startsWith('v1,')).map((one) => Buffer.from(one.slice(3), 'base64'));
  return expected.some((one) => received.some((other) => one.length === other.length && timingSafeEqual(one, other)));
}

/** Returns an amount such as "10.0000" in ten-thousandths: floating-point numbers cannot represent every amount. */
function units(amount) {
  const [whole, fraction = ''] = amount.split('.');
  return BigInt(whole + fraction.padEnd(4, '0'));
}

/** Applies one change, unless it was applied before. */
function apply(change) {
  if (seen.has(change.id)) {
    counters.repeated += 1;
    return;
  }
  seen.add(change.id);
  kinds[change.kind] = (kinds[change.kind] ?? 0) + 1;
  const { kind, award, day } = change;
  if (kind === 'AWARD_MADE') {
    const key = JSON.stringify([award.businessDay, award.item, award.coinId]);
    const before = made.get(key) ?? { awards: 0, amount: 0n };
    made.set(key, { awards: before.awards + 1, amount: before.amount + units(award.amount) });
  } else if (kind in SIGN) {
    const key = `${change.userId}/${award.coinId}`;
    balances.set(key, (balances.get(key) ?? 0n) + SIGN[kind] * units(award.amount));
  } else if (kind === 'DAY_CLOSED') {
    closedDays[day.day] = reconcile(day);
  }
}

/** Compares the totals of a closed day with the awards that were received; returns the differences. */
function reconcile({ day, totals }) {
  const shown = (one) => (one ? [one.awards, Number(one.amount)] : null);
  const theirs = new Map(totals.map((total) => [JSON.stringify([day, total.item, total.coinId]), { awards: total.awards, amount: units(total.amount) }]));
  const keys = new Set([...theirs.keys(), ...[...made.keys()].filter((key) => JSON.parse(key)[0] === day)]);
  return [...keys].sort().map((key) => {
    const [, item, coinId] = JSON.parse(key);
    return { item, coinId, newbee: shown(theirs.get(key)), received: shown(made.get(key)) };
  }).filter(({ newbee, received }) => JSON.stringify(newbee) !== JSON.stringify(received));
}

function receive(message) {
  counters.requests += 1;
  (message.data.changes ?? []).forEach(apply);
}

/** Reads the journal. A line without its end was being written when the process died: newbee sends its request again. */
function recover() {
  if (!existsSync(JOURNAL)) return;
  const bytes = readFileSync(JOURNAL);
  const whole = bytes.lastIndexOf('\n') + 1;
  truncateSync(JOURNAL, whole);
  bytes.subarray(0, whole).toString().split('\n').filter(Boolean).forEach((line) => receive(JSON.parse(line)));
}

recover();
const journal = openSync(JOURNAL, 'a');
process.on('exit', () => closeSync(journal));

function state() {
  return {
    ...counters,
    changes: seen.size,
    kinds,
    balances: Object.fromEntries([...balances].sort().map(([key, amount]) => [key, Number(amount)])),
    closedDays,
  };
}

const server = createServer((request, response) => {
  const reply = (status, value) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  if (request.method === 'GET') return reply(200, state());
  const parts = [];
  let length = 0;
  request.on('data', (part) => {
    length += part.length;
    if (length <= MOST_BYTES) parts.push(part);
  });
  request.on('end', () => {
    const body = Buffer.concat(parts);
    if (length > MOST_BYTES || !isAuthentic(request.headers, body)) return reply(401, { error: 'the signature is not valid' });
    const message = JSON.parse(body.toString());
    // On the disk before it is accepted.
    writeSync(journal, `${JSON.stringify(message)}\n`);
    fsyncSync(journal);
    receive(message);
    reply(200, {});
  });
});
server.listen(Number(process.env.PORT ?? 8090), '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${server.address().port}/hooks`));
