import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type BenchCase, runCases } from './bench.ts';

// 10,000 trials over four axes, as a sweep would have them.
const launch = `project_name: bench
model:
  vit:
    command: >-
      [](make download file=data/;)
      python src/train.py --lr <lr> --wd <wd> --seed <seed> --depth <depth>
    hparam:
      lr: [${list((i) => `0.00${i}`)}]
      wd: [${list((i) => `${i}e-4`)}]
      seed: [${list(String)}]
      depth: [${list((i) => String(i + 2))}]
    outputs: out/<name>/
    env: {RUN_SEED: <seed>}
    gpu_count: 1
dataset: {imagenet: {}}
`;
const kube = `user: jdoe
namespace: lab-vision
image: python:3.12
code: image
tolerations: [nautilus.io/issue]
gpu_whitelist: [NVIDIA-A10, NVIDIA-RTX-A6000]
volumes: {lab-data: /data}
`;
const trials = 10_000;
const bin = path.resolve('dist/bin.js');

function list(text: (i: number) => string): string {
  return Array.from({ length: 10 }, (_, i) => `'${text(i)}'`).join(', ');
}

const root = mkdtempSync(path.join(tmpdir(), 'ktb-bench-'));
let folder = '';

/**
 * A new one each time, and none is removed before the end: for a minute after many files were deleted, ext4 takes up to
 * ten times as long to make others (`recently_deleted` in the kernel's fs/ext4/ialloc.c).
 */
function makeProject(): void {
  folder = mkdtempSync(path.join(root, 'project-'));
  mkdirSync(path.join(folder, 'config'));
  writeFileSync(path.join(folder, 'config/launch.yaml'), launch);
  writeFileSync(path.join(folder, 'config/kube.yaml'), kube);
  writeFileSync(path.join(folder, '.env'), 'WANDB_API_KEY=not-a-real-key-1234\n');
}

/** The command as people run it, with its peak memory. */
function dryrun(): { count: number; peakMemory: number } {
  const tellMemory = "process.on('exit', () => process.stdout.write(`\\n${process.resourceUsage().maxRSS}`))";
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(tellMemory)}`, bin, 'dryrun'],
    { cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 26 },
  );
  if (status !== 0) throw new Error(`dryrun ended with ${status}: ${stderr}`);
  return { count: trials, peakMemory: Number(stdout.slice(stdout.lastIndexOf('\n'))) * 1024 };
}

/** The files alone: as many, about as large. */
function writeFiles(): void {
  const text = 'x'.repeat(5000);
  const target = path.join(folder, 'floor');
  mkdirSync(target, { recursive: true });
  for (let i = 0; i < trials; i++) writeFileSync(`${target}/jdoe-bench-vit-imagenet-lr-0-${i}.yaml`, text);
}

export const cases: readonly BenchCase[] = [
  {
    name: `dryrun of ${trials.toLocaleString('en-US')} trials into files`,
    unit: 'manifests',
    prepare: makeProject,
    run: dryrun,
    floor: { name: 'writing as many files', run: writeFiles },
    target: '≥ 10,000 manifests/s, peak memory < 400 MB',
    meets: ({ rate, peakMemory = Number.POSITIVE_INFINITY }) => rate >= 10_000 && peakMemory < 400e6,
  },
];

if (import.meta.main) {
  await runCases(cases);
  rmSync(root, { recursive: true, force: true });
}
