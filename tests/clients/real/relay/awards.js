// Live updates with Relay.

// #region live
import { Observable, graphql, requestSubscription } from 'relay-runtime';

/** Creates `follow` for `createEnvironment` from `overEvents(…)` or `overSocket(…)` of the page on live updates. */
export const followOver =
  (subscribe) =>
  ({ name, text }, variables) =>
    Observable.create((sink) => subscribe({ operationName: name, query: text, variables }, sink));

/** Components that show an award update automatically. In a component, use `useSubscription` with the same configuration. */
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
