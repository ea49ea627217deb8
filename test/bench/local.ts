import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type BenchCase, runCases } from './bench.ts';

// Whole processes, as a user's shell starts them: what ships, start-up included.
const bin = resolve('dist/bin.js');
const trials = 1000;
const folder = mkdtempSync(join(tmpdir(), 'bench-local-'));

function run(file: string, args: readonly string[], cwd: string): void {
  execFileSync(file, args, { cwd, stdio: 'ignore' });
}

let sweep = '';

/** A new folder each time: removing the last one would make ext4 pass over its inodes for the next seconds. */
function writeSweep(): void {
  sweep = mkdtempSync(join(folder, 'sweep-'));
  mkdirSync(join(sweep, 'config'), { recursive: true });
  const values = Array.from({ length: trials }, (_, index) => index).join(', ');
  writeFileSync(
    join(sweep, 'config/launch.yaml'),
    `project_name: bench\npython_env: none\nmodel: { m: { command: 'true', hparam: { i: [${values}] } } }\n`,
  );
}

const cases: readonly BenchCase[] = [
  {
    name: `${trials} trials of \`true\`, one after another`,
    unit: 'trials',
    prepare: writeSweep,
    run() {
      run(process.execPath, [bin, 'local'], sweep);
      return { count: trials };
    },
    floor: {
      name: 'xargs -n1 bash -c true',
      run: () => run('bash', ['-c', `seq ${trials} | xargs -n1 bash -c true`], folder),
    },
    target: '≤ 2 × xargs',
    meets: ({ ratio = Number.POSITIVE_INFINITY }) => ratio <= 2,
  },
];

if (import.meta.main) {
  try {
    await runCases(cases);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
