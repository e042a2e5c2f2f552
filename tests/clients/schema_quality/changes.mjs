// Differences between two schemas, by their effect on clients.
import { CriticalityLevel, diff } from '@graphql-inspector/core';
import { buildSchema } from 'graphql';

/// Returns breaking changes, and dangerous ones, which a client may not expect, such as a new enum value.
export async function changes(before, after) {
  const all = await diff(buildSchema(before), buildSchema(after));
  const listed = (level) =>
    all.filter((change) => change.criticality.level === level).map(({ message, path }) => `${message} (${path ?? 'the schema'})`);
  return { all, breaking: listed(CriticalityLevel.Breaking), dangerous: listed(CriticalityLevel.Dangerous) };
}
