// An operation as code for clients. Only public demo keys are written out; any other key is replaced by a name. The
// forms follow the tested examples of `tests/clients`.
import { endpoint, home, isAdmin } from './page.js';
import { withoutComment } from './tabs.js';

const quoted = (text) => JSON.stringify(text);
const forShell = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
const indented = (text, by) => text.trim().replaceAll('\n', `\n${' '.repeat(by)}`);
const template = (text) => text.trim().replaceAll('\\', '\\\\').replaceAll('`', '\\`').replaceAll('${', '\\${');
const place = isAdmin ? 'API_KEY' : 'SESSION_KEY';

function parts({ query, variables, key, isPublic }) {
  const kind = /^\s*(mutation|subscription)\b/m.exec(query.replace(/#.*/g, ''))?.[1] ?? 'query';
  const given = variables?.trim() ? JSON.parse(variables) : undefined;
  return { query: withoutComment(query), kind, variables: given, bearer: isPublic ? quoted(`Bearer ${key}`) : `\`Bearer \${${place}}\``, key, isPublic };
}

function curl(operation) {
  const { query, variables, key, isPublic, kind } = parts(operation);
  const header = key && (isPublic ? forShell(`Authorization: Bearer ${key}`) : `"Authorization: Bearer $${place}"`);
  return [
    `curl -sN ${forShell(endpoint)}`,
    ...(header ? [`-H ${header}`] : []),
    "-H 'Content-Type: application/json'",
    ...(kind === 'subscription' ? ["-H 'Accept: text/event-stream'"] : []),
    `-d ${forShell(JSON.stringify({ query, variables }))}`,
  ].join(' \\\n  ');
}

function fetchCode(operation) {
  const { query, variables, key, bearer } = parts(operation);
  return `const reply = await fetch(${quoted(endpoint)}, {
  method: 'POST',
  headers: {
    accept: 'application/graphql-response+json, application/json;q=0.9',
    'content-type': 'application/json',${key ? `\n    authorization: ${bearer},` : ''}
  },
  body: JSON.stringify({
    query: \`${indented(template(query), 6)}\`,${variables ? `\n    variables: ${indented(JSON.stringify(variables, null, 2), 4)},` : ''}
  }),
});
const { data, errors } = await reply.json();
`;
}

const passed = (variables) => (variables ? `variables: ${JSON.stringify(variables)}` : '');

function apollo(operation) {
  const { query, kind, variables, key, bearer } = parts(operation);
  const call = {
    query: `const { data } = await client.query({ query: OPERATION${variables ? `, ${passed(variables)}` : ''} });`,
    mutation: `const { data } = await client.mutate({ mutation: OPERATION${variables ? `, ${passed(variables)}` : ''} });`,
  }[kind];
  return `// npm install @apollo/client graphql rxjs
import { ApolloClient, HttpLink, InMemoryCache, gql } from '@apollo/client';

const client = new ApolloClient({
  cache: new InMemoryCache({ possibleTypes: { Node: ['Customer', 'Award', 'Child'] } }),
  link: new HttpLink({
    uri: ${quoted(endpoint)},${key ? `\n    headers: { authorization: ${bearer} },` : ''}
  }),
});

const OPERATION = gql\`
  ${indented(template(query), 2)}
\`;

${call}
`;
}

function urql(operation) {
  const { query, kind, variables, key, bearer } = parts(operation);
  return `// npm install @urql/core graphql
import { Client, cacheExchange, fetchExchange, gql } from '@urql/core';

const client = new Client({
  url: ${quoted(endpoint)},
  exchanges: [cacheExchange, fetchExchange],
  preferGetMethod: false,${key ? `\n  fetchOptions: () => ({ headers: { authorization: ${bearer} } }),` : ''}
});

const OPERATION = gql\`
  ${indented(template(query), 2)}
\`;

const { data, error } = await client.${kind}(OPERATION, ${JSON.stringify(variables ?? {})});
`;
}

function graphqlRequest(operation) {
  const { query, variables, key, bearer } = parts(operation);
  return `// npm install graphql-request graphql
import { GraphQLClient, gql } from 'graphql-request';

const client = new GraphQLClient(${quoted(endpoint)}${key ? `, { headers: { authorization: ${bearer} } }` : ''});

const data = await client.request(gql\`
  ${indented(template(query), 2)}
\`${variables ? `, ${JSON.stringify(variables)}` : ''});
`;
}

function sse(operation) {
  const { query, variables, key, bearer } = parts(operation);
  return `// npm install graphql-sse
import { createClient } from 'graphql-sse';

const client = createClient({
  url: ${quoted(endpoint)},${key ? `\n  headers: () => ({ authorization: ${bearer} }),` : ''}
});

const query = \`
  ${indented(template(query), 2)}
\`;

for await (const event of client.iterate({ query${variables ? `, ${passed(variables)}` : ''} })) {
  console.log(event.data);
}
`;
}

const HOOKS = { query: 'useLazyLoadQuery', mutation: 'useMutation' };

function relay(operation) {
  const { query, kind, variables } = parts(operation);
  const document = `graphql\`
  ${indented(template(query), 2)}
\``;
  const call = {
    query: `export function Page() {
  const data = useLazyLoadQuery(OPERATION, ${JSON.stringify(variables ?? {})});
  return <pre>{JSON.stringify(data, null, 2)}</pre>;
}`,
    mutation: `export function Button() {
  const [commit, isInFlight] = useMutation(OPERATION);
  return (
    <button disabled={isInFlight} onClick={() => commit({ variables: ${JSON.stringify(variables ?? {})}, onCompleted: console.log })}>
      Run
    </button>
  );
}`,
  }[kind];
  return `// npm install react react-dom react-relay relay-runtime; npm install --save-dev relay-compiler babel-plugin-relay
// The environment is in tests/clients/real/relay/README.md. relay-compiler requires the operation to be named after
// this file, such as HomeQuery in Home.jsx.
import { graphql, ${HOOKS[kind]} } from 'react-relay';

const OPERATION = ${document};

${call}
`;
}

// The schema of customers is served as text; that of admins is printed by the command line.
const schemaSource = () => (isAdmin ? 'newbee schema --admin > schema.graphql' : `curl -s ${new URL('schema.graphql', home)} > schema.graphql`);

const typedClient = ({ kind, variables, key, bearer, query }, setUp, imported) => `${setUp}
import { Client, cacheExchange, fetchExchange } from '@urql/core';
${imported}

const client = new Client({
  url: ${quoted(endpoint)},
  exchanges: [cacheExchange, fetchExchange],
  preferGetMethod: false,${key ? `\n  fetchOptions: () => ({ headers: { authorization: ${bearer} } }),` : ''}
});

const OPERATION = graphql(\`
  ${indented(template(query), 2)}
\`);

// data has the types of this operation.
const { data, error } = await client.${kind}(OPERATION, ${JSON.stringify(variables ?? {})});
`;

function tada(operation) {
  const setUp = `// npm install @urql/core graphql gql.tada
// ${schemaSource()}
// graphql.ts, with the scalars: tests/clients/real/typed/README.md`;
  return typedClient(parts(operation), setUp, "import { graphql } from './graphql.js';");
}

function codegen(operation) {
  const setUp = `// npm install @urql/core graphql; npm install --save-dev @graphql-codegen/cli @graphql-codegen/client-preset
// ${schemaSource()}
// codegen.ts, with the scalars: tests/clients/real/typed/README.md; then: npx graphql-codegen`;
  return typedClient(parts(operation), setUp, "import { graphql } from './build/gql/gql.js';");
}

const FOR_REQUESTS = [
  ['curl', curl], ['fetch', fetchCode], ['Apollo Client', apollo], ['urql', urql], ['Relay', relay], ['graphql-request', graphqlRequest],
  ['TypeScript (gql.tada)', tada], ['TypeScript (graphql-codegen)', codegen],
];
const FOR_SUBSCRIPTIONS = [['curl', curl], ['graphql-sse', sse]];

// The forms for an operation, each with its name.
export const formsFor = (query) => (/^\s*subscription\b/m.test(query.replace(/#.*/g, '')) ? FOR_SUBSCRIPTIONS : FOR_REQUESTS);
