import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { type ClusterProject, useClusterProject } from '../cli/cluster-project.ts';
import type { FakeCluster } from '../fakes/kubernetes-api.ts';

// A progress bar writes its whole life into one line. `LONG_LINE_MIB=1024` measures one of a gibibyte.
const mebibytes = Number(process.env['LONG_LINE_MIB'] ?? 256);
const mebibyte = 1024 * 1024;
const tellsPeak = `data:text/javascript,process.on('exit', () => console.error('peak ' + process.resourceUsage().maxRSS))`;

let cluster: FakeCluster;
let project: ClusterProject;

useClusterProject((madeCluster, madeProject) => {
  cluster = madeCluster;
  project = madeProject;
});

/** What `ktb logs` prints and needs, in a process of its own. */
async function logs(name: string): Promise<{ bytes: number; lines: number; peak: number }> {
  const child = spawn(process.execPath, ['--import', tellsPeak, resolve('dist/bin.js'), 'logs', name], {
    cwd: project.root,
    env: { PATH: process.env['PATH'], HOME: project.root, KUBECONFIG: `${project.root}/kubeconfig` },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let bytes = 0;
  let lines = 0;
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) lines += 1;
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const code = await new Promise((settle) => child.on('close', settle));
  expect(`${code} ${stderr}`).toMatch(/^0 peak \d+\n$/);
  return { bytes, lines, peak: (Number(/peak (\d+)/.exec(stderr)?.[1]) * 1024) / mebibyte };
}

it('a log line of hundreds of megabytes passes through bounded memory, alone or among those of other pods', async () => {
  cluster.simulation.fate = () => ({ kind: 'running' });
  await project.run(['job']);
  const [pod, other] = cluster.store.list('pods').map(({ metadata }) => metadata.name);
  const { lines } = cluster.simulation.log('lab', pod ?? '');
  const time = '2026-01-01T00:00:00.000000001Z';
  lines.push({ time, bytes: Buffer.alloc(mebibyte, 'x'), repeat: mebibytes });
  cluster.simulation.write('lab', other ?? '', 'short\n');
  for (const each of cluster.store.list('jobs'))
    cluster.simulation.move('lab', each.metadata.name, { kind: 'succeeded' });

  const alone = await logs(`name=${pod}`);
  expect(alone).toMatchObject({ bytes: mebibytes * mebibyte, lines: 0 });
  const several = await logs('name=*');
  expect(several.lines).toBe(2);
  expect(several.bytes).toBe(mebibytes * mebibyte + 1 + `[${pod}] `.length + `[${other}] short\n`.length);
  // Node itself takes 60 MiB, and collects garbage when it has to.
  for (const { peak } of [alone, several]) expect(peak).toBeLessThan(250);
  if (process.env['LONG_LINE_MIB'] !== undefined) console.info({ alone, several });
}, 300_000);
