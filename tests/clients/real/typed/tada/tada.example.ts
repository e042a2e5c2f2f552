// newbee with typed documents by gql.tada. The regions are the examples of ../../../README.md.

// #region documents
import { graphql, readFragment, type FragmentOf } from './graphql.js';

export const AwardParts = graphql(`
  fragment AwardParts on Award { id item amount status }
`);

export const Me = graphql(
  `
    query Me {
      me {
        id
        name
        signIn { signedInToday streak nextSignInAt award { ...AwardParts } }
        balances { coinId settled pending }
      }
    }
  `,
  [AwardParts],
);

export const SignIn = graphql(
  `
    mutation SignIn {
      signInToday {
        award { ...AwardParts }
        me { id signIn { signedInToday streak nextSignInAt award { ...AwardParts } } }
        userErrors { __typename code message ... on AlreadySignedInError { nextSignInAt } }
      }
    }
  `,
  [AwardParts],
);

/** A component receives its own fragment and cannot read any other field. */
export const awardLine = (props: { award: FragmentOf<typeof AwardParts> }): string => {
  const award = readFragment(AwardParts, props.award);
  return `${award.item}: ${award.amount} (${award.status})`;
};
// #endregion

// #region use
import type { Client } from '@urql/core';

/** Returns the message for a sign-in. */
export const signIn = async (client: Client): Promise<string> => {
  const { data, error: failed } = await client.mutation(SignIn, {});
  if (failed) throw failed;
  const reply = data?.signInToday;
  const [error] = reply?.userErrors ?? [];
  switch (error?.__typename) {
    case undefined:
      return reply?.award ? awardLine({ award: reply.award }) : 'Nothing was awarded.';
    case 'AlreadySignedInError':
      return `${error.message} ${error.nextSignInAt}`;
    default:
      return error.message;
  }
};
// #endregion

export const Children = graphql(`
  query Children($first: Int = 50, $after: String) {
    me {
      id
      children(first: $first, after: $after) {
        edges { node { id name } }
        pageInfo { endCursor hasNextPage }
      }
    }
  }
`);
