// Prints the documents of YAML files as JSON: an array for each file.
// node yaml.mjs FILE…
import { readFileSync } from 'node:fs';
import { loadAll } from 'js-yaml';

const files = process.argv.slice(2).map((file) => loadAll(readFileSync(file, 'utf8'), undefined, { filename: file }));
console.log(JSON.stringify(files));
