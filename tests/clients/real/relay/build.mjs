// Build of the examples, as by a bundler: relay-compiler writes the artifacts of the `graphql` tags, and its Babel
// plugin replaces the tags with them. The output folder build/ is not committed.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { transformFileSync } from '@babel/core';
import relayCompiler from 'relay-compiler';

const here = fileURLToPath(new URL('.', import.meta.url));
const built = `${here}build/`;

export function build() {
  rmSync(built, { recursive: true, force: true });
  mkdirSync(`${built}__generated__`, { recursive: true });
  writeFileSync(`${built}package.json`, '{ "type": "commonjs" }');
  execFileSync(relayCompiler, ['relay.config.json'], { cwd: here, stdio: 'pipe' });
  for (const file of readdirSync(here).filter((name) => /\.jsx?$/.test(name))) {
    const { code } = transformFileSync(here + file, {
      babelrc: false,
      configFile: false,
      plugins: [
        ['relay', { eagerEsModules: false }],
        ['@babel/plugin-transform-react-jsx', { runtime: 'automatic' }],
        '@babel/plugin-transform-modules-commonjs',
      ],
    });
    writeFileSync(built + file.replace(/x$/, ''), code);
  }
}
