// newbee from Relay: the environment. The regions are the examples of ../../README.md.

// #region client
import { Environment, Network, RecordSource, Store } from 'relay-runtime';

export class SessionEnded extends Error {} // the key is unknown, expired or revoked

export const createEnvironment = ({ url, sessionKey, follow, fetch = globalThis.fetch }) => {
  const ask = async ({ text }, variables) => {
    const key = sessionKey(); // called for each request, so that a new key is used immediately
    const reply = await fetch(url, {
      method: 'POST',
      headers: {
        accept: 'application/graphql-response+json, application/json;q=0.9',
        'content-type': 'application/json',
        ...(key && { authorization: `Bearer ${key}` }),
      },
      body: JSON.stringify({ query: text, variables }),
    });
    if (reply.status === 401) throw new SessionEnded();
    return reply.json();
  };
  return new Environment({ network: Network.create(ask, follow), store: new Store(new RecordSource()) });
};
// #endregion
