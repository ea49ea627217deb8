import { execFileSync } from 'node:child_process';

/** One measured run of something. */
export interface Measured {
  /** Things done (trials, bytes, files); the rate is this over the seconds taken. */
  readonly count: number;
  /** Bytes; absent where memory is not at issue. */
  readonly peakMemory?: number;
}

/** One row of the table `make bench` prints. */
export interface BenchCase {
  readonly name: string;
  /** What `count` counts: `trials`. */
  readonly unit: string;
  /** Does the work once. What should not be timed belongs in `prepare`. */
  readonly run: () => Measured | Promise<Measured>;
  readonly prepare?: () => void | Promise<void>;
  /** The least that any tool would have to do, or another tool that does it: what the ratio is against. */
  readonly floor?: { readonly name: string; readonly run: () => void | Promise<void> };
  /** What is asked for, in words: `≥ 100,000 trials/s`. */
  readonly target: string;
  /** Whether the medians meet the target. */
  readonly meets: (result: BenchResult) => boolean;
  /** How often; at least, and by default, 5 times after one unmeasured run. */
  readonly times?: number;
}

export interface BenchResult {
  /** Medians. */
  readonly seconds: number;
  readonly rate: number;
  /** Time over the floor's time; absent without a floor. */
  readonly ratio?: number;
  /** Highest seen, bytes. */
  readonly peakMemory?: number;
}

/** Measures a case: the work and its floor alternate, so that a busy machine slows both. */
async function measure(bench: BenchCase): Promise<BenchResult> {
  const work: number[] = [];
  const rates: number[] = [];
  const floor: number[] = [];
  let peakMemory: number | undefined;
  for (let time = -1; time < Math.max(5, bench.times ?? 5); time++) {
    await bench.prepare?.();
    const start = performance.now();
    const { count, peakMemory: peak } = await bench.run();
    const seconds = (performance.now() - start) / 1000;
    const floorStart = performance.now();
    await bench.floor?.run();
    const floorSeconds = (performance.now() - floorStart) / 1000;
    if (time === -1) continue;
    work.push(seconds);
    rates.push(count / seconds);
    floor.push(floorSeconds);
    if (peak !== undefined) peakMemory = Math.max(peakMemory ?? 0, peak);
  }
  return {
    seconds: median(work),
    rate: median(rates),
    ...(bench.floor && { ratio: median(work.map((seconds, i) => seconds / (floor[i] ?? Number.NaN))) }),
    ...(peakMemory !== undefined && { peakMemory }),
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}

/** `| name | time | rate | against floor | memory | target | met |`. */
function formatRow(bench: BenchCase, result: BenchResult): string {
  const cells = [
    bench.name,
    `${(result.seconds * 1000).toFixed(result.seconds < 0.1 ? 1 : 0)} ms`,
    `${Math.round(result.rate).toLocaleString('en-US')} ${bench.unit}/s`,
    result.ratio === undefined ? '' : `${result.ratio.toFixed(1)} × ${bench.floor?.name}`,
    result.peakMemory === undefined ? '' : `${Math.round(result.peakMemory / 2 ** 20)} MiB`,
    bench.target,
    bench.meets(result) ? 'yes' : 'NO',
  ];
  return `| ${cells.join(' | ')} |`;
}

export const tableHead = [
  '| what | median | rate | against | peak memory | target | met |',
  '|---|---|---|---|---|---|---|',
].join('\n');

/** Set by `make bench`, which prints the head of its table once for all files. */
export const rowsOnly = 'BENCH_ROWS_ONLY';

/**
 * Runs the cases of one bench file and prints a row for each: `if (import.meta.main) await runCases(cases)`.
 * Exit code 1 where a target is missed.
 */
export async function runCases(cases: readonly BenchCase[]): Promise<void> {
  if (process.env[rowsOnly] === undefined) console.log(tableHead);
  for (const bench of cases) {
    const result = await measure(bench);
    console.log(formatRow(bench, result));
    if (!bench.meets(result)) process.exitCode = 1;
  }
}

/**
 * Runs a script of ours in a process of its own and reads what it prints: for peak memory of a whole process,
 * or time from start-up. The script prints one JSON object.
 */
export function inProcess<T>(script: string, ...args: readonly string[]): T {
  return JSON.parse(execFileSync(process.execPath, [script, ...args], { encoding: 'utf8' })) as T;
}
