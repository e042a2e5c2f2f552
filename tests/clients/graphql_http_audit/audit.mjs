// Runs every audit of the package graphql-http against a server: `node audit.mjs http://127.0.0.1:8080/graphql`.
// Prints a line for each, and exits with code 1 if any audit fails, whether MUST, SHOULD or MAY.

import { auditServer } from 'graphql-http';

const [url] = process.argv.slice(2);
if (!url) {
  console.error('Usage: node audit.mjs http://127.0.0.1:8080/graphql');
  process.exit(2);
}

const verdicts = await auditServer({ url });
const failed = verdicts.filter(({ status }) => status !== 'ok');
for (const { id, name, status, reason } of verdicts) {
  console.log(status === 'ok' ? `ok      ${id} ${name}` : `FAILED  ${id} ${name}: ${reason}`);
}
console.log(`${verdicts.length - failed.length} passed, ${failed.length} failed`);
process.exitCode = failed.length > 0 || verdicts.length === 0 ? 1 : 0;
