// Client of the admin API. Every failure is a `Trouble` of a kind for which the page has a text.

const LONGEST_ANSWER = 30_000;

/** `kind`: unreachable, unknownKey, tooMany, busy, broken or refused; `wait`: seconds from Retry-After, if present. */
export class Trouble extends Error {
  constructor(kind, message = '', wait = null) {
    super(message);
    Object.assign(this, { kind, wait });
  }
}

/** Returns true if a text has the format of a key. */
export const mayBeKey = (text) => /^[\x21-\x7e]{1,55}$/.test(text);

/** Executes a query and returns `{data, errors}`. */
export async function ask(key, language, query, variables = {}) {
  if (!mayBeKey(key)) throw new Trouble('unknownKey');
  let reply;
  let body;
  try {
    reply = await fetch('../admin/graphql', {
      method: 'POST',
      headers: {
        Accept: 'application/json',
        'Accept-Language': language,
        Authorization: `Bearer ${key}`,
        'Content-Type': 'application/json',
      },
      body: JSON.stringify({ query, variables }),
      credentials: 'omit',
      cache: 'no-store',
      signal: AbortSignal.timeout(LONGEST_ANSWER),
    });
    body = await reply.json().catch(() => null);
  } catch {
    throw new Trouble('unreachable');
  }
  const message = body?.errors?.[0]?.message ?? '';
  const wait = Number(reply.headers.get('Retry-After')) || null;
  if (reply.status === 401) throw new Trouble('unknownKey', message);
  if (reply.status === 429) throw new Trouble('tooMany', message, wait ?? 10);
  if (reply.status === 503) throw new Trouble('busy', message, wait);
  if (reply.status >= 500 || !body) throw new Trouble('broken', message || `HTTP ${reply.status}`, wait);
  if (!body.data) throw new Trouble('refused', message || `HTTP ${reply.status}`);
  return { data: body.data, errors: body.errors ?? [] };
}

/** Executes a mutation and returns its field; throws a `Trouble` if it is null. */
export async function change(key, language, query, variables) {
  const { data, errors } = await ask(key, language, query, variables);
  const [field] = Object.values(data);
  if (!field) throw new Trouble('refused', errors[0]?.message ?? '');
  return field;
}
