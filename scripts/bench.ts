// What `make bench` runs: every measurement under test/bench/, one process each and one after another, so that
// none warms or slows another, in one table. `--only=PART` picks those whose file name contains it.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { rowsOnly, tableHead } from '../test/bench/bench.ts';

const { values } = parseArgs({ options: { only: { type: 'string', default: '' } } });
const harness = 'bench.ts';
const files = readdirSync('test/bench')
  .filter((name) => name.endsWith('.ts') && name !== harness && name.includes(values.only))
  .toSorted();
if (files.length === 0) {
  process.stderr.write(`no file of test/bench/ has "${values.only}" in its name\n`);
  process.exitCode = 2;
} else process.stdout.write(`${tableHead}\n`);
const env = { ...process.env, [rowsOnly]: '1' };
let failed = 0;
for (const name of files) {
  if (spawnSync(process.execPath, [`test/bench/${name}`], { stdio: 'inherit', env }).status !== 0)
    failed += 1;
}
if (failed > 0) {
  process.stderr.write(
    `${failed} of ${files.length} files have a measurement that missed its target or failed\n`,
  );
  process.exitCode = 1;
}
