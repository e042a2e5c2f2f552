// Persisted queries with urql. The regions are examples of README.md.

// #region persisted
import { persistedExchange } from '@urql/exchange-persisted';

/** An exchange for `createClient`: queries go by GET, with their hash alone once the server knows their text. */
export const persisted = () => persistedExchange({ preferGetForPersistedQueries: true });
// #endregion

// #region allowed
/** The same for a server with an allow-list: documents of graphql-codegen carry their ids. */
export const allowed = () =>
  persistedExchange({
    enforcePersistedQueries: true, // never sends a text
    enableForMutation: true,
    generateHash: async (_text, document) => document.__meta__.hash,
  });
// #endregion
