import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectFolder } from '../setup/project-folder.ts';
import { runMain } from '../setup/run-main.ts';

const files = (entry: string) => ({
  'config/launch.yaml': 'model:\n  m:\n    command: run <lr>\n    hparam: {lr: [1, 2]}\n',
  'config/kube.yaml': `project_name: example\nuser: jdoe\nnamespace: lab\nimage: python:3.12\ncode: image\nimage_pull_secrets: null\nfile: [${entry}]\n`,
  'src/a.py': 'print(1)\n',
});

test('RENDER_FILE_SKIPPED: what is in a folder and has no bytes is named once, and the rest goes', async () => {
  using project = projectFolder(files('src'));
  execFileSync('mkfifo', [join(project.root, 'src/pipe')]);
  const server = createServer().listen(join(project.root, 'src/socket'));
  const { code, stderr } = await runMain(project.root, ['dryrun']);
  server.close();
  expect(code).toBe(0);
  expect(stderr.match(/RENDER_FILE_SKIPPED/g)).toHaveLength(2);
  expect(stderr).toContain(
    'config/kube.yaml:7:7 warning RENDER_FILE_SKIPPED: `file:` has src/pipe, which is a pipe and is left out\n',
  );
  expect(stderr).toContain('`file:` has src/socket, which is a socket and is left out\n');
});

test('RENDER_FILE_MISSING: a pipe that is named itself', async () => {
  using project = projectFolder(files('src/pipe'));
  execFileSync('mkfifo', [join(project.root, 'src/pipe')]);
  const { code, stderr } = await runMain(project.root, ['dryrun']);
  expect(code).toBe(2);
  expect(stderr).toContain('error RENDER_FILE_MISSING: `file:` has src/pipe, which is a pipe and no file\n');
});

test('RENDER_FILE_MISSING: a name that is no text', async () => {
  using project = projectFolder(files('src'));
  writeFileSync(Buffer.from(`${project.root}/src/caf\xe9.txt`, 'latin1'), '');
  const { code, stderr } = await runMain(project.root, ['dryrun']);
  expect(code).toBe(2);
  expect(stderr).toContain(
    'error RENDER_FILE_MISSING: `file:` has src/caf\\xe9.txt, whose name is not valid UTF-8\n',
  );
  expect(stderr).toContain("  hint: rename it: mv $'src/caf\\xe9.txt' NEW\n");
});

test('RENDER_TEMPLATE_SYNTAX: a pipe among the templates, which would be waited for without end', async () => {
  using project = projectFolder({ ...files('src'), 'templates/notes.md': '' });
  execFileSync('mkfifo', [join(project.root, 'templates/job.yaml.hbs')]);
  const { code, stderr } = await runMain(project.root, ['dryrun']);
  expect(code).toBe(2);
  expect(stderr).toContain('error RENDER_TEMPLATE_SYNTAX: the template templates/job.yaml.hbs is a pipe\n');
});
