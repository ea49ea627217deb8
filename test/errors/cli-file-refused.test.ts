import { writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { kubeYaml, launchYaml } from '../cli/cluster-project.ts';
import { explainSystemError } from '../../src/cli/explain-system-error.ts';
import { runMain } from '../setup/run-main.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'file-refused-'));
  await mkdir(path.join(folder, 'config'));
  await writeFile(path.join(folder, 'config/launch.yaml'), launchYaml);
  await writeFile(path.join(folder, 'config/kube.yaml'), kubeYaml);
});
afterEach(() => rm(folder, { recursive: true }));

it('CLI_FILE_REFUSED: a file where build/ is to be', async () => {
  await writeFile(path.join(folder, 'build'), '');
  const { code, stderr } = await runMain(folder, ['dryrun']);
  expect(code).toBe(3);
  expect(stderr).toBe(
    'error CLI_FILE_REFUSED: build: file already exists (mkdir, EEXIST)\n' +
      '  hint: something of another kind has this name: move it away\n',
  );
});

it('CLI_FILE_REFUSED: a folder where a manifest is to be', async () => {
  const name = 'build/alice-example-average-data1-hid-256.yaml';
  await mkdir(path.join(folder, name), { recursive: true });
  const { code, stderr } = await runMain(folder, ['dryrun']);
  expect(code).toBe(3);
  expect(stderr).toContain(`error CLI_FILE_REFUSED: ${name}: illegal operation on a directory (open, EISDIR)`);
});

it('CLI_FILE_REFUSED: a full disk, of which the system does not name the file', () => {
  const thrown = (() => {
    try {
      return writeFileSync('/dev/full', 'text');
    } catch (error) {
      return error;
    }
  })();
  expect(explainSystemError(thrown, folder)).toMatchObject({
    message: 'no space left on device (write, ENOSPC)',
    hint: 'the disk is full (df -h); what was done stays done',
  });
});

it('CLI_FILE_REFUSED: a folder that cannot be made', () => {
  // What Node says of `mkdir -p` on a file system that can only be read.
  const error = { code: 'ENOENT', syscall: 'mkdir', path: path.join(folder, '.toolbox') };
  const thrown = Object.assign(new Error(`ENOENT: no such file or directory, mkdir '${error.path}'`), error);
  expect(explainSystemError(thrown, folder)).toMatchObject({
    message: '.toolbox: no such file or directory (mkdir, ENOENT)',
    hint: expect.stringContaining('rights'),
  });
});

it('leaves what is not about files to be called a bug', () => {
  expect(explainSystemError(Object.assign(new Error(), { code: 'EPERM', syscall: 'kill' }), folder)).toBe(
    undefined,
  );
  expect(explainSystemError(new TypeError('x is not a function'), folder)).toBe(undefined);
});
