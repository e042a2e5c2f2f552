// Checks an OpenAPI document: against the schema of OpenAPI, its examples against its own schemas, and recorded exchanges with
// a server likewise. Prints a line per problem; exit code 1 if there is any.
//
//   node openapi.mjs FILE < EXCHANGES
//
// EXCHANGES is a JSON array of { path, method, status, replyType, reply }, and { requestType, parameters } where the request
// must be valid, too.
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { Validator } from '@seriousme/openapi-schema-validator';
import Ajv from 'ajv/dist/2020.js';
import { load } from 'js-yaml';

const file = process.argv[2];
const document = load(readFileSync(file, 'utf8'), { filename: file });
const exchanges = JSON.parse(await text(process.stdin));
const problems = [];

const { valid, errors } = await new Validator().validate(structuredClone(document));
if (!valid) problems.push(`${file}: is not OpenAPI ${document.openapi}: ${JSON.stringify(errors)}`);

// The document as a whole is no schema, so that keywords are not checked here.
const ajv = new Ajv({ strict: false });
ajv.addSchema(document, 'document');

const escape = (name) => encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'));

/// Returns the value at a path of names, and the path without references.
function find(names) {
  let found = [[], document];
  for (const name of names) {
    const [path, value] = found;
    if (value?.[name] === undefined) return [null, undefined];
    found = [[...path, name], value[name]];
    while (found[1].$ref) found = find(found[1].$ref.slice(2).split('/'));
  }
  return found;
}

function check(place, path, value) {
  const [media] = find(path);
  if (!media) return problems.push(`${place}: the document has no ${path.join(' ')}`);
  const validate = ajv.compile({ $ref: `document#/${[...media, 'schema'].map(escape).join('/')}` });
  if (!validate(value)) problems.push(`${place}: ${JSON.stringify(value)}: ${ajv.errorsText(validate.errors)}`);
}

function checkExamples(path) {
  for (const [type, media] of Object.entries(find([...path, 'content'])[1] ?? {})) {
    const place = [...path, 'content', type];
    const examples = Object.keys(media.examples ?? {}).map((name) => find([...place, 'examples', name])[1].value);
    if (media.example !== undefined) examples.push(media.example);
    examples.forEach((example) => check(`example of ${path.join(' ')}`, place, example));
  }
}

for (const [path, operations] of Object.entries(document.paths)) {
  for (const [method, operation] of Object.entries(operations).filter(([name]) => name !== 'servers')) {
    checkExamples(['paths', path, method, 'requestBody']);
    for (const status of Object.keys(operation.responses)) checkExamples(['paths', path, method, 'responses', status]);
  }
}

for (const { path, method, status, replyType, reply, requestType, parameters } of exchanges) {
  const place = `${method} ${path}`;
  check(place, ['paths', path, method, 'responses', String(status), 'content', replyType], reply);
  if (parameters) check(`request of ${place}`, ['paths', path, method, 'requestBody', 'content', requestType], parameters);
}

problems.forEach((problem) => console.log(problem));
console.log(`${exchanges.length} exchanges, ${problems.length} problem(s)`);
process.exitCode = problems.length === 0 ? 0 : 1;
