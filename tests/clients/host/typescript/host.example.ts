// What a host application does with newbee. The regions are the examples of README.md.

// #region operations
import type { Newbee } from './newbee.js';
import {
  ActForUsersDocument, ChangesDocument, EraseUserDocument, ExportUserDocument, RecordTasksDocument, RegisterUsersDocument,
} from './build/gql/graphql.js';
import type { ActInput, ChangeKind, ChangesQuery, TaskInput, UserInput } from './build/gql/graphql.js';

/** A field of the root is null only beside an error, which the client has thrown. */
function present<Value>(value: Value): NonNullable<Value> {
  if (value == null) throw new Error('newbee returned null without an error');
  return value;
}

/** Registers users, and returns a line for each that was refused. */
export async function registerUsers(newbee: Newbee, users: UserInput[]): Promise<string[]> {
  const { refused } = present((await newbee(RegisterUsersDocument, { users })).registerUsers);
  return refused.map(({ userId, code, message }) => `${userId}: ${code}: ${message}`);
}

/** Reports tasks. After a failure, send the same tasks again: each idempotency key is paid once. */
export const recordTasks = async (newbee: Newbee, tasks: TaskInput[]) =>
  present((await newbee(RecordTasksDocument, { tasks })).recordTasks).results;

/** Acts for users. An act is one of `signIn`, `submitWord`, `setInvitation` and `reserve`. */
export const act = async (newbee: Newbee, acts: ActInput[]) =>
  present((await newbee(ActForUsersDocument, { acts })).actForUsers).results;

/** Hands over what is stored about a person, then erases it. */
export async function forget(newbee: Newbee, userId: string, reason: string): Promise<unknown> {
  const { userExport } = await newbee(ExportUserDocument, { id: userId });
  const { refused } = present((await newbee(EraseUserDocument, { userId, reason })).eraseUser);
  if (refused) throw new Error(`${refused.code}: ${refused.message}`);
  return userExport;
}
// #endregion

// #region changes
export type ChangePage = NonNullable<ChangesQuery['changes']>;

/** Kinds that this host applies. It does not receive kinds that a later version of newbee adds. */
const KINDS: ChangeKind[] = ['AWARD_MADE', 'AWARD_SETTLED', 'AWARD_VOIDED', 'AWARD_REVERSED', 'DAY_CLOSED'];

/** Returns the pages of changes, and waits for the next one. Store `position` in the transaction that applies a page. */
export async function* changes(newbee: Newbee, after?: string): AsyncGenerator<ChangePage> {
  for (;;) {
    const page = present((await newbee(ChangesDocument, { after, kinds: KINDS, waitSeconds: 20 })).changes);
    yield page;
    after = page.position;
  }
}
// #endregion
