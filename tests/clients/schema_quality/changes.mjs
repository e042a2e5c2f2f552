// What changed between two schemas, by what it does to clients.
import { CriticalityLevel, diff } from '@graphql-inspector/core';
import { buildSchema } from 'graphql';

/// Breaking changes, and dangerous ones: those that a client may not expect, such as a new value of an enum.
export async function changes(before, after) {
  const all = await diff(buildSchema(before), buildSchema(after));
  const told = (level) =>
    all.filter((change) => change.criticality.level === level).map(({ message, path }) => `${message} (${path ?? 'the schema'})`);
  return { all, breaking: told(CriticalityLevel.Breaking), dangerous: told(CriticalityLevel.Dangerous) };
}
