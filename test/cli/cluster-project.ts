import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterEach, beforeEach } from 'vitest';
import type { Context } from '../../src/context.ts';
import { main } from '../../src/main.ts';
import { type FakeCluster, startFakeCluster } from '../fakes/kubernetes-api.ts';

export interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A project in a folder of its own, whose kubeconfig leads to a fake cluster. */
export interface ClusterProject {
  readonly root: string;
  write(name: string, text: string): Promise<void>;
  run(
    argv: readonly string[],
    options?: {
      signal?: AbortSignal;
      stdin?: string;
      tty?: boolean;
      /** Of the terminal; default 30. */
      rows?: number;
      env?: Record<string, string>;
      /** Told of standard output so far, each time there is more of it. */
      onStdout?: (text: string) => void;
      onStderr?: (text: string) => void;
    },
  ): Promise<Answer>;
  remove(): Promise<void>;
}

export const launchYaml = `
model:
  average: {command: "python src/avg.py <fn>", hparam: {hid: [256, 512]}}
dataset:
  data1: {hparam: {_fn: data/1.txt}}
`;

export const kubeYaml = `
project_name: example
user: alice
namespace: lab
image: docker.io/lab/python:3
image_pull_secrets: null
code: image
file: null
cpu_count: 1
memory: 1
`;

export async function makeClusterProject(cluster: FakeCluster): Promise<ClusterProject> {
  const root = await mkdtemp(join(tmpdir(), 'cluster-project-'));
  const write = async (name: string, text: string): Promise<void> => {
    await mkdir(join(root, name, '..'), { recursive: true });
    await writeFile(join(root, name), text);
  };
  await write('config/launch.yaml', launchYaml);
  await write('config/kube.yaml', kubeYaml);
  await write('kubeconfig', cluster.kubeconfig());
  return {
    root,
    write,
    remove: () => rm(root, { recursive: true, force: true }),
    async run(argv, options = {}) {
      const texts = { stdout: '', stderr: '' };
      const stream = (name: 'stdout' | 'stderr') => {
        const through = Object.assign(
          new PassThrough(),
          options.tty === true ? { isTTY: true, columns: 100, rows: options.rows ?? 30 } : {},
        );
        through.on('data', (chunk: Buffer) => {
          texts[name] += chunk.toString('utf8');
          if (name === 'stdout') options.onStdout?.(texts.stdout);
          else options.onStderr?.(texts.stderr);
        });
        return through;
      };
      const stdin = Object.assign(
        Readable.from(options.stdin === undefined ? [] : [Buffer.from(options.stdin)]),
        options.tty === true ? { isTTY: true } : {},
      );
      const context = {
        cwd: root,
        env: { PATH: process.env['PATH'], HOME: root, KUBECONFIG: join(root, 'kubeconfig'), ...options.env },
        stdin: stdin as unknown as Context['stdin'],
        stdout: stream('stdout'),
        stderr: stream('stderr'),
        now: Date.now,
        signal: options.signal ?? new AbortController().signal,
        secondSignal: new AbortController().signal,
      } as unknown as Context;
      const code = await main(argv, context);
      await new Promise((settle) => setImmediate(settle));
      return { code, ...texts };
    },
  };
}

/** A fake cluster and a project for each test of a file or block, handed over before it and gone after it. */
export function useClusterProject(
  take: (cluster: FakeCluster, project: ClusterProject) => Promise<void> | void,
): void {
  let cluster: FakeCluster;
  let project: ClusterProject;
  beforeEach(async () => {
    cluster = await startFakeCluster();
    project = await makeClusterProject(cluster);
    await take(cluster, project);
  });
  afterEach(async () => {
    await cluster.stop();
    await project.remove();
  });
}
