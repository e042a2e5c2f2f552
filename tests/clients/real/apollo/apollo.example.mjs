// newbee from Apollo Client. The regions are the examples of ../../README.md.

// #region client
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client';
import { SetContextLink } from '@apollo/client/link/context';
import { relayStylePagination } from '@apollo/client/utilities';

export const createCache = () =>
  new InMemoryCache({
    typePolicies: {
      Customer: {
        fields: {
          children: relayStylePagination(),
          awards: relayStylePagination(['type', 'status']), // a separate list for each filter
          signIn: { merge: true }, // without an id: part of its Customer
          invitation: { merge: true },
        },
      },
    },
  });

const withSession = (sessionKey) =>
  new SetContextLink(({ headers }) => {
    const key = sessionKey(); // called for each request, so that a new key is used immediately
    return { headers: key ? { ...headers, authorization: `Bearer ${key}` } : headers };
  });

export const createClient = ({ url, sessionKey, links = [], fetch }) =>
  new ApolloClient({
    cache: createCache(),
    link: ApolloLink.from([withSession(sessionKey), ...links, new HttpLink({ uri: url, fetch })]),
  });
// #endregion

// #region read
import { gql } from '@apollo/client';

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
  fragment AwardParts on Award { id item amount targetId status }
`;

export const readMe = async (client) => {
  const { data } = await client.query({ query: ME });
  return data.me; // amounts are strings, such as "10.0000"; null without a session key
};
// #endregion

// #region paginate
// Select `edges`, not `nodes`: the policy joins the edges of all pages.
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

/** Reads all pages; a list in a user interface calls `fetchMore` near its end. */
export const readChildren = async (client) => {
  const list = client.watchQuery({ query: CHILDREN });
  let { data } = await client.query({ query: CHILDREN });
  while (data.me.children.pageInfo.hasNextPage) {
    ({ data } = await list.fetchMore({ variables: { after: data.me.children.pageInfo.endCursor } }));
  }
  return client.readQuery({ query: CHILDREN }).me.children; // a single list
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
  fragment AwardParts on Award { id item amount targetId status }
`;

/** Shows the longer streak immediately. The reply replaces it, and updates today's awards and the balances. */
export const signIn = async (client) => {
  const { data } = await client.mutate({
    mutation: SIGN_IN,
    optimisticResponse: (_variables, { IGNORE }) => {
      const me = client.readQuery({ query: ME })?.me;
      if (!me || me.signIn.signedInToday) return IGNORE;
      const signIn = { ...me.signIn, signedInToday: true, streak: me.signIn.streak + 1 };
      return { signInToday: { __typename: 'SignInTodayPayload', award: null, me: { ...me, signIn }, userErrors: [] } };
    },
  });
  return data.signInToday;
};
// #endregion

// #region errors
import { CombinedGraphQLErrors, ServerError } from '@apollo/client/errors';

/** Handles a caught error; `userErrors` are data and are not thrown. */
export const whatToDo = (error) => {
  if (ServerError.is(error) && error.statusCode === 401) return 'get a new session key'; // unknown, expired or revoked
  if (CombinedGraphQLErrors.is(error)) {
    const { code, requestId } = error.errors[0].extensions;
    if (code === 'UNAUTHENTICATED') return 'sign in'; // no key was sent
    return `report ${requestId}`;
  }
  return 'try again'; // no response
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
  const { data } = await client.query({ query: AWARD, variables: { id }, fetchPolicy: 'network-only' });
  return data.node;
};
// #endregion
