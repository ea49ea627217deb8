import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { main } from '../../src/main.ts';
import { type BenchCase, inProcess, runCases } from './bench.ts';

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

function list(text: (i: number) => string): string {
  return Array.from({ length: 10 }, (_, i) => `'${text(i)}'`).join(', ');
}

let folder = '';

function makeProject(): void {
  folder = mkdtempSync(path.join(tmpdir(), 'ktb-bench-'));
  mkdirSync(path.join(folder, 'config'));
  writeFileSync(path.join(folder, 'config/launch.yaml'), launch);
  writeFileSync(path.join(folder, 'config/kube.yaml'), kube);
  writeFileSync(path.join(folder, '.env'), 'WANDB_API_KEY=not-a-real-key-1234\n');
}

async function dryrun(cwd: string): Promise<void> {
  const nowhere = { write: () => true } as unknown as NodeJS.WriteStream;
  const code = await main(['dryrun'], {
    cwd,
    env: process.env,
    stdin: process.stdin,
    stdout: nowhere,
    stderr: nowhere,
    now: Date.now,
    signal: new AbortController().signal,
  });
  if (code !== 0) throw new Error(`dryrun ended with ${code}`);
}

/** The files alone: as many, about as large. */
function writeFiles(): void {
  const text = 'x'.repeat(5000);
  const target = path.join(folder, 'floor');
  mkdirSync(target, { recursive: true });
  for (let i = 0; i < trials; i++) writeFileSync(`${target}/jdoe-bench-vit-imagenet-lr-0-${i}.yaml`, text);
}

const self = fileURLToPath(import.meta.url);

export const cases: readonly BenchCase[] = [
  {
    name: `dryrun of ${trials.toLocaleString('en-US')} trials into files, in a process of its own`,
    unit: 'manifests',
    prepare: () => {
      if (folder !== '') rmSync(folder, { recursive: true });
      makeProject();
    },
    run: () => inProcess<{ count: number; peakMemory: number }>(self, 'once', folder),
    floor: { name: 'writing as many files', run: writeFiles },
    target: '≥ 10,000 manifests/s, peak memory < 400 MB',
    meets: ({ rate, peakMemory = Number.POSITIVE_INFINITY }) => rate >= 10_000 && peakMemory < 400e6,
  },
];

if (import.meta.main) {
  if (process.argv[2] === 'once') {
    await dryrun(process.argv[3] ?? '');
    console.log(JSON.stringify({ count: trials, peakMemory: process.resourceUsage().maxRSS * 1024 }));
  } else {
    await runCases(cases);
    rmSync(folder, { recursive: true, force: true });
  }
}
