// The page of the example, with all its parts.

// #region read
import { graphql, useLazyLoadQuery } from 'react-relay';
import { Friends } from './Friends';
import { SignIn } from './SignIn';

export const Home = () => {
  const { me } = useLazyLoadQuery(
    graphql`
      query HomeQuery {
        me {
          name
          balances { coinId settled pending }
          ...SignIn_me
          ...Friends_me
        }
      }
    `,
    {},
  );
  if (!me) return <p>Please sign in.</p>; // no session key
  return (
    <main>
      <h1>{me.name}</h1>
      <p>{me.balances[0]?.settled ?? '0.0000'} coins</p>
      <SignIn me={me} />
      <Friends me={me} />
    </main>
  );
};
// #endregion
