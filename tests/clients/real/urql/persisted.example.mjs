// Persisted queries with urql. The regions are examples of README.md.

// #region persisted
import { persistedExchange } from '@urql/exchange-persisted';

/** Creates an exchange for `createClient`: sends queries by GET, with only their hash once the server has stored the text. */
export const persisted = () => persistedExchange({ preferGetForPersistedQueries: true });
// #endregion

// #region allowed
/** The same for a server with an allow-list: documents of graphql-codegen contain their ids. */
export const allowed = () =>
  persistedExchange({
    enforcePersistedQueries: true, // never sends a text
    enableForMutation: true,
    generateHash: async (_text, document) => document.__meta__.hash,
  });
// #endregion
