// newbee with typed documents by graphql-codegen. The regions are the examples of ../../../README.md.

// #region documents
import { graphql } from './build/gql/gql.js';
import { readFragment, type FragmentType } from './build/gql/fragment-masking.js';

export const AwardParts = graphql(`
  fragment AwardParts on Award { id item amount status }
`);

export const Me = graphql(`
  query Me {
    me {
      id
      name
      signIn { signedInToday streak nextSignInAt award { ...AwardParts } }
      balances { coinId settled pending }
    }
  }
`);

export const SignIn = graphql(`
  mutation SignIn {
    signInToday {
      award { ...AwardParts }
      me { id signIn { signedInToday streak nextSignInAt award { ...AwardParts } } }
      userErrors { __typename code message ... on AlreadySignedInError { nextSignInAt } }
    }
  }
`);

/** A component receives its own fragment and cannot read any other field. */
export const awardLine = (props: { award: FragmentType<typeof AwardParts> }): string => {
  const award = readFragment(AwardParts, props.award);
  return `${award.item}: ${award.amount} (${award.status})`;
};
// #endregion

// #region use
import type { ApolloClient } from '@apollo/client';

/** Returns the message for a sign-in. */
export const signIn = async (client: ApolloClient): Promise<string> => {
  const { data } = await client.mutate({ mutation: SignIn });
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
