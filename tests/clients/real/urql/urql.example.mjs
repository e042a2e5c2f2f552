// newbee from urql. The regions are the examples of ../../README.md.

// #region client
import { Client, fetchExchange } from '@urql/core';
import { cacheExchange } from '@urql/exchange-graphcache';
import { relayPagination } from '@urql/exchange-graphcache/extras';

// Types without an id are parts of their owner.
export const PARTS = [
  'Balance', 'ChildStates', 'Clock', 'DrawBeacon', 'DrawClaim', 'Invitation', 'InvitationError', 'InvitationOffer',
  'InvitationPreview', 'InvitationProgress', 'Inviter', 'MyClaim', 'ReservedPlace', 'SignInBonus',
  'SignInCalendar', 'SignInDay', 'SignInFreezes', 'SignInStatus', 'Task', 'TooManyTriesError',
];

export const createCache = () =>
  cacheExchange({
    keys: Object.fromEntries(PARTS.map((type) => [type, () => null])),
    resolvers: { Customer: { children: relayPagination(), awards: relayPagination() } },
    optimistic: {
      // Shows the longer streak immediately. The reply replaces it, and updates today's awards and the balances.
      signInToday: (_arguments, cache) => {
        const me = cache.resolve('Query', 'me');
        const signIn = cache.resolve(me, 'signIn');
        if (!signIn || cache.resolve(signIn, 'signedInToday')) return null;
        return {
          __typename: 'SignInTodayPayload',
          award: null,
          me: {
            __typename: 'Customer',
            id: cache.resolve(me, 'id'),
            signIn: {
              __typename: 'SignInStatus',
              signedInToday: true,
              streak: cache.resolve(signIn, 'streak') + 1,
              nextSignInAt: null,
              award: null,
            },
          },
          userErrors: [],
        };
      },
    },
  });

export const createClient = ({ url, sessionKey, exchanges = [], fetch }) =>
  new Client({
    url,
    fetch,
    preferGetMethod: false,
    fetchOptions: () => {
      const key = sessionKey(); // called for each request, so that a new key is used immediately
      return { headers: key ? { authorization: `Bearer ${key}` } : {} };
    },
    exchanges: [createCache(), ...exchanges, fetchExchange],
  });
// #endregion

// #region read
import { gql } from '@urql/core';

export const AWARD_PARTS = gql`
  fragment AwardParts on Award { id item amount status }
`;
export const ME = gql`
  query Me {
    me {
      id
      name
      signIn { signedInToday streak nextSignInAt award { ...AwardParts } }
      todayAwards { ...AwardParts }
      balances { coinId settled pending }
    }
  }
  ${AWARD_PARTS}
`;

export const readMe = async (client) => {
  const { data, error } = await client.query(ME, {});
  if (error) throw error;
  return data.me; // amounts are strings, such as "10.0000"; null without a session key
};
// #endregion

// #region paginate
// Select `edges`, not `nodes`: relayPagination joins the edges of all pages that were read.
export const CHILDREN = gql`
  query Children($first: Int = 50, $after: String) {
    me {
      id
      children(first: $first, after: $after) {
        totalCount
        edges { cursor node { id name boundAt childrenCount } }
        pageInfo { endCursor hasNextPage }
      }
    }
  }
`;

/** Reads all pages; a list in a user interface requests the next page near its end. */
export const readChildren = async (client) => {
  let children;
  do {
    const after = children?.pageInfo.endCursor;
    const { data, error } = await client.query(CHILDREN, { after });
    if (error) throw error;
    children = data.me.children; // all pages up to this one
  } while (children.pageInfo.hasNextPage);
  return children;
};
// #endregion

// #region sign-in
export const SIGN_IN = gql`
  mutation SignIn {
    signInToday {
      award { ...AwardParts }
      me {
        id
        signIn { signedInToday streak nextSignInAt award { ...AwardParts } }
        todayAwards { ...AwardParts }
        balances { coinId settled pending }
      }
      userErrors {
        code
        message
        ... on AlreadySignedInError { nextSignInAt award { ...AwardParts } }
      }
    }
  }
  ${AWARD_PARTS}
`;

export const signIn = async (client) => {
  const { data, error } = await client.mutation(SIGN_IN, {});
  if (error) throw error;
  return data.signInToday;
};
// #endregion

// #region errors
/** Handles a `CombinedError`; `userErrors` are data and not errors. */
export const whatToDo = (error) => {
  if (error.response?.status === 401) return 'get a new session key'; // unknown, expired or revoked
  if (error.networkError) return 'try again'; // no response
  const { code, requestId } = error.graphQLErrors[0].extensions;
  if (code === 'UNAUTHENTICATED') return 'sign in'; // no key was sent
  return `report ${requestId}`;
};
// #endregion

// #region node
export const AWARD = gql`
  query Award($id: ID!) {
    node(id: $id) { id ... on Award { item amount status updatedAt } }
  }
`;

/** Refetches an award; every query that shows it shows its new status. */
export const refetchAward = async (client, id) => {
  const { data, error } = await client.query(AWARD, { id }, { requestPolicy: 'network-only' });
  if (error) throw error;
  return data.node;
};
// #endregion
