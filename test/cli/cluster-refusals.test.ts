import { expect, it } from 'vitest';
import { ExitCode } from '../../src/exit-code.ts';
import { startFakeCluster } from '../fakes/kubernetes-api.ts';
import { type ClusterProject, kubeYaml, makeClusterProject } from './cluster-project.ts';

const pod = 'alice-example-interactive-pod';
const commands: readonly (readonly string[])[] = [
  ['job', 'wait=true'],
  ['job', 'overwrite=true'],
  ['status'],
  ['status', 'watch=true'],
  ['wait'],
  ['logs', 'name=*'],
  ['pod'],
  ['exec', `pod=${pod}`, 'command=true'],
  ['copy', `pod=${pod}`, 'file=config/kube.yaml'],
  ['secret'],
  ['quota'],
  ['doctor'],
  ['clean_jobs', 'yes=true'],
  ['delete_pod', 'yes=true'],
  ['delete', 'yes=true'],
];

/** Runs all of them, one after another, and tells which took a refusal for a bug. */
async function findBugs(kube: string, denied: (request: string) => boolean): Promise<string[]> {
  const cluster = await startFakeCluster();
  const project: ClusterProject = await makeClusterProject(cluster);
  await project.write('config/kube.yaml', kube);
  await project.write('.env', 'TOKEN=x\n');
  await project.write('src/avg.py', '');
  // One fails, one succeeds: all kinds of things are done about them.
  cluster.simulation.fate = ({ kind, metadata }) =>
    kind === 'Pod'
      ? { kind: 'running' }
      : metadata.name.endsWith('512')
        ? { kind: 'succeeded' }
        : { kind: 'failed', exitCode: 1, log: 'boom\n' };
  await project.run(['job']);
  await project.run(['pod']);
  cluster.denied = (_user, verb, resource) => denied(`${verb} ${resource}`);
  const bugs: string[] = [];
  for (const argv of commands) {
    const { code, stdout, stderr } = await project.run(argv);
    if (code === ExitCode.internal || /INTERNAL/.test(stdout + stderr))
      bugs.push(`${argv.join(' ')}: ${stderr}`);
  }
  await cluster.stop();
  await project.remove();
  return bugs;
}

const resources = ['jobs', 'pods', 'secrets', 'configmaps', 'services', 'pods/log', 'pods/exec', 'events'];
const verbs = ['get', 'list', 'watch', 'create', 'patch', 'delete'];

it.each([
  ...verbs.map((verb) => [`${verb} anything`, (request: string) => request.startsWith(verb)] as const),
  ...resources.map(
    (name) => [`anything with ${name}`, (request: string) => request.endsWith(` ${name}`)] as const,
  ),
])('no command takes it for a bug of its own when one may not %s', async (_what, denied) => {
  expect(await findBugs(kubeYaml, denied)).toEqual([]);
});

it.each(['list jobs', 'delete jobs', 'create jobs', 'create configmaps', 'create pods'])(
  'nor with packs and a snapshot, when one may not %s',
  async (right) => {
    const kube = `${kubeYaml.replace('code: image', 'code: snapshot')}pack: 2\n`;
    expect(await findBugs(kube, (request) => request === right)).toEqual([]);
  },
);
