import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const bin = path.resolve(import.meta.dirname, '../dist/bin.js');

it('says what to do in a Node that is too old', async () => {
  const old = `data:text/javascript,Object.defineProperty(process, 'versions', { value: { node: '20.20.2' } })`;
  const ran = promisify(execFile)(process.execPath, ['--import', old, bin, 'plan']);
  await expect(ran).rejects.toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining(
      'kube-toolbox needs Node 22.19 or newer and runs in 20.20.2\n  hint: run it through make',
    ),
  });
});
