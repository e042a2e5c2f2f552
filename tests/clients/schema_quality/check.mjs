// Checks both schemas: the rules of graphql-eslint, descriptions, and breaking changes since the last release. Prints a line
// per problem; exit code 1 if there is any. Dangerous changes are warnings: clients may have to be informed.
//
//   node check.mjs                          both schemas of this repository
//   node check.mjs --lint FILE              another file, for tests of the rules
//   node check.mjs --changes BEFORE AFTER   differences between two files
//   node check.mjs --running NAME URL KEY   the schema (customer or admin) from the introspection of a server
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildClientSchema, getIntrospectionQuery, printSchema } from 'graphql';
import { changes } from './changes.mjs';
import { legacy, sentences } from './descriptions.mjs';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const METHODS = `${root}src/http/legacy/methods/mod.rs`;
const SCHEMAS = {
  customer: { file: `${root}schema.graphql`, relay: true },
  admin: { file: `${root}src/graphql/admin.graphql`, relay: false },
};
/// Loads the linter on demand: it takes a second, and not every mode needs it.
const lint = async (...these) => (await import('./rules.mjs')).lint(...these);
const read = (file) => readFileSync(file, 'utf8');
/// Schema of the last release; null before the first one.
function released(name) {
  const file = new URL(`released/${name}.graphql`, import.meta.url);
  return existsSync(file) ? read(file) : null;
}

/// Checks a schema of this repository.
async function check(name) {
  const { file, relay } = SCHEMAS[name];
  const text = read(file);
  const { breaking, dangerous } = await changes(released(name) ?? text, text);
  dangerous.forEach((change) => console.log(`${name}: warning: dangerous for clients of the last release: ${change}`));
  return [
    ...(await lint(file, text, name, relay)),
    ...sentences(file, text),
    ...(name === 'customer' ? legacy(file, text, METHODS) : []),
    ...breaking.map((change) => `${name}: breaks clients of the last release: ${change}`),
  ];
}

async function compare(before, after) {
  const { breaking, dangerous } = await changes(read(before), read(after));
  dangerous.forEach((change) => console.log(`warning: dangerous: ${change}`));
  return breaking.map((change) => `breaking: ${change}`);
}

/// Checks that the introspection of a server passes the rules and equals the file.
async function running(name, url, key) {
  const reply = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(key && { authorization: `Bearer ${key}` }) },
    body: JSON.stringify({ query: getIntrospectionQuery({ specifiedByUrl: true, inputValueDeprecation: true, oneOf: true }) }),
  });
  const { data, errors } = await reply.json();
  if (!data) return [`${url} does not return its schema: ${JSON.stringify(errors)}`];
  const text = printSchema(buildClientSchema(data));
  const folder = mkdtempSync(join(tmpdir(), 'newbee-schema-'));
  try {
    const file = join(folder, `${name}.graphql`);
    writeFileSync(file, text);
    const { all } = await changes(read(SCHEMAS[name].file), text);
    return [
      ...(await lint(file, text, name, SCHEMAS[name].relay)),
      ...sentences(file, text),
      ...all.map(({ message }) => `${url}: differs from the file: ${message}`),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const [mode, ...rest] = process.argv.slice(2);
if (mode === undefined) {
  // Uses a process for each schema, because the linter caches the first schema.
  const codes = Object.keys(SCHEMAS).map(
    (name) => spawnSync(process.execPath, [process.argv[1], '--schema', name], { stdio: 'inherit' }).status,
  );
  process.exit(Math.max(...codes.map((code) => code ?? 1)));
}
const modes = {
  '--schema': check,
  '--lint': async (file) => [...(await lint(file, read(file), undefined, true)), ...sentences(file, read(file))],
  '--changes': compare,
  '--running': running,
};
const problems = await modes[mode](...rest);
problems.forEach((problem) => console.log(problem.replace(root, '')));
console.log(`${rest[0]}: ${problems.length} problem(s)`);
process.exitCode = problems.length === 0 ? 0 : 1;
