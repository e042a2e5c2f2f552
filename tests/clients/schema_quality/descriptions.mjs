// Rules for descriptions: full sentences with more information than the name, and references to the legacy API.
import { readFileSync } from 'node:fs';
import { buildSchema, isEnumType, isInputObjectType, isInterfaceType, isObjectType } from 'graphql';

/// Fields that replace a legacy method, and the method that their descriptions must name.
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
/// Enums whose values have numbers in the legacy API.
const NUMBERED = ['AwardStatus', 'UserErrorCode'];
/// Their values that no legacy method returns: these have no method for the mutation.
const WITHOUT_LEGACY = /^MAKE_UP_/;

/// Returns the words of a name or a description, without articles and the like.
const words = (text) =>
  text.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase().match(/[a-z0-9]+/g).filter((word) => !['a', 'an', 'its', 'of', 'the'].includes(word));

function isSentence(text) {
  return /^([A-Z`0-9]|newbee )/.test(text) && /[.)]$/.test(text) && / /.test(text) && !/ {2}|\s$/.test(text);
}

/// Yields the path and description of every element of a schema.
function* described(schema) {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!type.astNode) continue;
    yield [type.name, type.description];
    if (isEnumType(type)) for (const value of type.getValues()) yield [`${type.name}.${value.name}`, value.description];
    if (isObjectType(type) || isInterfaceType(type) || isInputObjectType(type)) {
      for (const field of Object.values(type.getFields())) {
        yield [`${type.name}.${field.name}`, field.description];
        for (const arg of field.args ?? []) yield [`${type.name}.${field.name}(${arg.name}:)`, arg.description];
      }
    }
  }
}

/// Returns the descriptions that are not a sentence or add nothing to the name, in the schema `file`.
export function sentences(file, text) {
  const problems = [];
  const schema = buildSchema(text);
  // The name of an enum value may be sufficient, such as WINDOW_ENDS_BEFORE_IT_STARTS.
  const isValue = (path) => isEnumType(schema.getType(path.split('.')[0])) && path.includes('.');
  for (const [path, description] of described(schema)) {
    if (!isSentence(description ?? '')) {
      problems.push(`${file}: ${path}: no full sentence: ${JSON.stringify(description)}`);
    } else if (!isValue(path) && words(description).join() === words(path.split(/[.(:]/).findLast((part) => /\w/.test(part))).join()) {
      problems.push(`${file}: ${path}: says no more than its name: ${JSON.stringify(description)}`);
    }
  }
  return problems;
}

/// Returns fields that do not name the legacy method they replace, methods without a replacement, and values without a
/// number.
export function legacy(file, text, methodsFile) {
  const schema = buildSchema(text);
  const problems = [];
  for (const [path, method] of Object.entries(LEGACY)) {
    const [type, field] = path.split('.');
    if (!schema.getType(type)?.getFields()[field]?.description?.includes(`\`${method}\``)) {
      problems.push(`${file}: ${path}: does not name ${method}, which it replaces`);
    }
  }
  const methods = [...readFileSync(methodsFile, 'utf8').matchAll(/^ {4}method\(\s*"(\w+)"/gm)].map(([, name]) => `customer/${name}`);
  const replaced = Object.values(LEGACY);
  if (methods.length === 0) problems.push(`${methodsFile}: names no legacy method any more`);
  for (const method of methods.filter((method) => !replaced.includes(method))) {
    problems.push(`${file}: no field is known to replace ${method}: add it to LEGACY in descriptions.mjs`);
  }
  for (const type of NUMBERED) {
    for (const { name, description } of schema.getType(type).getValues()) {
      if (!WITHOUT_LEGACY.test(name) && !/ Status \d+ of the legacy methods\.$/.test(description)) {
        problems.push(`${file}: ${type}.${name}: does not end with the legacy number, as in "Status 1 of the legacy methods."`);
      }
    }
  }
  return problems;
}
