import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { expectGolden } from '../setup/golden.ts';
import { projectFolder } from '../setup/project-folder.ts';
import { runMain } from '../setup/run-main.ts';

const project = {
  'config/launch.yaml':
    'model:\n  average: {command: "python avg.py <fn>", hparam: {_fn: "data/1.txt"}}\ndataset: {data1: {}, data2: {}}\n',
  'config/kube.yaml': 'project_name: example\nuser: jdoe\nnamespace: lab\nimage: python:3.12\ncode: image\n',
  '.env': 'TOKEN=canary-4f1e77\n',
};

const manifests = (root: string) =>
  readdirSync(path.join(root, 'build')).filter((name) => name.endsWith('.yaml'));
const read = (root: string, name: string) => readFileSync(path.join(root, 'build', name), 'utf8');

const workloads = (root: string): string[] =>
  manifests(root)
    .filter((name) => !/-(files|scripts)-/.test(name))
    .sort();

test('writes what kubectl would apply, and nothing secret', async () => {
  using folder = projectFolder(project);
  const { code, stdout, stderr } = await runMain(folder.root, ['dryrun']);
  expect(code).toBe(0);
  expect(stdout).toContain(
    'job.batch/jdoe-example-average-data1 would be created (build/jdoe-example-average-data1.yaml)\n',
  );
  expect(stdout).toMatch(
    /secret\/jdoe-example-env-[0-9a-f]{10} would be created \(not written, because it holds the values of \.env\)\n/,
  );
  expect(stderr).toBe('4 manifests in build/; nothing was contacted\n');
  const kinds = manifests(folder.root).map((name) => {
    const [document, ...more] = parseAllDocuments(read(folder.root, name));
    expect(more).toEqual([]);
    const object = document?.toJS() as { kind: string; metadata: { name: string; namespace: string } };
    expect(object.metadata).toMatchObject({ name: name.replace(/\.yaml$/, ''), namespace: 'lab' });
    return object.kind;
  });
  expect(kinds.sort()).toEqual(['ConfigMap', 'ConfigMap', 'Job', 'Job']);
  expect(read(folder.root, 'jdoe-example-average-data1.yaml')).toMatch(
    /^# Written by .*\n# Needs Secret jdoe-example-env-[0-9a-f]{10}: /,
  );
  const everything = readdirSync(folder.root, { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile() && each.name !== '.env')
    .map((each) => readFileSync(path.join(each.parentPath, each.name), 'latin1'))
    .join('\n');
  for (const form of ['canary-4f1e77', Buffer.from('canary-4f1e77').toString('base64').slice(0, 12)])
    expect(everything + stdout + stderr).not.toContain(form);
});

test('says that a snapshot in the bucket is not stored, which pods need', async () => {
  using folder = projectFolder({
    ...project,
    'config/kube.yaml': `${project['config/kube.yaml'].replace('image\n', 'snapshot\n')}toolbox_image: lab/toolbox:1\n`,
    '.env': 'S3_BUCKET_NAME=bucket\n',
  });
  const { stdout } = await runMain(folder.root, ['dryrun']);
  const line = stdout.split('\n').find((each) => each.includes('snapshot,')) ?? '';
  const [found = '', rest] = line.split(' would be stored ');
  expect(found).toMatch(/^the code's snapshot, \.toolbox\/code\/[0-9a-f]{64}\.tar\.gz in the bucket$/);
  expect(rest).toBe('(not written: make job stores it)');
  expect(read(folder.root, 'jdoe-example-average-data1.yaml')).toContain(
    `\n# Needs ${found}: \`make job\` stores it, and a pod without it does not start.\n`,
  );
});

test('names the first and the last of many Secrets that a snapshot needs', async () => {
  using folder = projectFolder({
    ...project,
    'config/kube.yaml': project['config/kube.yaml'].replace('image\n', 'snapshot\n'),
    'notes.txt': 'canary-4f1e77',
    'noise.bin': randomBytes(700 * 1024),
  });
  const { stdout } = await runMain(folder.root, ['dryrun']);
  expect(stdout).toMatch(
    /^the code's snapshot, (\d) Secrets, code-\w{16}-0 to code-\w{16}-\d would be stored \(not written/m,
  );
});

test.each(['dryrun', 'pod-dryrun'])('%s writes the ConfigMaps of a snapshot', async (command) => {
  using folder = projectFolder({
    ...project,
    'config/kube.yaml': project['config/kube.yaml'].replace('image\n', 'snapshot\n'),
    'noise.bin': randomBytes(200 * 1024),
  });
  const { stdout, stderr } = await runMain(folder.root, [command]);
  const maps = stdout.match(/(?<=configmap\/)code-[0-9a-f]{16}-\d(?= would be created)/g) ?? [];
  expect(maps, stderr).toHaveLength(2);
  const workload = readdirSync(path.join(folder.root, 'build'))
    .map((name) => read(folder.root, name))
    .find((text) => /^kind: (?:Job|Pod)$/m.test(text));
  const packed = maps.map((name, index) => {
    expect(workload).toContain(name);
    const map = parse(read(folder.root, `${name}.yaml`));
    expect(map).toMatchObject({
      kind: 'ConfigMap',
      metadata: { name, namespace: 'lab', labels: { user: 'jdoe', 'kube-toolbox/support': 'code' } },
      immutable: true,
    });
    return Buffer.from(map.binaryData[`part-00${index}`], 'base64');
  });
  expect(gunzipSync(Buffer.concat(packed)).includes('noise.bin')).toBe(true);
});

test('removes what an earlier dry run wrote, and nothing else', async () => {
  using folder = projectFolder(project);
  await runMain(folder.root, ['dryrun']);
  writeFileSync(path.join(folder.root, 'build/mine.yaml'), 'kind: Mine\n');
  // Ours by the list, but somebody has written another file over it.
  writeFileSync(path.join(folder.root, 'build/jdoe-example-average-data2.yaml'), 'kind: Edited\n');
  writeFileSync(path.join(folder.root, 'config/launch.yaml'), 'model: {median: {command: python med.py}}\n');
  await runMain(folder.root, ['dryrun']);
  expect(workloads(folder.root)).toEqual([
    'jdoe-example-average-data2.yaml',
    'jdoe-example-median.yaml',
    'mine.yaml',
  ]);
});

test('tells a port that is there twice once, where it is written', async () => {
  const kube = `${project['config/kube.yaml']}ports: [80, 80]\n`;
  using folder = projectFolder({ ...project, 'config/kube.yaml': kube });
  const { stderr } = await runMain(folder.root, ['dryrun']);
  expect(stderr).toMatch(/^config\/kube\.yaml:6:8 error RENDER_DUPLICATE: the port 80\/TCP is there twice\n/);
  expect(stderr.match(/error/g)).toHaveLength(1);
});

test('leaves no half a sweep behind', async () => {
  using folder = projectFolder(project);
  await runMain(folder.root, ['dryrun']);
  writeFileSync(path.join(folder.root, 'build/mine.yaml'), 'kind: Mine\n');
  writeFileSync(
    path.join(folder.root, 'config/launch.yaml'),
    `${project['config/launch.yaml']}`.replace('data2: {}', 'data2: {labels: {x: "a b"}}'),
  );
  const { code, stdout, stderr } = await runMain(folder.root, ['dryrun']);
  expect(stderr).toMatch(/error RENDER_\w+: .*"a b"/);
  expect([code, stdout]).toEqual([2, '']);
  expect(manifests(folder.root)).toEqual(['mine.yaml']);
});

test('takes where=, as job does', async () => {
  using folder = projectFolder(project);
  expect((await runMain(folder.root, ['dryrun', 'where=dataset=data2'])).code).toBe(0);
  expect(workloads(folder.root)).toEqual(['jdoe-example-average-data2.yaml']);
});

test('a dry run of the pod leaves the jobs, and one of the jobs no pod that apply would make', async () => {
  using folder = projectFolder(project);
  await runMain(folder.root, ['dryrun']);
  const jobs = workloads(folder.root);
  await runMain(folder.root, ['pod-dryrun']);
  expect(workloads(folder.root)).toEqual([...jobs, 'jdoe-example-interactive-pod.yaml']);
  const [, files] =
    /configMap:\s+name: "(jdoe-example-files-\w+)"/.exec(
      read(folder.root, 'jdoe-example-interactive-pod.yaml'),
    ) ?? [];
  expect(existsSync(path.join(folder.root, `build/${files}.yaml`))).toBe(true);
  await runMain(folder.root, ['dryrun']);
  expect(workloads(folder.root)).toEqual(jobs);
});

test('gives one JSON object a line', async () => {
  using folder = projectFolder(project);
  const { stdout, stderr } = await runMain(folder.root, ['dryrun', '--json']);
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { kind: string; file?: string });
  expect(lines.map((line) => [line.kind, line.file !== undefined])).toEqual([
    ['Secret', false],
    ['Secret', false],
    ['ConfigMap', true],
    ['ConfigMap', true],
    ['Job', true],
    ['Job', true],
  ]);
  expect(stderr).toBe('');
});

test('keeps its key to itself', async () => {
  using folder = projectFolder(project);
  await runMain(folder.root, ['dryrun']);
  const key = path.join(folder.root, '.toolbox/secret-key');
  expect(statSync(key).mode & 0o777).toBe(0o600);
  expect(statSync(key).size).toBe(32);
  const first = readFileSync(key);
  await runMain(folder.root, ['dryrun']);
  expect(readFileSync(key)).toEqual(first);
});

const examples = readdirSync('examples', { withFileTypes: true }).filter((each) => each.isDirectory());

test.each(examples.map((each) => each.name))('the example %s', async (name) => {
  const config = (file: string) => readFileSync(`examples/${name}/config/${file}.yaml`, 'utf8');
  using folder = projectFolder({
    'config/launch.yaml': config('launch'),
    'config/kube.yaml': `${config('kube')}\nfile: null\n`,
  });
  const { code, stdout } = await runMain(folder.root, ['dryrun']);
  expect(code).toBe(0);
  const jobs = manifests(folder.root).filter((each) => !/-scripts-\w+\.yaml$|^code-/.test(each));
  const first = read(folder.root, jobs[0] ?? '').replace(/(fingerprint[\w-]*): .*/g, '$1: …');
  const text = `${stdout}\n${first}`
    .replaceAll(/-scripts-\w+/g, '-scripts-HASH')
    // Modes of files are part of the code, and depend on the umask.
    .replaceAll(/\bcode-[0-9a-f]{16}\b/g, 'code-HASH')
    .replaceAll(/\b[0-9a-f]{64}\b/g, 'DIGEST');
  expectGolden(text, path.join(import.meta.dirname, `../golden/manifests/examples/${name}.txt`));
});

test.each([
  [
    'server: {one: {image: a/b, command: x, port: 6379}, two: {image: a/b, command: x, port: 6379}}',
    'error RENDER_DUPLICATE: two containers have the port 6379 (TCP), and those of a pod share one network',
  ],
  ['conda_home: 3', '"conda_home" must be an absolute path'],
  ['toolbox_image: 5', '"toolbox_image" must be the name of an image'],
])('refuses %s', async (line, message) => {
  const kube = `${project['config/kube.yaml']}\n${line}\n`;
  using folder = projectFolder({ ...project, 'config/kube.yaml': kube });
  const { code, stderr } = await runMain(folder.root, ['dryrun']);
  expect(stderr).toContain(message);
  expect(code).toBe(2);
});

test.each<[string, string | Uint8Array, RegExp]>([
  [
    'templates/job.yaml.hbs/x',
    '',
    /^error RENDER_TEMPLATE_SYNTAX: the template templates\/job\.yaml\.hbs is a folder$/m,
  ],
  [
    'templates/job.yaml.hbs',
    new Uint8Array([0x7f, 0x45, 0x1b, 0xff]),
    /^error RENDER_TEMPLATE_SYNTAX: the template templates\/job\.yaml\.hbs is no UTF-8 text$/m,
  ],
  [
    'templates/pod-spec.yaml.hbs',
    'a: 1\n  {{> pod-spec pod}}\n',
    /^templates\/pod-spec\.yaml\.hbs:2:3 error RENDER_TEMPLATE_SYNTAX: the template includes itself$/m,
  ],
  [
    'templates/job.yaml.hbs',
    readFileSync('templates/job.yaml.hbs', 'utf8').replace(
      '{{> pod-spec pod}}',
      'restartPolicy: Always\n      containers: [{name: main, image: x}]',
    ),
    /^templates\/job\.yaml\.hbs:\d+:7 error RENDER_BAD_NAME: restartPolicy is "Always", and a Job takes "Never" or "OnFailure"$/m,
  ],
  [
    'templates/pod-spec.yaml.hbs',
    '\n',
    /^templates\/pod-spec\.yaml\.hbs:1:1 error RENDER_TEMPLATE_SYNTAX: the template is empty$/m,
  ],
  [
    'templates/pod-spec.yaml.hbs',
    'restartPolicy: Never\n',
    /^templates\/pod-spec\.yaml\.hbs:1:1 error RENDER_MANIFEST_TYPE: spec\.template\.spec: "containers" is missing$/m,
  ],
  ...(
    [
      ['  name: {{name}}', '  generateName: x-', 'metadata: "name" is missing'],
      [/^spec:[\s\S]*/m, '', '"spec" is missing'],
      [/^metadata:[\s\S]*?(?=^spec)/m, '', '"metadata" is missing'],
      [
        '{{> pod-spec pod}}',
        'restartPolicy: Never\n      containers: []',
        'must have at least one container',
      ],
      [
        '{{> pod-spec pod}}',
        'containers: [{name: main, image: x}]',
        'restartPolicy is missing, and a Job takes "Never" or "OnFailure"',
      ],
    ] as const
  ).map(([from, to, message]): [string, string, RegExp] => [
    'templates/job.yaml.hbs',
    readFileSync('templates/job.yaml.hbs', 'utf8').replace(from, to),
    new RegExp(`error RENDER_\\w+: .*${message}`),
  ]),
])('refuses a template that cannot be one (%#)', async (name, text, message) => {
  using folder = projectFolder({ ...project, [name]: text });
  const { code, stderr } = await runMain(folder.root, ['dryrun']);
  expect(stderr).toMatch(message);
  expect(code).toBe(2);
});

test('what a template of the project has wrong is told once, not for each trial', async () => {
  const text = readFileSync('templates/job.yaml.hbs', 'utf8').replace('{{name}}', "{{concat name '-x'}}");
  using folder = projectFolder({ ...project, 'templates/job.yaml.hbs': text });
  const { code, stderr } = await runMain(folder.root, ['dryrun']);
  expect(stderr).toMatch(/^templates\/job\.yaml\.hbs:4:3 error RENDER_TEMPLATE_IDENTITY: /);
  expect(stderr.match(/error/g)).toHaveLength(1);
  expect(code).toBe(2);
});
