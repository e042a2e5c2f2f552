// A typed client of the admin API. At run time it needs nothing but fetch. The regions are the examples of README.md.

// #region client
import type { TypedDocumentString } from './build/gql/graphql.js';

/** A failed request. `code` is `extensions.code` of the first error, or the HTTP status if the reply has none. */
export class NewbeeError extends Error {
  constructor(message: string, readonly code: string, readonly requestId?: string, readonly retryAfterSeconds?: number) {
    super(message);
  }
}

type Extensions = { code?: string; requestId?: string; retryAfterSeconds?: number };
type Reply<Result> = { data?: Result; errors?: { message: string; extensions?: Extensions }[] };

/** Sends a document with its variables. Rejects if anything could not be read or done. */
export type Newbee = <Result, Variables>(document: TypedDocumentString<Result, Variables>, variables: Variables) => Promise<Result>;

export const createNewbee = (url: string, apiKey: string): Newbee => async (document, variables) => {
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', 'accept-language': 'en' },
    body: JSON.stringify({ query: document.toString(), variables }),
    signal: AbortSignal.timeout(30_000), // longer than `waitSeconds` of `changes`
  });
  // A proxy's reply may not be JSON.
  const { data, errors = [] }: Reply<any> = (await response.json().catch(() => null)) ?? {};
  const [error] = errors;
  if (error || !response.ok || !data) {
    const { code = `HTTP_${response.status}`, requestId, retryAfterSeconds } = error?.extensions ?? {};
    throw new NewbeeError(error?.message ?? response.statusText, code, requestId, retryAfterSeconds);
  }
  return data;
};
// #endregion
