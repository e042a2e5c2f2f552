// Live updates with Relay.

// #region live
import { Observable, graphql, requestSubscription } from 'relay-runtime';

/** `follow` for `createEnvironment`, over `overEvents(…)` or `overSocket(…)` of the page on live updates. */
export const followOver =
  (subscribe) =>
  ({ name, text }, variables) =>
    Observable.create((sink) => subscribe({ operationName: name, query: text, variables }, sink));

/** Whatever shows an award follows it by itself. In a component: `useSubscription` with the same configuration. */
export const followAwards = (environment, { after, onAward, onError }) =>
  requestSubscription(environment, {
    subscription: graphql`
      subscription awardsSubscription($after: String) {
        awardChanged(after: $after) { id item amount targetId status changeCursor }
      }
    `,
    variables: { after },
    onNext: ({ awardChanged }) => onAward(awardChanged),
    onError,
  });
// #endregion
