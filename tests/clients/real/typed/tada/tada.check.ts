// Code that `tsc --strict` must reject: the build fails if a line below an @ts-expect-error is valid.
import type { Client } from '@urql/core';
import { Children, Me, SignIn } from './tada.example.js';

export async function check(client: Client): Promise<void> {
  const { data } = await client.query(Me, {});
  const me = data?.me;
  // @ts-expect-error me is null without a session key
  data?.me.id;
  if (!me) return;
  const id: string = me.id;
  // @ts-expect-error a field that the query does not select
  me.portraitUri;
  // @ts-expect-error signIn is null if it could not be read
  me.signIn.streak;
  const settled: string | undefined = me.balances?.[0]?.settled;
  // @ts-expect-error an amount is a string: a number cannot hold every amount
  const amount: number | undefined = me.balances?.[0]?.settled;
  // @ts-expect-error the fields of a masked fragment are not accessible
  me.signIn?.award?.item;
  // @ts-expect-error a page size is a number
  await client.query(Children, { first: 'fifty' });
  const signedIn = await client.mutation(SignIn, {});
  for (const error of signedIn.data?.signInToday?.userErrors ?? []) {
    // @ts-expect-error only AlreadySignedInError has this field
    if (error.__typename !== 'AlreadySignedInError') error.nextSignInAt;
    // @ts-expect-error no such code
    if (error.code === 'NO_SUCH_CODE') return;
  }
  void [id, settled, amount];
}
