// Sends operations: queries and mutations by POST, subscriptions as server-sent events. Records the result of each.
import { buildSchema, introspectionFromSchema, parse } from 'graphql';
import { createClient } from 'graphql-sse';
import { t } from './language.js';
import { api, endpoint, home, isAdmin, settings } from './page.js';
import { authorization, session, signedInName } from './session.js';
import { createStore } from './store.js';

// ID of the open tab.
export const activeTab = createStore(null);
// The last reply of each tab, by the tab's id: { key, name } of the requester, and { status, milliseconds, bytes,
// requestId } of a reply by POST.
export const replies = createStore({});
const record = (tab, reply) => replies.set((now) => ({ ...now, [tab]: reply }));

// Messages of the API are in the language of the page.
const language = { 'accept-language': t.code };

// Every attempt sends the key in use at that moment. Each subscription has its own client, which ends with it.
export const liveClient = (options) =>
  createClient({ url: endpoint, headers: () => ({ ...language, ...authorization() }), retryAttempts: 10, ...options });

// A reply in the shape of GraphQL for a failure that no server reported.
const failure = (message) => ({ errors: [{ message }] });
const gone = () => t.trouble[settings.environment === 'demo' ? 'demoGone' : 'serverGone'](home.origin);

async function post(parameters, headers) {
  const began = performance.now();
  const reply = await fetch(endpoint, {
    method: 'POST',
    headers: {
      accept: 'application/graphql-response+json, application/json;q=0.9',
      'content-type': 'application/json',
      ...language,
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
  try {
    return { measured, answer: JSON.parse(text) };
  } catch {
    return { measured, answer: failure(t.trouble.notJson(reply.status)) };
  }
}

// `fetch` rejects with a TypeError if there is no reply.
async function postOrExplain(parameters, headers) {
  try {
    return await post(parameters, headers);
  } catch (problem) {
    if (!(problem instanceof TypeError)) throw problem;
    return { measured: {}, answer: failure(gone()) };
  }
}

// If introspection is off, the schema of the customer API is still public as text.
async function schemaFromText() {
  const reply = await fetch(new URL('schema.graphql', home));
  return { data: introspectionFromSchema(buildSchema(await reply.text())) };
}

async function introspect(parameters, headers) {
  const { answer } = await postOrExplain(parameters, headers);
  const schema = answer.errors && !isAdmin && answer.errors[0].extensions ? await schemaFromText() : answer;
  // Shown on the first page of Docs. The server has no text of its own.
  if (schema.data?.__schema) schema.data.__schema.description = t.docs[api];
  return schema;
}

function operationsOf(query) {
  try {
    return parse(query).definitions.filter((definition) => definition.kind === 'OperationDefinition');
  } catch {
    return [];
  }
}

function isSubscription({ query, operationName }) {
  const operations = operationsOf(query);
  const chosen = operations.find((operation) => operation.name?.value === operationName) ?? operations[0];
  return chosen?.operation === 'subscription';
}

// GraphiQL derives the name from the query with a delay: right after a change of the tab it is that of the former tab.
function withoutForeignName({ operationName, ...parameters }) {
  const names = operationsOf(parameters.query).map((operation) => operation.name?.value);
  return names.includes(operationName) ? { operationName, ...parameters } : parameters;
}

// The events of a subscription with all before them, newest first.
async function* eventsOf(parameters) {
  const client = liveClient();
  const events = [];
  const shown = () => events.slice(0, 50);
  try {
    for await (const event of client.iterate(parameters)) {
      events.unshift({ at: new Date().toLocaleTimeString(), ...event });
      yield { live: t.events(events.length), events: shown() };
    }
    yield { live: t.eventsEnded, events: shown() };
  } catch (problem) {
    const message = problem instanceof TypeError ? gone() : problem.message || t.trouble.liveFailed;
    yield { ...failure(message), ...(events.length ? { events: shown() } : {}) };
  } finally {
    client.dispose();
  }
}

export async function fetcher(requested, { headers } = {}) {
  if (requested.operationName === 'IntrospectionQuery') return introspect(requested, headers);
  const parameters = withoutForeignName(requested);
  const tab = activeTab.get();
  const requester = { key: session.get(), name: signedInName.get() };
  record(tab, requester);
  if (isSubscription(parameters)) return eventsOf(parameters);
  const { measured, answer } = await postOrExplain(parameters, headers);
  record(tab, { ...requester, ...measured });
  return answer;
}
