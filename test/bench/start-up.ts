// Start-up: the time from typing a command to its end, where the command has next to nothing to do. `node -e 0` is the least
// that anything run by Node takes, and make with an empty recipe the least that any target takes.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runCases } from './bench.ts';

const repository = path.resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(path.join(tmpdir(), 'start-up-'));
const run = (command: string, words: readonly string[]) =>
  execFileSync(command, words, { cwd: repository, stdio: 'ignore', env: { ...process.env, MAKEFLAGS: '' } });
const times = 10;

// The first call fills Node's compile cache, as the first call after an installation does.
run('make', ['local-dryrun']);
const bare = path.join(folder, 'bare.mk');
writeFileSync(bare, `local-dryrun: ; @exec '${process.execPath}' dist/bin.js local-dryrun\n`);

await runCases([
  {
    name: "ktb local-dryrun of the tutorial's four trials",
    unit: 'starts',
    run: () => {
      for (let time = 0; time < times; time++) run(process.execPath, ['dist/bin.js', 'local-dryrun']);
      return { count: times };
    },
    floor: {
      name: 'node -e 0',
      run: () => {
        for (let time = 0; time < times; time++) run(process.execPath, ['-e', '0']);
      },
    },
    target: '≤ 3 × node -e 0',
    meets: ({ ratio }) => ratio !== undefined && ratio <= 3,
  },
  {
    name: 'make local-dryrun, everything built',
    unit: 'starts',
    run: () => {
      for (let time = 0; time < times; time++) run('make', ['local-dryrun']);
      return { count: times };
    },
    floor: {
      name: 'a Makefile of one line with the same command',
      run: () => {
        for (let time = 0; time < times; time++) run('make', ['-f', bare, 'local-dryrun']);
      },
    },
    target: '≤ 1.25 × a Makefile of one line',
    meets: ({ ratio }) => ratio !== undefined && ratio <= 1.25,
  },
]);
rmSync(folder, { recursive: true });
