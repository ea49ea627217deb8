import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { useRunaiProject } from '../cli/runai-project.ts';

const lab = useRunaiProject();

/** The lines of an error that a person reads first. */
function told(ran: { readonly stderr: string }): string {
  return ran.stderr.replaceAll(lab.project.root, 'ROOT');
}

it('RUNAI_SETTING_MISSING: a user id in .env that is no number', async () => {
  await lab.project.write('.env', 'LDAP_USERNAME=alice\nLDAP_UID=canary\n');
  const ran = await lab.run(['dryrun']);
  expect(ran.code).toBe(2);
  expect(told(ran)).toContain('error RUNAI_SETTING_MISSING: LDAP_UID in .env is not a number');
  expect(told(ran)).not.toContain('canary');
});

it('RUNAI_NOT_INSTALLED: no runai on PATH', async () => {
  const ran = await lab.run(['status'], { PATH: join(lab.project.root, 'nothing') });
  expect(ran.code).toBe(3);
  expect(told(ran)).toContain('error RUNAI_NOT_INSTALLED: there is no "runai" command on PATH');
});

it('RUNAI_LOGIN_EXPIRED: the login is over', async () => {
  const ran = await lab.run(['job'], { RUNAI_MODE: 'expired' });
  expect(ran.code).toBe(3);
  expect(told(ran)).toMatch(/error RUNAI_LOGIN_EXPIRED: .*\n {2}hint: run: runai login/);
});

it('RUNAI_UNKNOWN_PROJECT: run:ai has no such project', async () => {
  const ran = await lab.run(['job'], { RUNAI_MODE: 'unknown-project' });
  expect(ran.code).toBe(3);
  expect(told(ran)).toContain('error RUNAI_UNKNOWN_PROJECT: ');
  expect(told(ran)).toContain('runai list projects');
});

it('RUNAI_NAME_TAKEN: somebody else’s workload in another project has the name', async () => {
  await lab.run(['job']);
  await rm(join(lab.project.root, '.toolbox'), { recursive: true });
  await lab.project.write(
    'config/kube.yaml',
    'backend: runai\nproject_name: example\nuser: alice\nnamespace: lab\nrunai: {project: other}\n',
  );
  const ran = await lab.run(['job']);
  expect(ran.code).toBe(3);
  expect(told(ran)).toContain('error RUNAI_NAME_TAKEN: ');
});

it('RUNAI_SECRET_TAKEN: the Secret is not the toolbox’s', async () => {
  await lab.run(['secret']);
  await lab.project.write(
    'config/kube.yaml',
    'backend: runai\nproject_name: example\nuser: bob\nnamespace: lab\nrunai: {project: lab-alice}\n',
  );
  const ran = await lab.run(['secret']);
  expect(ran.code).toBe(3);
  expect(told(ran)).toContain('error RUNAI_SECRET_TAKEN: there is a Secret lab-alice-env');
});

it('RUNAI_FIELD_IGNORED: a field that does nothing there', async () => {
  await lab.project.write(
    'config/launch.yaml',
    'model:\n  average:\n    command: run\n    data: data/\n    outputs: null\n',
  );
  const ran = await lab.run(['dryrun']);
  expect(ran.code).toBe(0);
  expect(told(ran)).toContain('config/launch.yaml:4:5 warning RUNAI_FIELD_IGNORED: "data" does nothing on run:ai');
  expect(told(ran)).not.toContain('"outputs"');
});

it('RUNAI_FIELD_IGNORED: each field of the schema is used, or said to do nothing', async () => {
  const { properties } = JSON.parse(readFileSync('schemas/fields.schema.json', 'utf8')) as {
    properties: Record<string, { examples?: readonly unknown[] }>;
  };
  const both = ['ephermal_storage', 'gpu_blacklist', 'hostname_blacklist'];
  const fields = Object.entries(properties).filter(([name]) => !both.includes(name));
  const written = fields.map(([name, { examples = [] }]) => `${name}: ${JSON.stringify(examples[0])}\n`);
  await lab.project.write(
    'config/kube.yaml',
    `backend: runai\nproject_name: example\nuser: alice\nnamespace: lab\n${written.join('')}`,
  );
  await lab.project.write('config/launch.yaml', 'model:\n  one: {command: run}\n');
  const { stdout, stderr } = await lab.run(['dryrun']);
  expect(stdout).toContain('--annotation example.org/cost-centre=1234');
  const warnings = stderr.split('\n').filter((line) => line.includes('RUNAI_FIELD_IGNORED'));
  const ignored = fields.map(([name]) => name).filter((name) => warnings.join().includes(`"${name}"`));
  expect(ignored).toMatchInlineSnapshot(`
    [
      "image_pull_secrets",
      "toolbox_image",
      "code",
      "ssh_host",
      "ssh_port",
      "conda_home",
      "python_env",
      "startup_script",
      "extra_startup_script",
      "file",
      "data",
      "outputs",
      "sync_every",
      "special_gpu",
      "ephemeral_storage",
      "limit_ratio",
      "shm_size",
      "gpu_whitelist",
      "hostname_whitelist",
      "node_selector",
      "tolerations",
      "scheduler_name",
      "queue",
      "priority",
      "priority_class",
      "labels",
      "ttl",
      "pack",
      "service_account",
      "server",
    ]
  `);
});

it('RUNAI_NO_WORKLOAD: a shell in nothing', async () => {
  const ran = await lab.run(['exec', '--pod=nothing']);
  expect(ran.code).toBe(3);
  expect(told(ran)).toContain('error RUNAI_NO_WORKLOAD: run:ai lists no workload "nothing" in project lab-alice');
});

it('RUNAI_REFUSED: a trial whose name looks like a refusal', async () => {
  await lab.project.write(
    'config/kube.yaml',
    'backend: runai\nproject_name: example\nuser: login-401\nnamespace: lab\nrunai: {project: lab-alice, extra_args: [--no-such-flag]}\n',
  );
  expect(told(await lab.run(['job']))).toContain('error RUNAI_REFUSED: ');
});

it('RUNAI_REFUSED: anything else, in its own words', async () => {
  await lab.project.write(
    'config/kube.yaml',
    'backend: runai\nproject_name: example\nuser: alice\nnamespace: lab\nrunai: {project: lab-alice, extra_args: [--no-such-flag]}\n',
  );
  const ran = await lab.run(['job']);
  expect(ran.code).toBe(3);
  expect(told(ran)).toContain('error RUNAI_REFUSED: "runai submit" failed: Error: unknown flag: --no-such-flag');
});

it('RUNAI_COMMAND: a command that is for Kubernetes', async () => {
  const ran = await lab.run(['jupyter']);
  expect(ran.code).toBe(2);
  expect(told(ran)).toContain('error RUNAI_COMMAND: "jupyter" is not for run:ai');
});

it('RUNAI_COMMAND_TOO_LONG: a command that no command line holds', async () => {
  await lab.project.write('config/launch.yaml', `model:\n  long: {command: "echo ${'x'.repeat(120_000)}"}\n  short: {command: "true"}\n`);
  const ran = await lab.run(['job']);
  expect(ran.code).toBe(3);
  expect(Object.keys(lab.state.workloads)).toEqual(['alice-example-short']);
  expect(told(ran)).toContain('error RUNAI_COMMAND_TOO_LONG: the command line is longer than the system takes');
});

it('RUNAI_REFUSED: a command line that cannot be started', async () => {
  await lab.project.write('bin/runai', 'not executable');
  const ran = await lab.run(['status'], { PATH: join(lab.project.root, 'bin') });
  expect(ran.code).toBe(3);
  expect(told(ran)).toMatch(/error RUNAI_REFUSED: "runai list" failed: .*EACCES/);
});
