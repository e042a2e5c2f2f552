// Refetch of an object by its id.

// #region node
import { fetchQuery, graphql } from 'relay-runtime';

/** Refetches an award; every component that shows it shows its new status. */
export const refetchAward = async (environment, id) => {
  const query = graphql`
    query awardQuery($id: ID!) {
      node(id: $id) { __typename id ... on Award { item amount status updatedAt } }
    }
  `;
  const { node } = await fetchQuery(environment, query, { id }).toPromise();
  return node;
};
// #endregion
