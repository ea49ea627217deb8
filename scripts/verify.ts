// What `make check` and `make test` run: each step by name, its output only where it fails, all steps even after
// one failed, and a last line `N passed, N failed` that counts the steps and every single test.
// `node scripts/verify.ts` runs the static checks; with `--tests` all tests too.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const bin = (name: string) => path.join('node_modules', '.bin', name);
const steps: readonly (readonly [name: string, command: string, ...words: string[]])[] = [
  ['format and lint', bin('biome'), 'check', '--error-on-warnings', '.'],
  ['generated code is up to date', process.execPath, 'scripts/generate.ts', '--check'],
  ['types', bin('tsc'), '--noEmit'],
  ['dead code', bin('knip')],
  ['lock file is complete', process.execPath, 'scripts/complete-lock.ts', '--check'],
];

let passed = 0;
let failed = 0;
for (const [name, command, ...words] of steps) {
  const { status, stdout, stderr, error } = spawnSync(command, words, {
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  });
  if (status === 0) passed += 1;
  else failed += 1;
  process.stdout.write(`${status === 0 ? 'ok    ' : 'FAILED'} ${name}\n`);
  if (status !== 0) process.stdout.write(`${error?.message ?? ''}${stdout}${stderr}\n`);
}

if (process.argv.includes('--tests')) {
  const folder = mkdtempSync(path.join(tmpdir(), 'kube-toolbox-test-'));
  const report = path.join(folder, 'report.json');
  const { status } = spawnSync(
    bin('vitest'),
    ['run', '--reporter=default', '--reporter=json', `--outputFile=${report}`],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  const counts = readCounts(report);
  passed += counts.passed;
  // A failing set-up or a file that does not load fails no single test, and must count all the same.
  failed += Math.max(counts.failed, status === 0 ? 0 : 1);
  rmSync(folder, { recursive: true });
}

process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed > 0 ? 1 : 0;

function readCounts(file: string): { passed: number; failed: number } {
  try {
    const report = JSON.parse(readFileSync(file, 'utf8')) as {
      numPassedTests: number;
      numFailedTests: number;
    };
    return { passed: report.numPassedTests, failed: report.numFailedTests };
  } catch {
    return { passed: 0, failed: 1 };
  }
}
