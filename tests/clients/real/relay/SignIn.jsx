// A mutation with an optimistic update.

// #region sign-in
import { useState } from 'react';
import { graphql, useFragment, useMutation } from 'react-relay';
import { SessionEnded } from './environment';

export const SignIn = ({ me }) => {
  const { id, signIn } = useFragment(
    graphql`
      fragment SignIn_me on Customer {
        id
        signIn { signedInToday streak nextSignInAt award { id amount status } }
      }
    `,
    me,
  );
  const [commit] = useMutation(graphql`
    mutation SignInMutation {
      signInToday {
        me { ...SignIn_me balances { coinId settled pending } }
        userErrors { __typename code message ... on AlreadySignedInError { nextSignInAt } }
      }
    }
  `);
  const [said, say] = useState(null);
  const onClick = () =>
    commit({
      variables: {},
      // Shows the longer streak immediately; the reply replaces it.
      optimisticResponse: signIn.signedInToday
        ? undefined
        : { signInToday: { me: { id, signIn: { ...signIn, signedInToday: true, streak: signIn.streak + 1 } }, userErrors: [] } },
      onCompleted: ({ signInToday }, errors) => {
        if (!signInToday) return say(errors[0].extensions.code); // such as UNAUTHENTICATED
        const [error] = signInToday.userErrors;
        say(error?.__typename === 'AlreadySignedInError' ? `${error.message} (${error.nextSignInAt})` : error?.message);
      },
      onError: (error) => say(error instanceof SessionEnded ? 'Your session ended.' : 'No answer: try again.'),
    });
  return (
    <section>
      <p>{signIn.streak} days in a row, {signIn.award?.status ?? 'no award yet'}</p>
      <button onClick={onClick}>Sign in</button>
      <output>{said}</output>
    </section>
  );
};
// #endregion
