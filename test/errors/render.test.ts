import { expect, test } from 'vitest';
import { projectFolder } from '../setup/project-folder.ts';
import { runMain } from '../setup/run-main.ts';

const launch = 'model:\n  m:\n    command: run <lr>\n    hparam: {lr: [1, 2]}\n';
const kube = 'project_name: example\nuser: jdoe\nnamespace: lab\nimage: python:3.12\ncode: image\nimage_pull_secrets: null\n';
const job = (spec: string) => `apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: {{name}}\n  labels: {{labels}}\n  annotations: {{annotations}}\nspec:\n  template:\n    spec:\n${spec}`;
const container = (rest: string) => job(`      restartPolicy: Never\n      containers:\n        - name: main\n          image: {{pod.image}}\n${rest}`);

/** Code → the files of a project on which dryrun says it. */
const cases: Readonly<Record<string, Readonly<Record<string, string | Uint8Array>>>> = {
  RENDER_TEMPLATE_SYNTAX: { 'templates/job.yaml.hbs': 'apiVersion: batch/v1\nkind: Job\nname: {{{name}}}\n' },
  RENDER_TEMPLATE_VALUE: { 'templates/job.yaml.hbs': 'apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: {{nmae}}\n' },
  RENDER_TEMPLATE_UNKNOWN: { 'templates/jbo.yaml.hbs': 'kind: Job\n' },
  RENDER_TEMPLATE_IDENTITY: {
    'templates/job.yaml.hbs': container('').replace('{{name}}', 'fixed\n  namespace: default').replace('  annotations: {{annotations}}\n', ''),
  },
  RENDER_MANIFEST_SYNTAX: { 'templates/job.yaml.hbs': job('      x: "my-{{name}}"\n') },
  RENDER_MANIFEST_TYPE: { 'templates/job.yaml.hbs': container('          imagePullPolice: Always\n') },
  RENDER_BAD_QUANTITY: { 'templates/job.yaml.hbs': container('          resources: {limits: {memory: 12Q}}\n') },
  RENDER_REQUEST_ABOVE_LIMIT: {
    'templates/job.yaml.hbs': container('          resources: {requests: {cpu: 2}, limits: {cpu: 1500m}}\n'),
  },
  RENDER_BAD_NAME: { 'config/kube.yaml': `${kube}volumes: {Lab_Data: /data}\n` },
  RENDER_BAD_LABEL: { 'config/launch.yaml': `${launch}    labels: {team: computer vision}\n` },
  RENDER_BAD_NUMBER: { 'config/kube.yaml': `${kube}run_as_user: 4294967295\n` },
  RENDER_BAD_PATH: { 'config/kube.yaml': `${kube}volumes: {data: '/data:ro'}\n` },
  RENDER_BAD_ENV: { 'config/kube.yaml': `${kube}env: {LONG: ${'x'.repeat(128 * 1024)}}\n` },
  RENDER_BAD_TEXT: { 'config/kube.yaml': `${kube}annotations: {note: "\\ud800"}\n` },
  RENDER_DUPLICATE: { 'config/launch.yaml': `${launch}volumes: {one: /data, two: /data/}\n` },
  RENDER_ANNOTATIONS_TOO_LARGE: { 'config/kube.yaml': `${kube}annotations: {note: ${'x'.repeat(256 * 1024)}}\n` },
  RENDER_OBJECT_TOO_LARGE: {
    'config/kube.yaml': `${kube}env:\n${Array.from({ length: 13 }, (_, i) => `  V${i}: ${'x'.repeat(127 * 1024)}\n`).join('')}`,
  },
  RENDER_DATA_TOO_LARGE: {
    '.env': Array.from({ length: 17 }, (_, i) => `V${i}=${'canary-x'.repeat(8 * 1024)}\n`).join(''),
  },
  RENDER_FILES_TOO_LARGE: {
    'config/kube.yaml': `${kube}file: [big.bin]\n`,
    'big.bin': new Uint8Array(8 * 1024 ** 2 + 1),
  },
  RENDER_FILE_MISSING: { 'config/kube.yaml': `${kube}file: [src/temp.py, ../secret]\n` },
  RENDER_GPU_FRACTION: { 'config/launch.yaml': `${launch}    gpu_count: 0.5\n` },
  RENDER_IDENTITY_INVALID: {
    'config/kube.yaml': `${kube}identity: {user: jdoe, group: lab}\n`,
    '.env': 'LDAP_UID=12canary\nLDAP_GID=0\n',
  },
  RENDER_IDENTITY_MISSING: {
    'config/kube.yaml': `${kube}identity: {user: jdoe, uid: 1000}\n`,
    '.env': 'LDAP_GID=83070\nTOKEN=canary-gid\n',
  },
  RENDER_NO_CLUSTER: {},
  RENDER_NO_COMMIT: { 'config/kube.yaml': kube.replace('code: image\n', '') },
};

test.each(Object.entries(cases))('%s', async (code, files) => {
  const cluster = code === 'RENDER_NO_CLUSTER' ? {} : { 'config/kube.yaml': kube };
  using project = projectFolder({ 'config/launch.yaml': launch, ...cluster, ...files });
  const { code: exitCode, stderr } = await runMain(project.root, ['dryrun']);
  expect(stderr).toMatch(new RegExp(`(?:error|warning) ${code}: `));
  expect(stderr).not.toContain('canary');
  expect(exitCode).toBe(code === 'RENDER_NO_COMMIT' ? 0 : 2);
  expect(stderr.replaceAll(project.root, 'PROJECT').replace(/x{100,}/g, 'xxx…')).toMatchSnapshot();
});
