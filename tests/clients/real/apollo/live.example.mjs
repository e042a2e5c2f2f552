// Live updates with Apollo Client. The region is an example of README.md.

// #region live
import { ApolloLink, Observable, gql } from '@apollo/client';
import { OperationTypeNode, print } from 'graphql';

/** Creates a link for `createClient` from `overEvents(…)` or `overSocket(…)` of the page on live updates. */
export const subscriptionLink = (subscribe) =>
  ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    new ApolloLink(
      ({ operationName, query, variables }) =>
        new Observable((sink) => subscribe({ operationName, query: print(query), variables }, sink)),
    ),
  );

export const AWARD_CHANGED = gql`
  subscription AwardChanged($after: String) {
    awardChanged(after: $after) { id item amount status changeCursor }
  }
`;

/** Components that show an award update automatically; the lists and balances of `Me` are refetched. */
export const followAwards = (client, { after, onError }) =>
  client.subscribe({ query: AWARD_CHANGED, variables: { after } }).subscribe({
    next: () => client.refetchQueries({ include: ['Me'] }),
    error: onError,
  });
// #endregion
