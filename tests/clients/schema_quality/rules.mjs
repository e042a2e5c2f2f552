// The linter: every rule of graphql-eslint's recommended and Relay sets. What is not as shipped has its reason here.
import { dirname } from 'node:path';
import { ESLint } from 'eslint';
import * as graphqlEslint from '@graphql-eslint/eslint-plugin';

const plugin = graphqlEslint.default ?? graphqlEslint;

/// Objects without an id: parts of the object that they hang below, which a cache keeps with it. An id would be one that
/// nobody can ask for. A new type has to have an id, or to be named here.
const PARTS = {
  customer: [
    'Balance', 'Clock', 'DrawBeacon', 'DrawClaim', 'Invitation', 'InvitationPreview', 'Inviter', 'MyClaim', 'PageInfo', 'ReservedPlace',
    'SignInStatus', 'Task',
  ],
  // Most of them are a line of a report; a job goes by its name, a rule by its item, and a business day and its audit by the day.
  admin: [
    'AuditFinding', 'AwardGroup', 'BalanceDetails', 'BookAudit', 'Books', 'BusinessDay', 'Clock', 'DailyCount', 'DaySettlement', 'DayTotal',
    'DrawBeacon', 'DueTime', 'InvitationDetails', 'Job', 'JobBacklog', 'LedgerEntry', 'ReservationEntry', 'RefusedErasure', 'RefusedSession',
    'RefusedTask', 'RefusedUser', 'Rule', 'SessionDetails', 'TaskResult', 'TimelineEvent', 'AttemptLimit', 'Viewer', 'WordPreview',
  ],
};
/// Kinds of such objects: what a mutation answers, what went wrong, and the frame of a page.
const SUFFIXES_OF_PARTS = ['Payload', 'Error', 'Problem', 'Connection', 'Edge'];

/// Problems that are none, each with its reason.
const EXCEPTIONS = [
  // The name is part of the agreed API; a Child is somebody's child, and this is how many it has itself.
  'Field "childrenCount" starts with the name of the parent type "Child"',
];

function rules(name, relay) {
  return {
    ...plugin.configs['flat/schema-recommended'].rules,
    ...(relay && plugin.configs['flat/schema-relay'].rules),
    // As shipped it lets only edges be wrapped in lists, which forbids every plain list of a schema.
    ...(relay && { '@graphql-eslint/relay-edge-types': ['error', { listTypeCanWrapOnlyEdgeType: false }] }),
    // Everything has a description, not only types.
    '@graphql-eslint/require-description': [
      'error',
      { types: true, rootField: true, FieldDefinition: true, InputValueDefinition: true, EnumValueDefinition: true, DirectiveDefinition: true },
    ],
    '@graphql-eslint/strict-id-in-types': [
      'error',
      { acceptedIdNames: ['id'], acceptedIdTypes: ['ID'], exceptions: { types: PARTS[name] ?? ['PageInfo'], suffixes: SUFFIXES_OF_PARTS } },
    ],
  };
}

/// GraphQL's own directives, which the printed schema repeats without descriptions of their arguments.
const BUILT_IN = /^"""\n(?:(?!""")[^])*"""\ndirective @(include|skip|deprecated|specifiedBy|oneOf)\b.*$/gm;

/// What the rules find in a schema, a line for each problem. `name` says whose parts are known.
export async function lint(file, source, name, relay) {
  const text = source.replace(BUILT_IN, (found) => found.replace(/[^\n]/g, ''));
  const eslint = new ESLint({
    cwd: dirname(file),
    overrideConfigFile: true,
    overrideConfig: [
      {
        files: ['**/*.graphql'],
        plugins: { '@graphql-eslint': plugin },
        languageOptions: { parser: plugin.parser, parserOptions: { graphQLConfig: { schema: file } } },
        rules: rules(name, relay),
      },
    ],
  });
  const results = await eslint.lintText(text, { filePath: file });
  return results
    .flatMap((result) => result.messages)
    .filter((message) => !EXCEPTIONS.includes(message.message))
    .map((message) => `${file}:${message.line}: ${message.ruleId ?? 'parser'}: ${message.message}`);
}
