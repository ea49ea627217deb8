// What `make bench` runs: every measurement under test/bench/, one process each and one after another, so that
// none warms or slows another. `--only=PART` picks those whose file name contains it.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { only: { type: 'string', default: '' } } });
const harness = 'bench.ts';
const files = readdirSync('test/bench')
  .filter((name) => name.endsWith('.ts') && name !== harness && name.includes(values.only))
  .toSorted();
if (files.length === 0) {
  process.stderr.write(`no file of test/bench/ has "${values.only}" in its name\n`);
  process.exitCode = 2;
}
let failed = 0;
for (const name of files) {
  process.stdout.write(`\n${name.replace(/\.ts$/, '')}\n`);
  if (spawnSync(process.execPath, [`test/bench/${name}`], { stdio: 'inherit' }).status !== 0) failed += 1;
}
if (failed > 0) {
  process.stderr.write(`${failed} of ${files.length} measurements missed their bound or failed\n`);
  process.exitCode = 1;
}
