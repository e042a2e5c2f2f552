// English texts of the page.
const seconds = (count) => `${count} ${count === 1 ? 'second' : 'seconds'}`;

export default {
  code: 'en', other: '中文',
  loading: 'Loading the playground…',
  titles: { customer: 'newbee playground', admin: 'newbee admin playground' },
  apis: { customer: 'customer API', admin: 'admin API' },
  docs: {
    customer: 'The customer API of newbee: awards, the daily sign-in, invitation codes, words and reservations. Start at `me` in **Query** and `signInToday` in **Mutation**. Requests carry a session key: `Authorization: Bearer <key>`.',
    admin: 'The admin API of newbee for the host application and operators: users, session keys, tasks, rules, campaigns, jobs and corrections. Requests carry an API key: `Authorization: Bearer <key>`. A field that needs a scope names it.',
  },
  skip: 'Skip to the editor',
  environment: 'Environment of this server',
  links: { label: 'Pages', home: 'Start page', customer: 'Customer playground', admin: 'Admin playground', schema: 'Schema', ops: 'Ops page' },
  switchTo: (name) => ['For user ', name, '. Switch'],
  panes: { label: 'Show', query: 'Query', reply: 'Result' },
  key: {
    customer: 'Session key', admin: 'API key',
    nobody: { customer: 'Not signed in', admin: 'No API key' },
    demo: 'Demo key', demoShows: 'the demo’s public API key: HOST and OPS_WRITE',
    expired: (name) => `${name} (expired key)`,
    rejected: 'Key rejected', noAnswer: 'No reply from the server',
    current: (name) => `Signed in: ${name}. Change`,
    another: 'Another key…', first: (kind) => `${kind}…`, signOut: 'Sign out', signIn: 'Sign in', signInTitle: 'Sign in with a key',
    dialog: (kind) => `${kind} for the requests of this page`,
    invalid: 'A key has 1 to 55 visible ASCII characters and no spaces.',
    kept: 'Kept for this browser session and sent only to this server, as Authorization: Bearer.',
    gate: 'This API requires an API key, even to read its schema.',
    useDemo: 'Continue with the demo’s public key',
    create: 'Create a key on the command line. It is shown once:',
  },
  // Descriptions of the demo users come from the server in both languages.
  shows: (user) => user.shows,
  ready: { title: 'Ready tabs', as: (name) => `as ${name}` },
  live: {
    title: 'Live', heading: 'Live awards',
    states: { off: 'Off', connecting: 'Connecting…', live: 'Live', ended: 'Ended' },
    about: 'Changes to your awards appear here, also while you use other tabs. Sign in today to see one.',
    start: 'Start', stop: 'Stop', needsKey: 'Sign in first: awards belong to a user.',
    next: (left) => `Next settlement in ${seconds(left)}.`,
  },
  reply: {
    empty: 'Press ▶ or Ctrl-Enter to see the reply.',
    as: (name) => `as ${name}`,
    stale: (name) => `Reply to ${name}. Run again to see yours.`,
    time: 'From sending to the last byte, as measured in the browser', size: 'Size before compression',
    requestIdLabel: 'request', requestId: 'Find the request in the logs by this ID',
  },
  trouble: {
    demoGone: (address) => `newbee does not respond at ${address}. Is the demo still running?`,
    serverGone: (address) => `newbee does not respond at ${address}. Check the network and whether the server is running.`,
    notJson: (status) => `The server answered HTTP ${status} without JSON. A proxy in between may have answered instead of newbee.`,
    liveFailed: 'The live connection failed. Run the operation again.',
  },
  events: (count) => `${count} so far, newest first`, eventsEnded: 'ended',
  tools: {
    code: 'Copy as code', as: (form) => `Copy as ${form}`,
    link: 'Copy a link to this operation (without the key)', aLink: 'a link', copied: (name) => `Copied: ${name}`,
    badVariables: 'The variables are not valid JSON.', refused: 'The browser did not allow copying.',
  },
};
