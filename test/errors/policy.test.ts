import { expect, it } from 'vitest';
import { LocalProject } from '../setup/local-project.ts';
import { runMain } from '../setup/run-main.ts';

const kube = 'project_name: example\nuser: alice\nnamespace: lab\ncode: image\nfile: null\nimage: python:3\n';

function projectWith(policy: string, more: { readonly kube?: string; readonly command?: string } = {}) {
  return new LocalProject({
    'config/launch.yaml': `model: {average: {command: "${more.command ?? 'python a.py'}"}}\n`,
    'config/kube.yaml': `${kube}${more.kube ?? ''}policy: ${policy}\n`,
  });
}

it('POLICY_NOT_FOUND: no such pack', async () => {
  const project = projectWith('nrb');
  const ran = await runMain(project.root, ['dryrun']);
  expect(ran.code).toBe(2);
  expect(ran.stderr).toMatch(
    /^config\/kube.yaml:7:9 error POLICY_NOT_FOUND: there is no policy pack "nrb"[^]*hint: did you mean "nrp"\?/,
  );
});

it('POLICY_RULE: a rule that is neither a bound nor a forbidden program', async () => {
  const project = projectWith('./policy.yaml');
  project.write('policy.yaml', 'name: lab\nrules:\n  - field: gpu_cont\n    most: 2\n    why: few GPUs\n');
  const ran = await runMain(project.root, ['dryrun']);
  expect(ran.code).toBe(2);
  expect(ran.stderr).toMatch(/error POLICY_RULE: there is no field "gpu_cont"[^]*did you mean "gpu_count"\?/);
});

it('POLICY_ADJUSTED: a field is brought to its bound, with the reason', async () => {
  const project = projectWith('nrp', { kube: 'limit_ratio: 2\n' });
  const ran = await runMain(project.root, ['dryrun']);
  expect(ran.code).toBe(0);
  expect(ran.stderr).toMatch(/warning POLICY_ADJUSTED: policy "nrp": limit_ratio is 2[^]*within 20 % of requests/);
});

it('POLICY_REFUSED: of trials, a command; of the interactive pod, its GPUs', async () => {
  const sleeping = projectWith('nrp', { command: 'python a.py; sleep 3600' });
  const trial = await runMain(sleeping.root, ['dryrun']);
  expect(trial.code).toBe(2);
  expect(trial.stderr).toContain('error POLICY_REFUSED: policy "nrp": the command calls "sleep"');
  const large = projectWith('nrp', { kube: 'gpu_count: 4\n' });
  const pod = await runMain(large.root, ['pod-dryrun']);
  expect(pod.code).toBe(2);
  expect(pod.stderr).toMatch(/kube.yaml:7:\d+ error POLICY_REFUSED: policy "nrp": gpu_count is 4, and may be at most 2/);
});
