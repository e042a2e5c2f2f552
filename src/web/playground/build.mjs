// `node build.mjs`: builds `dist`, the files that the server serves, from the sources beside this file. Does nothing
// when `dist` exists and no source changed, so it may run at every start. A second call waits for the build in
// progress.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const HERE = dirname(fileURLToPath(import.meta.url));
const DIST = join(HERE, 'dist');
const STAMP = '.built-from';
const SOURCES = ['.npmrc', 'build.mjs', 'index.html', 'package.json', 'package-lock.json', 'vite.config.js', 'src', 'tabs'];
// Files that compress to more than this fraction of their size are served uncompressed.
const WORTHWHILE = 0.95;

const read = (path) => (existsSync(path) ? readFileSync(path, 'utf8') : '');

function filesOf(path) {
  const entries = readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => (entry.isDirectory() ? filesOf(join(path, entry.name)) : [join(path, entry.name)]));
}

// Hash of all inputs of the build. Modification times are not used because they differ between clones.
function sourceHash() {
  const hash = createHash('sha256');
  for (const source of SOURCES.map((name) => join(HERE, name)).filter(existsSync)) {
    const files = source.endsWith('src') || source.endsWith('tabs') ? filesOf(source) : [source];
    for (const file of files) hash.update(file.slice(HERE.length)).update('\0').update(readFileSync(file)).update('\0');
  }
  return hash.digest('hex');
}

const isBuilt = () => read(join(DIST, STAMP)) === sourceHash();

// Allows one build at a time. A lock is released if its owner process no longer exists.
async function withLock(work) {
  const lock = join(HERE, 'dist.lock');
  const release = () => rmSync(lock, { recursive: true, force: true });
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      const owner = Number(read(join(lock, 'pid')));
      const isAlive = () => { try { return process.kill(owner, 0); } catch (problem) { return problem.code === 'EPERM'; } };
      if (owner > 0 && !isAlive()) release();
      else await new Promise((wake) => setTimeout(wake, 200));
    }
  }
  writeFileSync(join(lock, 'pid'), String(process.pid));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => { release(); process.exit(1); });
  try { await work(); } finally { release(); }
}

function install() {
  const lock = join(HERE, 'package-lock.json');
  const installed = join(HERE, 'node_modules', '.installed-lock.json');
  if (read(lock) === read(installed)) return;
  console.log('newbee: installing the npm packages of the playground');
  // NODE_ENV=production would omit the build tools.
  const env = { ...process.env, NODE_ENV: 'development' };
  // Show only errors.
  execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: HERE, stdio: ['ignore', 'ignore', 'inherit'], env });
  writeFileSync(installed, read(lock));
}

function compress(folder) {
  for (const file of filesOf(folder)) {
    const content = readFileSync(file);
    const siblings = {
      br: brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_SIZE_HINT]: content.length } }),
      gz: gzipSync(content, { level: 9 }),
    };
    for (const [ending, bytes] of Object.entries(siblings)) {
      if (bytes.length < content.length * WORTHWHILE) writeFileSync(`${file}.${ending}`, bytes);
    }
  }
}

async function build() {
  if (isBuilt()) return;
  const began = Date.now();
  const hash = sourceHash();
  install();
  console.log('newbee: building the playground');
  const { build: bundle } = await import('vite');
  const next = join(HERE, `dist.${process.pid}`);
  try {
    await bundle({ root: HERE, configFile: join(HERE, 'vite.config.js'), logLevel: 'warn', build: { outDir: next, emptyOutDir: true } });
    compress(next);
    writeFileSync(join(next, STAMP), hash);
    const former = join(HERE, `dist.former-${process.pid}`);
    if (existsSync(DIST)) renameSync(DIST, former);
    renameSync(next, DIST);
    rmSync(former, { recursive: true, force: true });
  } finally {
    rmSync(next, { recursive: true, force: true });
  }
  console.log(`newbee: the playground is built (${Math.round((Date.now() - began) / 1000)} s)`);
}

if (!isBuilt()) await withLock(build);
