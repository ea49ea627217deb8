// Our commands against an S3 server, with s5cmd beside them where it is on the PATH, else rclone.
//   BENCH_S3_ENDPOINT=http://127.0.0.1:7480 BENCH_S3_KEY=… BENCH_S3_SECRET=… [BENCH_S3_BUCKET=bench] make bench only=s3
// The bucket must exist. BENCH_S3_MIB: size of the one large file, default 512; twice that is there at a time.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, never } from '../stores/fake-bucket.ts';
import { type BenchCase, runCases } from './bench.ts';

const {
  BENCH_S3_ENDPOINT: endpoint = '',
  BENCH_S3_KEY: key = '',
  BENCH_S3_SECRET: secret = '',
} = process.env;
const bucket = process.env['BENCH_S3_BUCKET'] ?? 'bench';
const mebibytes = Number(process.env['BENCH_S3_MIB'] ?? 512);

const root = mkdtempSync(join(tmpdir(), 'ktb-bench-'));
const settings = {
  S3_ENDPOINT_URL: endpoint,
  S3_BUCKET_NAME: bucket,
  AWS_ACCESS_KEY_ID: key,
  AWS_SECRET_ACCESS_KEY: secret,
};
const env = { PATH: process.env['PATH'], HOME: root, NO_PROXY: '127.0.0.1', ...settings };
const bin = new URL('../../dist/bin.js', import.meta.url).pathname;
const memoryFile = join(root, 'memory');
const recordMemory = `data:text/javascript,import{writeFileSync}from'node:fs';process.on('exit',()=>writeFileSync(${JSON.stringify(memoryFile)},String(process.resourceUsage().maxRSS*1024)))`;

function run(command: string, argv: readonly string[], more: Record<string, string> = {}): void {
  const done = spawnSync(command, argv, {
    cwd: root,
    env: { ...env, ...more },
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (done.status !== 0)
    throw new Error(`${command} ${argv.join(' ')}: ${done.stderr || done.error?.message}`);
}

/** Runs our command and tells its peak memory. */
function ours(count: number, ...argv: readonly string[]) {
  run(process.execPath, ['--import', recordMemory, bin, ...argv]);
  return { count, peakMemory: Number(readFileSync(memoryFile, 'utf8')) };
}

const found = (command: string) => spawnSync(command, ['version'], { env }).status === 0;
const other = found('s5cmd') ? 's5cmd' : found('rclone') ? 'rclone' : undefined;

/** The same by the other tool, with its defaults; rclone with as many at once as s5cmd has. */
function theirs(from: string, to: string): void {
  if (other === 's5cmd') {
    run('s5cmd', ['--endpoint-url', endpoint, 'cp', from.endsWith('/') ? `${from}*` : from, to]);
    return;
  }
  const remote = (path: string) => path.replace('s3://', 'bench:');
  const parallel = ['--transfers', '256', '--checkers', '64', '--s3-no-head', '--ignore-checksum'];
  run('rclone', ['copyto', ...parallel, remote(from), remote(to)], {
    RCLONE_CONFIG: '/dev/null',
    RCLONE_CONFIG_BENCH_TYPE: 's3',
    RCLONE_CONFIG_BENCH_PROVIDER: 'Ceph',
    RCLONE_CONFIG_BENCH_ENDPOINT: endpoint,
    RCLONE_CONFIG_BENCH_ACCESS_KEY_ID: key,
    RCLONE_CONFIG_BENCH_SECRET_ACCESS_KEY: secret,
  });
}

const floor = (work: () => void) => (other === undefined ? {} : { floor: { name: other, run: work } });
const memory = 300 * 2 ** 20;
const small = 3000;
const many = 25_000;
let round = 0;

function makeFiles(folder: string, count: number, size: number): void {
  mkdirSync(join(root, folder));
  for (let index = 0; index < count; index++)
    writeFileSync(join(root, folder, `${index}.bin`), randomBytes(size));
}

/** A name that the bucket has not: otherwise there would be nothing to do. What was under the one before is removed. */
async function renew(name: string): Promise<string> {
  await forget(name);
  const next = name.replace(/\d*$/, String(Date.now() * 10 + (round++ % 10)));
  renameSync(join(root, name), join(root, next));
  return next;
}

let folder = 'small';
let file = 'big';
let copy = 'copy';

/** A new one each time: for a minute after many files were deleted, ext4 takes far longer to make others. */
function copyElsewhere(): void {
  copy = `copy-${round++}`;
}

/** What was written before goes, and the disk has nothing left to do of it when the next one waits for the disk. */
function copyAgain(): void {
  rmSync(join(root, 'copy'), { recursive: true, force: true });
  mkdirSync(join(root, 'copy'));
  run('sync', []);
}

const cases: readonly BenchCase[] = [
  {
    name: '3,000 files of 4 KiB, up',
    unit: 'files',
    prepare: async () => {
      folder = await renew(folder);
    },
    run: () => ours(small, 'upload', `file=${folder}/`),
    ...floor(() => theirs(`${folder}/`, `s3://${bucket}/other-${folder}/`)),
    target: '≤ 1.0 × s5cmd',
    meets: ({ ratio = 0, peakMemory = 0 }) => (other !== 's5cmd' || ratio <= 1) && peakMemory < memory,
  },
  {
    name: '3,000 files of 4 KiB, down',
    unit: 'files',
    prepare: copyElsewhere,
    run: () => ours(small, 'download', `file=${folder}/`, `local_path=${copy}`),
    ...floor(() => theirs(`s3://${bucket}/${folder}/`, `${copy}/other/`)),
    target: '≤ 1.0 × s5cmd',
    meets: ({ ratio = 0, peakMemory = 0 }) => (other !== 's5cmd' || ratio <= 1) && peakMemory < memory,
  },
  {
    name: `${mebibytes} MiB in one file, up`,
    unit: 'MiB',
    prepare: async () => {
      file = await renew(file);
    },
    run: () => ours(mebibytes, 'upload', `file=${file}`),
    ...floor(() => theirs(file, `s3://${bucket}/other-${file}`)),
    target: '≤ 1.1 × s5cmd',
    meets: ({ ratio = 0, peakMemory = 0 }) => (other !== 's5cmd' || ratio <= 1 / 0.9) && peakMemory < memory,
  },
  {
    name: `${mebibytes} MiB in one file, down`,
    unit: 'MiB',
    prepare: copyAgain,
    run: () => ours(mebibytes, 'download', `file=${file}`, 'local_path=copy'),
    ...floor(() => theirs(`s3://${bucket}/${file}`, 'copy/other')),
    target: '≤ 1.1 × s5cmd',
    meets: ({ ratio = 0, peakMemory = 0 }) => (other !== 's5cmd' || ratio <= 1 / 0.9) && peakMemory < memory,
  },
  {
    name: '25,000 objects, nothing to do',
    unit: 'files',
    run: () => ours(many, 'upload', 'file=many/'),
    floor: {
      name: 'bare listing + stat',
      run: async () => {
        // What start-up costs is in both.
        run(process.execPath, ['--version']);
        await listBare();
        for (let index = 0; index < many; index++) statSync(join(root, 'many', `${index}.bin`));
      },
    },
    target: '≤ 1.3 × listing + stat',
    meets: ({ ratio = 9, peakMemory = 0 }) => ratio <= 1.3 && peakMemory < memory,
  },
];

const store = endpoint === '' ? undefined : await connect(settings);

async function forget(name: string): Promise<void> {
  for (const prefix of [name, `other-${name}`]) {
    const keys: string[] = [];
    for await (const page of store?.list({ prefix, signal: never }) ?? [])
      keys.push(...page.objects.map((object) => object.key));
    await store?.delete(keys, never);
  }
}

async function listBare(): Promise<void> {
  let count = 0;
  for await (const page of store?.list({ prefix: 'many/', signal: never }) ?? [])
    count += page.objects.length;
  if (count < many) throw new Error(`listed ${count}`);
}

if (import.meta.main) {
  if (endpoint === '') console.error('S3 is not measured: BENCH_S3_ENDPOINT is not set');
  else {
    try {
      makeFiles('small', small, 4096);
      makeFiles('many', many, 16);
      writeFileSync(join(root, 'big'), '');
      for (let index = 0; index < mebibytes; index++)
        writeFileSync(join(root, 'big'), randomBytes(1 << 20), { flag: 'a' });
      ours(many, 'upload', 'file=many/', 'overwrite=true');
      await runCases(cases);
    } finally {
      for (const name of [folder, file, 'many']) await forget(name);
      store?.close();
      rmSync(root, { recursive: true, force: true });
    }
  }
}
