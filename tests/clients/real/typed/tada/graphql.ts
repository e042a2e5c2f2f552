// #region config
import { initGraphQLTada } from 'gql.tada';
import type { introspection } from './build/introspection.js';

export const graphql = initGraphQLTada<{
  introspection: introspection;
  // Exact amounts, days and instants are strings.
  scalars: { Date: string; DateTime: string; Decimal: string };
}>();

export { readFragment, type FragmentOf, type ResultOf, type VariablesOf } from 'gql.tada';
// #endregion
