// Live updates without a client library, and helpers for the examples of the clients. The regions are the examples of
// README.md.

// #region resume
const isFinal = (problem) =>
  Array.isArray(problem) || // GraphQL errors: the document is invalid
  (problem.code >= 4400 && problem.code < 4500) || // a rejected socket, such as 4403: get a new session key
  [400, 401, 403].includes(problem.response?.status); // the same over server-sent events

/** Wraps a `subscribe` function so that it resumes after the last event whenever the connection ends. */
export const resuming =
  (subscribe, wait = 1_000) =>
  (request, sink) => {
    let { after } = request.variables ?? {};
    let [ended, refused, stop, timer] = [false, false, () => {}];
    const again = () => {
      if (!ended) timer = setTimeout(begin, wait * (0.5 + Math.random())); // spreads the reconnects of clients
    };
    const begin = () => {
      stop = subscribe(
        { ...request, variables: { ...request.variables, after } },
        {
          next: (result) => {
            refused = !result.data; // such as too many subscriptions, see `errors`
            after = result.data?.awardChanged.changeCursor ?? after;
            sink.next(result);
          },
          error: (problem) => (isFinal(problem) ? sink.error(problem) : again()),
          complete: () => (refused ? sink.complete() : again()), // the server is being replaced
        },
      );
    };
    begin();
    return () => {
      ended = true;
      clearTimeout(timer);
      stop();
    };
  };
// #endregion

// #region sse
import { createClient as createSseClient } from 'graphql-sse';

/** Creates `subscribe` over server-sent events: plain HTTP, which works through every proxy. */
export const overEvents = ({ url, sessionKey }) =>
  resuming(
    createSseClient({ url, headers: () => ({ authorization: `Bearer ${sessionKey()}` }), retryAttempts: 0 }).subscribe,
  );
// #endregion

// #region ws
import { createClient as createWsClient } from 'graphql-ws';

/** Creates `subscribe` over one WebSocket. Browsers have `WebSocket`; Node 20 needs `webSocketImpl` from the package `ws`. */
export const overSocket = ({ url, sessionKey, webSocketImpl }) =>
  resuming(
    createWsClient({
      url: url.replace(/^http/, 'ws'),
      connectionParams: () => ({ authorization: `Bearer ${sessionKey()}` }),
      retryAttempts: 0,
      webSocketImpl,
    }).subscribe,
  );
// #endregion

// #region plain
export const AWARD_CHANGED = `
  subscription AwardChanged($after: String) {
    awardChanged(after: $after) { id item amount targetId status changeCursor }
  }
`;

/** Calls `onAward` for each award that is created or changes after the cursor `after`. Returns a function that ends it. */
export const followAwards = (subscribe, { after, onAward, onError }) =>
  subscribe(
    { query: AWARD_CHANGED, variables: { after } },
    { next: ({ data, errors }) => (data ? onAward(data.awardChanged) : onError(errors)), error: onError, complete: () => {} },
  );
// #endregion
