// Code that `tsc --strict` must reject: the build fails if a line below an @ts-expect-error is valid.
import type { Newbee } from './newbee.js';
import { act, recordTasks, registerUsers } from './host.example.js';
import { ChangesDocument, RegisterUsersDocument } from './build/gql/graphql.js';

export async function check(newbee: Newbee): Promise<void> {
  // @ts-expect-error a field that a user does not have
  await registerUsers(newbee, [{ userId: '1', nickname: 'Ann' }]);
  // @ts-expect-error a user needs an ID
  await registerUsers(newbee, [{ name: 'Ann' }]);
  // @ts-expect-error a variable that the document does not have
  await newbee(RegisterUsersDocument, { people: [] });
  // @ts-expect-error an act is one act
  await act(newbee, [{ signIn: { userId: '1', idempotencyKey: 'a' }, reserve: { userId: '1', idempotencyKey: 'b', key: 'c' } }]);
  // @ts-expect-error no such kind of change
  await newbee(ChangesDocument, { kinds: ['AWARD_PAID'] });
  const [task] = await recordTasks(newbee, []);
  // @ts-expect-error the award is null if the task was refused
  task.award.amount;
  // @ts-expect-error a field that the document does not select
  task?.award?.businessDay;
  // @ts-expect-error an amount is a string: a number cannot hold every amount
  const amount: number | undefined = task?.award?.amount;
  // @ts-expect-error no such code
  if (task?.refused?.code === 'NO_SUCH_CODE') return;
  void amount;
}
