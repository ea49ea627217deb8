import { hash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { assemble } from '../../src/matrix/assemble.ts';
import { expand } from '../../src/matrix/expand.ts';
import { buildConfig } from '../matrix/config-builder.ts';
import { type BenchCase, inProcess, runCases } from './bench.ts';

const range = (length: number, text: (i: number) => string) => Array.from({ length }, (_, i) => text(i));

/** Five axes of ten values, as a sweep would have them: dots in the names, so that every one needs a hash. */
function sweep() {
  return buildConfig({
    model: {
      vit: {
        command:
          '[](make download file=data/;) python src/train.py --lr <lr> --wd <wd> --seed <seed> --depth <depth> --batch <batch>',
        hparam: {
          lr: range(10, (i) => `0.00${i}`),
          wd: range(10, (i) => `${i}e-4`),
          seed: range(10, String),
          depth: range(10, (i) => String(i + 2)),
          batch: range(10, (i) => String(16 * (i + 1))),
        },
        fields: { outputs: ['out/<name>/'], env: { RUN_SEED: '<seed>' } },
      },
    },
    dataset: { imagenet: {} },
  });
}

/** Plans all trials, names and fingerprints included; returns how many. */
function planAll(): number {
  const config = sweep();
  const matrix = expand(config);
  if (!matrix.ok) throw new Error('the sweep of the benchmark does not expand');
  const plan = assemble(config, matrix.value, { side: 'remote', code: '0'.repeat(40) });
  if (!plan.ok) throw new Error('the sweep of the benchmark does not assemble');
  let count = 0;
  for (const spec of plan.value) if (spec.name !== '' && spec.fingerprint.hash.length === 64) count++;
  return count;
}

/** The commands of all trials, for the floor: SHA-256 of what has to be hashed, and nothing else. */
let commands: readonly string[] | undefined;

function listCommands(): readonly string[] {
  const config = sweep();
  const matrix = expand(config);
  if (!matrix.ok) return [];
  const plan = assemble(config, matrix.value, { side: 'remote' });
  return plan.ok ? [...plan.value].map((spec) => spec.command) : [];
}

function refuse(): void {
  const axis = range(100, String);
  const config = buildConfig({
    model: { m: { hparam: { a: axis, b: axis, c: axis, d: axis, e: axis, f: axis } } },
  });
  if (expand(config).ok) throw new Error('10¹² trials were not refused');
}

const self = fileURLToPath(import.meta.url);

export const cases: readonly BenchCase[] = [
  {
    name: 'plan 100,000 trials over five axes',
    unit: 'trials',
    run: () => ({ count: planAll() }),
    floor: {
      name: 'four SHA-256 a trial',
      run() {
        commands ??= listCommands();
        for (const command of commands) for (let i = 0; i < 4; i++) hash('sha256', command, 'hex');
      },
    },
    target: '≥ 100,000 trials/s',
    meets: ({ rate }) => rate >= 100_000,
  },
  {
    name: 'the same, in a process of its own',
    unit: 'trials',
    run: () => inProcess<{ count: number; peakMemory: number }>(self, 'once'),
    target: 'peak memory < 350 MiB',
    meets: ({ peakMemory = Number.POSITIVE_INFINITY }) => peakMemory < 350 * 2 ** 20,
  },
  {
    name: 'refuse 10¹² trials',
    unit: 'matrices',
    run() {
      refuse();
      return { count: 1 };
    },
    target: '< 50 ms',
    meets: ({ seconds }) => seconds < 0.05,
  },
];

if (import.meta.main) {
  if (process.argv[2] === 'once') {
    const count = planAll();
    console.log(JSON.stringify({ count, peakMemory: process.resourceUsage().maxRSS * 1024 }));
  } else await runCases(cases);
}
