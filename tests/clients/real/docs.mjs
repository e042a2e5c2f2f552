// Keeps the examples in the READMEs identical to the code that the tests run: `node docs.mjs --write` updates them,
// `node docs.mjs --check` exits with code 1 if any differs. Both accept README files as further arguments.
//
// A comment before a code block defines its content: `<!-- apollo.example.mjs#client -->` the lines between
// `// #region client` and `// #endregion` (`# region` and `# endregion` in other languages) of that file next to the README;
// `<!-- install graphql ws -->` the command that installs these packages in the versions of package.json (`install-dev`: as
// development dependencies), `<!-- pip mypy -->` in those of the requirements of the host in Python.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const BLOCK = /^<!-- (?<what>[^>]+) -->\n```(?<language>\w+)\n(?:(?!```)[^])*^```$/gm;
const REGION = /^\s*(?:\/\/ #|# )region (\S+)$/gm;
const hosts = join(here, '../host');
const manifest = JSON.parse(readFileSync(`${here}package.json`, 'utf8'));
const requirements = readFileSync(join(hosts, 'python/requirements.txt'), 'utf8').split('\n');
const files = [here, hosts].flatMap((root) =>
  readdirSync(root, { recursive: true })
    .filter((file) => !/(^|[\\/])(node_modules|build)([\\/]|$)/.test(file))
    .map((file) => join(root, file)));

/// Returns the lines of a file between `#region` and `#endregion`.
function region(file, name) {
  const lines = readFileSync(file, 'utf8').split('\n');
  const first = lines.findIndex((line) => [`// #region ${name}`, `# region ${name}`].includes(line.trim()));
  const length = lines.slice(first).findIndex((line) => ['// #endregion', '# endregion'].includes(line.trim()));
  if (first < 0 || length < 0) throw new Error(`${file} has no region ${name}`);
  return lines.slice(first + 1, first + length).join('\n');
}

function install(option, packages) {
  const versions = { ...manifest.dependencies, ...manifest.devDependencies };
  const pinned = packages.map((name) => {
    if (!versions[name]) throw new Error(`package.json has no ${name}`);
    return `${name}@${versions[name]}`;
  });
  return ['npm install', ...option, ...pinned].join(' ');
}

function pip(packages) {
  const pinned = packages.map((name) => requirements.find((line) => line.startsWith(`${name}==`)));
  if (pinned.includes(undefined)) throw new Error(`requirements.txt lacks one of ${packages.join(', ')}`);
  return ['pip install', ...pinned].join(' ');
}

function content(readme, what) {
  const [first, ...rest] = what.split(' ');
  if (first === 'install') return install([], rest);
  if (first === 'install-dev') return install(['--save-dev'], rest);
  if (first === 'pip') return pip(rest);
  const [file, name] = first.split('#');
  const path = join(dirname(readme), file);
  shown.add(`${path}#${name}`);
  return region(path, name);
}

const [mode, ...named] = process.argv.slice(2);
const shown = new Set();
const problems = [];
for (const readme of named.length > 0 ? named : files.filter((file) => basename(file) === 'README.md')) {
  const before = readFileSync(readme, 'utf8');
  const after = before.replace(
    BLOCK,
    (_block, what, language) => `<!-- ${what} -->\n\`\`\`${language}\n${content(readme, what)}\n\`\`\``,
  );
  if (after === before) continue;
  if (mode === '--write') writeFileSync(readme, after);
  else problems.push(`${readme}: an example differs from the code that the tests run.`);
}
for (const file of named.length > 0 ? [] : files.filter((file) => /\.(mjs|jsx?|tsx?|py|toml)$/.test(file))) {
  for (const [, name] of readFileSync(file, 'utf8').matchAll(REGION)) {
    if (!shown.has(`${file}#${name}`)) problems.push(`${file}#${name} is not shown in any README.`);
  }
}
if (problems.length > 0) {
  console.error([...problems, 'Run: node docs.mjs --write'].join('\n'));
  process.exit(1);
}
console.log(`${shown.size} examples equal the code that the tests run`);
