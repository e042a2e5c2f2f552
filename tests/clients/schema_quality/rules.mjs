// Linter configuration: all rules of graphql-eslint's recommended and Relay sets. Each deviation has a comment with its reason.
import { dirname } from 'node:path';
import { ESLint } from 'eslint';
import * as graphqlEslint from '@graphql-eslint/eslint-plugin';

const plugin = graphqlEslint.default ?? graphqlEslint;

/// Types without an ID: parts of their parent object, which a cache stores with it. They cannot be refetched by an ID.
/// A new type must have an ID or be listed here.
const PARTS = {
  customer: [
    'Balance', 'ChildStates', 'Clock', 'DrawBeacon', 'DrawClaim', 'Invitation', 'InvitationOffer', 'InvitationPreview', 'InvitationProgress', 'Inviter', 'MyClaim', 'PageInfo',
    'ReservedPlace', 'SignInBonus', 'SignInCalendar', 'SignInDay', 'SignInFreezes', 'SignInStatus', 'Task',
  ],
  // Most of these are report lines. A job is identified by its name, a rule by its item, a business day and its audit
  // by the day.
  admin: [
    'AuditFinding', 'AwardGroup', 'BridgedDay', 'BalanceDetails', 'BookAudit', 'Books', 'BusinessDay', 'ChangePage', 'Clock', 'ClosedDay', 'ClosedDayTotal', 'DailyCount', 'DaySettlement', 'DayTotal', 'Endpoint', 'EndpointDeadLetter',
    'DrawBeacon', 'DueTime', 'InvitationDetails', 'Job', 'JobBacklog', 'LedgerEntry', 'ReservationEntry', 'RefusedErasure', 'RefusedSession',
    'RefusedTask', 'RefusedUser', 'Rule', 'SessionDetails', 'TaskResult', 'TimelineEvent', 'AttemptLimit', 'Viewer', 'WordPreview',
    'ActResult', 'RefusedAct',
    'BudgetPeriod', 'ClaimedShare', 'GrantLine', 'GrantSum', 'InviteConditions', 'Invitee', 'PaidSum', 'Qualification', 'RefusedGrantLine', 'ReplayedDay', 'ReservedPlace',
    'RuleBudget', 'RuleTexts',
  ],
};
/// Name suffixes of such types: mutation payloads, errors, and parts of connections.
const SUFFIXES_OF_PARTS = ['Payload', 'Error', 'Problem', 'Connection', 'Edge'];

/// Accepted problems, each with its reason.
const EXCEPTIONS = [
  // The name is part of the published API: the number of a child's own children.
  'Field "childrenCount" starts with the name of the parent type "Child"',
];

function rules(name, relay) {
  return {
    ...plugin.configs['flat/schema-recommended'].rules,
    ...(relay && plugin.configs['flat/schema-relay'].rules),
    // By default only edge types may be in lists, which forbids plain lists.
    ...(relay && { '@graphql-eslint/relay-edge-types': ['error', { listTypeCanWrapOnlyEdgeType: false }] }),
    // Require a description for all elements, not only types.
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

/// Built-in directives of GraphQL, which the printed schema repeats without descriptions of their arguments.
const BUILT_IN = /^"""\n(?:(?!""")[^])*"""\ndirective @(include|skip|deprecated|specifiedBy|oneOf)\b.*$/gm;

/// Returns the problems of a schema, one line each. `name` selects the list in `PARTS`.
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
