// Executes the steps of the Containerfile without a container engine, in a temporary folder, with the node and cargo of this
// machine: COPY takes only files that are in Git and not left out by .dockerignore, and every RUN is executed as written.
// Then it runs the resulting program. `node deploy/rehearse.mjs [FOLDER]`: FOLDER is kept, for a second, faster run.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '..');
const text = readFileSync(join(ROOT, 'deploy/Containerfile'), 'utf8');
const ignored = readFileSync(join(ROOT, '.dockerignore'), 'utf8').split('\n').filter((line) => line && !line.startsWith('#'));
const sent = ignored.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8' }).split('\0');
const context = tracked.filter((file) => sent.some((name) => file === name || file.startsWith(`${name}/`)));

const folder = process.argv[2] ? resolve(process.argv[2]) : mkdtempSync(join(tmpdir(), 'newbee-image-'));
const stages = new Map();
let stage;

// The place of a path of the current stage on this machine.
const place = (path, of = stage) => join(of.root, path.startsWith('/') ? path : join(of.workdir, path));

function copy(words) {
  const from = words[0].startsWith('--from=') ? stages.get(words.shift().slice('--from='.length)) : undefined;
  const target = words.pop();
  for (const source of words) {
    const into = target.endsWith('/') ? join(target, basename(source)) : target;
    if (from) {
      cpSync(place(source, from), place(into), { recursive: true });
      continue;
    }
    const files = context.filter((file) => file === source || file.startsWith(`${source}/`));
    if (files.length === 0) throw new Error(`COPY ${source}: there is no such file`);
    for (const file of files) {
      const copied = place(file === source ? into : join(target, file.slice(source.length + 1)));
      mkdirSync(dirname(copied), { recursive: true });
      cpSync(join(ROOT, file), copied);
    }
  }
}

const instructions = {
  FROM([image, , name = 'image']) {
    stage = { root: join(folder, name), workdir: '/' };
    stages.set(name, stage);
    mkdirSync(stage.root, { recursive: true });
    console.log(`\n== ${name} (${image})`);
  },
  WORKDIR([path]) {
    stage.workdir = path;
    mkdirSync(place('.'), { recursive: true });
  },
  COPY: copy,
  RUN(words) {
    console.log(`$ ${words.join(' ')}`);
    execFileSync('sh', ['-euc', words.join(' ')], { cwd: place('.'), stdio: 'inherit' });
  },
};

const lines = text.split('\n').filter((line) => !line.startsWith('#')).join('\n').replaceAll('\\\n', ' ').split('\n');
for (const line of lines.map((line) => line.trim()).filter(Boolean)) {
  const [instruction, ...words] = line.split(/\s+/);
  instructions[instruction]?.(words);
}

const program = place('/usr/local/bin/newbee');
if (!existsSync(program)) throw new Error('the image has no program');
console.log(`\n== result\n${execFileSync(program, ['--version'], { encoding: 'utf8' })}`);
if (!process.argv[2]) rmSync(folder, { recursive: true });
