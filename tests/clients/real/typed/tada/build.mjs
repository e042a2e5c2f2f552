// `node build.mjs`: writes build/introspection.d.ts, checks the documents with gql.tada and the types with tsc, and
// compiles.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const run = (name, ...options) => execFileSync(`${here}../../node_modules/.bin/${name}`, options, { cwd: here, stdio: 'inherit' });

rmSync(`${here}build`, { recursive: true, force: true });
run('gql.tada', 'generate-output');
run('gql.tada', 'check', '--fail-on-warn');
run('tsc', '--project', 'tsconfig.json');
