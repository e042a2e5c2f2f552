// Live updates with urql. The region is an example of README.md.

// #region live
import { gql, subscriptionExchange } from '@urql/core';

/** Creates an exchange for `createClient` from `overEvents(…)` or `overSocket(…)` of the page on live updates. */
export const liveExchange = (subscribe) =>
  subscriptionExchange({
    forwardSubscription: (request) => ({ subscribe: (sink) => ({ unsubscribe: subscribe(request, sink) }) }),
  });

export const AWARD_CHANGED = gql`
  subscription AwardChanged($after: String) {
    awardChanged(after: $after) { id item amount targetId status changeCursor }
  }
`;

/** Components that show an award update automatically; `onAward` can refetch lists and balances. */
export const followAwards = (client, { after, onAward, onError }) =>
  client
    .subscription(AWARD_CHANGED, { after })
    .subscribe(({ data, error }) => (error ? onError(error) : onAward(data.awardChanged)));
// #endregion
