// A paginated list.

// #region paginate
import { graphql, usePaginationFragment } from 'react-relay';

export const Friends = ({ me }) => {
  const { data, hasNext, isLoadingNext, loadNext } = usePaginationFragment(
    graphql`
      fragment Friends_me on Customer
      @argumentDefinitions(count: { type: "Int", defaultValue: 50 }, cursor: { type: "String" })
      @refetchable(queryName: "FriendsPageQuery") {
        children(first: $count, after: $cursor) @connection(key: "Friends_children") {
          totalCount
          edges { node { id name } }
        }
      }
    `,
    me,
  );
  return (
    <section>
      <h2>{data.children.totalCount} friends</h2>
      <ul>
        {data.children.edges.map(({ node }) => (
          <li key={node.id}>{node.name}</li>
        ))}
      </ul>
      {hasNext && <button disabled={isLoadingNext} onClick={() => loadNext(50)}>More friends</button>}
    </section>
  );
};
// #endregion
