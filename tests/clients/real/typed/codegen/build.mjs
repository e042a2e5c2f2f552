// `node build.mjs`: writes build/gql, with the types and persisted-documents.json, checks them with tsc, and compiles.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const run = (name, ...options) => execFileSync(`${here}../../node_modules/.bin/${name}`, options, { cwd: here, stdio: 'inherit' });

rmSync(`${here}build`, { recursive: true, force: true });
run('graphql-codegen', '--config', 'codegen.ts', '--silent');
run('tsc', '--project', 'tsconfig.json');
