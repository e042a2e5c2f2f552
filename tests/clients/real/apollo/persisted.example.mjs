// Persisted queries with Apollo Client. The regions are examples of README.md.

// #region persisted
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';

const sha256 = async (text) => {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
};

/** Creates a link for `createClient`: sends queries by GET, with only their hash once the server has stored the text. */
export const persistedLink = () => new PersistedQueryLink({ sha256, useGETForHashedQueries: true });
// #endregion

// #region allowed
/** The same for a server with an allow-list: documents of graphql-codegen contain their ids. */
export const allowedLink = () => new PersistedQueryLink({ generateHash: (document) => document.__meta__.hash });
// #endregion
