// `node build.mjs`: writes build/gql, checks it and its use with tsc, and compiles to build/js.
import { execFileSync } from 'node:child_process';
import { existsSync, rmSync, symlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const run = (name, ...options) => execFileSync(`${here}node_modules/.bin/${name}`, options, { cwd: here, stdio: 'inherit' });

// The tests install the packages of all clients once, in ../../real.
if (!existsSync(`${here}node_modules`)) symlinkSync('../../real/node_modules', `${here}node_modules`, 'junction');
rmSync(`${here}build`, { recursive: true, force: true });
run('graphql-codegen', '--config', 'codegen.ts', '--silent');
run('tsc', '--project', 'tsconfig.json');
