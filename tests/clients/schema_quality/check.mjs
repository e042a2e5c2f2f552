// Looks at both schemas: the rules of graphql-eslint, sentences as descriptions, and what broke since the last release.
// Prints a line per problem; exit code 1 when there is any. `node check.mjs --lint FILE` looks at
// one other file, so that a test can see it find something.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';
import * as graphqlEslint from '@graphql-eslint/eslint-plugin';
import { CriticalityLevel, diff } from '@graphql-inspector/core';
import { buildSchema, isEnumType, isInputObjectType, isInterfaceType, isObjectType } from 'graphql';

const plugin = graphqlEslint.default ?? graphqlEslint;
const root = fileURLToPath(new URL('../../../', import.meta.url));
const SCHEMAS = [
  { name: 'customer', file: 'schema.graphql', released: 'customer.graphql', relay: true },
  { name: 'admin', file: 'src/graphql/admin.graphql', released: 'admin.graphql', relay: false },
];
// What the old clients call, and the field that took its place: its description names the method.
const LEGACY = {
  'Customer.newbeeAwards': 'customer/get_newbee_award',
  'Customer.todayAwards': 'customer/get_today_award',
  'Customer.invitation': 'customer/get_invitation',
  'Customer.children': 'customer/get_children',
  'Mutation.signInToday': 'customer/sign_in_today',
  'Mutation.setInvitation': 'customer/set_invitation',
  'Mutation.submitWord': 'customer/submit_word',
  'Query.reservation': 'customer/subscribe_counts',
};

/// Every rule but those that do not fit, each with its reason.
function rules(relay) {
  const chosen = {
    ...plugin.configs['flat/schema-recommended'].rules,
    ...(relay ? plugin.configs['flat/schema-relay'].rules : {}),
    // As shipped it lets only edges be wrapped in lists, which forbids every plain list of a schema.
    ...(relay ? { '@graphql-eslint/relay-edge-types': ['error', { listTypeCanWrapOnlyEdgeType: false }] } : {}),
    // Everything has a description, not only types.
    '@graphql-eslint/require-description': [
      'error',
      { types: true, rootField: true, FieldDefinition: true, InputValueDefinition: true, EnumValueDefinition: true, DirectiveDefinition: true },
    ],
    // Rows of an answer are values: only what a cache has to recognise has an id, and that implements Node.
    '@graphql-eslint/strict-id-in-types': 'off',
  };
  return chosen;
}

// Problems that are not: each with its reason.
const EXCEPTIONS = [
  // The name is part of the agreed API; a Child is somebody's child, and this is how many it has itself.
  'Field "childrenCount" starts with the name of the parent type "Child"',
];

/// GraphQL's own directives, which the printed schema repeats without descriptions of their arguments.
const BUILT_IN = /^"""\n(?:(?!""")[^])*"""\ndirective @(include|skip|deprecated|specifiedBy|oneOf)\b.*$/gm;

async function lint(file, relay) {
  const text = readFileSync(file, 'utf8').replace(BUILT_IN, (found) => found.replace(/[^\n]/g, ''));
  const eslint = new ESLint({
    cwd: dirname(file),
    overrideConfigFile: true,
    overrideConfig: [
      {
        files: ['**/*.graphql'],
        plugins: { '@graphql-eslint': plugin },
        languageOptions: { parser: plugin.parser, parserOptions: { graphQLConfig: { schema: file } } },
        rules: rules(relay),
      },
    ],
  });
  const results = await eslint.lintText(text, { filePath: file });
  return results
    .flatMap((result) => result.messages)
    .filter((message) => !EXCEPTIONS.includes(message.message))
    .map((message) => `${file}:${message.line}: ${message.ruleId ?? 'parser'}: ${message.message}`);
}

/// Descriptions that are no sentence, and fields that do not name the method they replace.
function descriptions(file, text, legacy) {
  const problems = [];
  const look = (path, description) => {
    if (!/^([A-Z`0-9]|newbee )/.test(description ?? '') || !/[.)]$/.test((description ?? '').trim())) {
      problems.push(`${file}: ${path}: no full sentence: ${JSON.stringify(description)}`);
    }
    if (legacy[path] && !description?.includes(legacy[path])) {
      problems.push(`${file}: ${path}: does not name ${legacy[path]}, which it replaces`);
    }
  };
  for (const type of Object.values(buildSchema(text).getTypeMap())) {
    if (!type.astNode) continue;
    look(type.name, type.description);
    if (isEnumType(type)) type.getValues().forEach((value) => look(`${type.name}.${value.name}`, value.description));
    if (isObjectType(type) || isInterfaceType(type) || isInputObjectType(type)) {
      for (const field of Object.values(type.getFields())) {
        look(`${type.name}.${field.name}`, field.description);
        (field.args ?? []).forEach((arg) => look(`${type.name}.${field.name}(${arg.name}:)`, arg.description));
      }
    }
  }
  return problems;
}

async function breaking(name, released, text) {
  const before = readFileSync(new URL(`released/${released}`, import.meta.url), 'utf8');
  const changes = await diff(buildSchema(before), buildSchema(text));
  return changes
    .filter((change) => change.criticality.level === CriticalityLevel.Breaking)
    .map((change) => `${name}: breaks clients of the last release: ${change.message} (${change.path ?? ''})`);
}

async function check({ name, file, released, relay }) {
  const text = readFileSync(root + file, 'utf8');
  const legacy = name === 'customer' ? LEGACY : {};
  return [
    ...(await lint(root + file, relay)),
    ...descriptions(file, text, legacy),
    ...(await breaking(name, released, text)),
  ];
}

const [option, argument] = process.argv.slice(2);
if (option === undefined) {
  // A process for each: the linter keeps what it found in the first schema for the second.
  const codes = SCHEMAS.map(({ name }) => spawnSync(process.execPath, [process.argv[1], '--schema', name], { stdio: 'inherit' }).status);
  process.exit(Math.max(...codes.map((code) => code ?? 1)));
}
const problems =
  option === '--lint'
    ? [...(await lint(argument, true)), ...descriptions(argument, readFileSync(argument, 'utf8'), {})]
    : await check(SCHEMAS.find(({ name }) => name === argument));
problems.forEach((problem) => console.log(problem.replace(root, '')));
console.log(`${argument}: ${problems.length} problem(s)`);
process.exit(problems.length === 0 ? 0 : 1);
