// Tests against a server that executes only the operations in build/gql/persisted-documents.json of graphql-codegen.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gql } from '@apollo/client';
import { createClient as createApollo } from '../../apollo/apollo.example.mjs';
import { allowedLink } from '../../apollo/persisted.example.mjs';
import { keys, url, watchedFetch } from '../../support/server.mjs';
import { allowed } from '../../urql/persisted.example.mjs';
import { createClient as createUrql } from '../../urql/urql.example.mjs';
import { Children, Me, SignIn } from './build/js/codegen.example.js';

const apolloOf = (key, options = {}) => createApollo({ url, sessionKey: () => key, links: [allowedLink()], ...options });
const urqlOf = (key, options = {}) => createUrql({ url, sessionKey: () => key, exchanges: [allowed()], ...options });
const OTHER = gql`
  query Other {
    clock { businessDay }
  }
`;

test('Apollo runs the operations of the list by their ids', async () => {
  const watched = watchedFetch();
  const client = apolloOf(keys.inviter, { fetch: watched });
  const { data } = await client.query({ query: Me });
  assert.equal(data.me.name, 'Inviter');
  const page = await client.query({ query: Children, variables: { first: 3 } });
  assert.equal(page.data.me.children.edges.length, 3);
  const signedIn = await client.mutate({ mutation: SignIn });
  assert.equal(signedIn.data.signInToday.userErrors.length, 0);
  assert.equal(watched.requests.length, 3);
  assert.ok(watched.requests.every(([, { body }]) => !body.includes('"query"')), 'no text was sent');
});

test('urql runs the operations of the list by their ids', async () => {
  const watched = watchedFetch();
  const client = urqlOf(keys.regular, { fetch: watched });
  const { data } = await client.query(Me, {});
  assert.equal(data.me.name, 'Regular');
  const page = await client.query(Children, { first: 3 });
  assert.equal(page.error, undefined);
  const signedIn = await client.mutation(SignIn, {});
  assert.equal(signedIn.data.signInToday.userErrors.length, 0);
  assert.equal(watched.requests.length, 3);
  assert.ok(watched.requests.every(([, { body }]) => !body?.includes('"query"')), 'no text was sent');
});

test('the text of any other operation is rejected', async () => {
  const refused = ({ errors }) => errors[0].extensions.code === 'OPERATION_NOT_ALLOWED';
  await assert.rejects(apolloOf(keys.regular, { links: [] }).query({ query: OTHER }), refused);
  const { error } = await urqlOf(keys.regular, { exchanges: [] }).query(OTHER, {});
  assert.ok(refused({ errors: error.graphQLErrors }));
});

test('an id that is not in the list is unknown', async () => {
  const other = gql`
    query Unknown {
      clock { timeZone }
    }
  `;
  other.__meta__ = { hash: `sha256:${'0'.repeat(64)}` };
  const { error } = await urqlOf(keys.regular).query(other, {});
  assert.equal(error.graphQLErrors[0].extensions.code, 'PERSISTED_QUERY_NOT_FOUND');
  // Apollo then sends the text, which is rejected.
  const refused = ({ errors }) => errors[0].extensions.code === 'OPERATION_NOT_ALLOWED';
  await assert.rejects(apolloOf(keys.regular).query({ query: other }), refused);
});
