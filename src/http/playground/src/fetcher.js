// Sends operations: queries and mutations by POST, subscriptions as server-sent events. Measures what it sends.
import { buildSchema, introspectionFromSchema, parse } from 'graphql';
import { createClient } from 'graphql-sse';
import { endpoint, home, isAdmin } from './page.js';
import { authorization } from './session.js';
import { createStore } from './store.js';

// How the last operation went: { status, milliseconds, bytes, requestId }; null while one is under way and before the first.
export const lastReply = createStore(null);

// Every attempt has the key of its moment. A client is made for each subscription, so that it ends with it.
export const liveClient = (options) => createClient({ url: endpoint, headers: authorization, retryAttempts: 10, ...options });

async function post(parameters, headers) {
  const began = performance.now();
  const reply = await fetch(endpoint, {
    method: 'POST',
    headers: {
      accept: 'application/graphql-response+json, application/json;q=0.9',
      'content-type': 'application/json',
      ...authorization(),
      ...headers,
    },
    body: JSON.stringify(parameters),
  });
  const text = await reply.text();
  const measured = {
    status: reply.status,
    milliseconds: performance.now() - began,
    bytes: new Blob([text]).size,
    requestId: reply.headers.get('x-request-id'),
  };
  return { measured, answer: JSON.parse(text) };
}

// Where introspection is off, the customers' schema is still public as text.
async function schemaFromText() {
  const reply = await fetch(new URL('schema.graphql', home));
  return { data: introspectionFromSchema(buildSchema(await reply.text())) };
}

function isSubscription({ query, operationName }) {
  try {
    const operations = parse(query).definitions.filter((definition) => definition.kind === 'OperationDefinition');
    const chosen = operations.find((operation) => operation.name?.value === operationName) ?? operations[0];
    return chosen?.operation === 'subscription';
  } catch {
    return false;
  }
}

// The events of a subscription with all before them, the newest first: one alone would leave no trace of the last.
async function* eventsOf(parameters) {
  const client = liveClient();
  const events = [];
  try {
    for await (const event of client.iterate(parameters)) {
      events.unshift({ at: new Date().toLocaleTimeString(), ...event });
      yield { live: `${events.length} so far, the newest first`, events: events.slice(0, 50) };
    }
    yield { live: 'ended', events };
  } finally {
    client.dispose();
  }
}

export async function fetcher(parameters, { headers } = {}) {
  if (parameters.operationName === 'IntrospectionQuery') {
    const { answer } = await post(parameters, headers);
    return answer.errors && !isAdmin ? schemaFromText() : answer;
  }
  lastReply.set(null);
  if (isSubscription(parameters)) return eventsOf(parameters);
  const { measured, answer } = await post(parameters, headers);
  lastReply.set(measured);
  return answer;
}
