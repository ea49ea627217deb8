import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { openPlan } from '../../src/cli/project.ts';
import { SourceFile } from '../../src/diagnostics/source-file.ts';
import { packageRoot } from '../../src/package-root.ts';
import { readPolicy } from '../../src/policy/read-policy.ts';

const read = (text: string) => readPolicy(new SourceFile('policy.yaml', text));
const problems = (text: string) => read(text).diagnostics.map(({ code, message }) => `${code} ${message}`);

describe('readPolicy', () => {
  test('a pack is defaults and rules', () => {
    const pack = read(`
name: lab
defaults: {limit_ratio: 1.5, gpu_whitelist: A100}
regions: {us-west: WEST}
rules:
  - {field: gpu_count, most: 8, why: nodes have 8}
  - {forbid: sleep, for: job, why: no sleeping}
`);
    expect(pack).toMatchObject({
      ok: true,
      value: {
        name: 'lab',
        defaults: { limit_ratio: 1.5, gpu_whitelist: ['A100'] },
        rules: [
          { kind: 'field', field: 'gpu_count', most: 8, action: 'refuse', why: 'nodes have 8' },
          { kind: 'command', forbid: 'sleep', for: 'job', why: 'no sleeping' },
        ],
      },
    });
  });

  test.each([
    ['rules: []', 'CONFIG_MISSING_KEY "name" is missing in policy.yaml'],
    ['name: a\nrules: [{why: b}]', 'POLICY_RULE a rule has either "field" or "forbid"'],
    ['name: a\nrules: [{field: gpu_cont, most: 1, why: b}]', 'POLICY_RULE there is no field "gpu_cont"'],
    ['name: a\nrules: [{field: image, most: 1, why: b}]', 'POLICY_RULE the field "image" is not a number'],
    ['name: a\nrules: [{field: memory, why: b}]', 'POLICY_RULE the rule on "memory" has no bound'],
    [
      'name: a\nrules: [{forbid: sleep, most: 1, why: b}]',
      'POLICY_RULE "most" says nothing about a forbidden program',
    ],
  ])('%j', (text, problem) => {
    expect(problems(text)).toEqual([problem]);
  });

  test('the shipped pack is sound', async () => {
    const file = path.join(packageRoot(), 'policies/nrp.yaml');
    expect(readPolicy(new SourceFile(file, await readFile(file, 'utf8')))).toMatchObject({
      ok: true,
      diagnostics: [],
    });
  });
});

describe('a project with a policy', () => {
  async function project(kube: string, command = 'python a.py') {
    const cwd = await mkdtemp(path.join(tmpdir(), 'policy-'));
    await mkdir(path.join(cwd, 'config'));
    await writeFile(
      path.join(cwd, 'config/launch.yaml'),
      `model: {m: {command: ${command}, hparam: {memory: [8, 64]}}}\n`,
    );
    await writeFile(path.join(cwd, 'config/kube.yaml'), `project_name: p\nuser: u\nnamespace: n\n${kube}\n`);
    const stderr = new PassThrough();
    const context = {
      cwd,
      env: {},
      stdout: new PassThrough(),
      stderr,
      stdin: new PassThrough(),
      now: () => 0,
      signal: new AbortController().signal,
    };
    return {
      plan: (side: 'local' | 'remote') => openPlan(context, { side }),
      said: () => String(stderr.read() ?? ''),
    };
  }

  test('defaults lie below kube.yaml', async () => {
    const { plan } = await project('policy: nrp');
    expect((await plan('remote')).plan.at(0).fields.limit_ratio).toBe(1.2);
    const own = await project('policy: nrp\nlimit_ratio: 1');
    expect((await own.plan('remote')).plan.at(0).fields.limit_ratio).toBe(1);
  });

  test('what a rule adjusts is adjusted, told once, and left alone in local runs', async () => {
    const { plan, said } = await project('policy: nrp\nlimit_ratio: 3');
    expect((await plan('remote')).plan.at(0).fields.limit_ratio).toBe(1.2);
    expect(said().match(/POLICY_ADJUSTED/g)).toHaveLength(1);
    expect((await plan('local')).plan.at(0).fields.limit_ratio).toBe(3);
    expect(said()).toBe('');
  });

  test('a rule holds every value of a swept field, and is refused with its place', async () => {
    const { plan } = await project('policy: ./lab.yaml');
    await expect(plan('remote')).rejects.toMatchObject({ diagnostics: [{ code: 'POLICY_NOT_FOUND' }] });
    const sleepy = await project('policy: nrp', 'sleep 10');
    await expect(sleepy.plan('remote')).rejects.toMatchObject({
      diagnostics: [{ code: 'POLICY_REFUSED', message: 'policy "nrp": the command calls "sleep"' }],
    });
    const early = await project('policy: nrp\nextra_startup_script: timeout 9 sleep 8');
    await expect(early.plan('remote')).rejects.toMatchObject({
      diagnostics: [{ code: 'POLICY_REFUSED', location: { file: { path: 'config/kube.yaml' } } }],
    });
  });

  test('an unknown pack gets the nearest name', async () => {
    const { plan } = await project('policy: nrpp');
    await expect(plan('remote')).rejects.toMatchObject({ diagnostics: [{ hint: 'did you mean "nrp"?' }] });
  });
});
