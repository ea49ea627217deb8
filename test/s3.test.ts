import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { TransferEvent } from '../src/s3.ts';
import { startProject } from './cli/data-project.ts';

// As users import it: what is built.
const built = new URL('../dist/s3.js', import.meta.url).href;
const { DiagnosticError, download, find, remove, upload } = (await import(
  built
)) as typeof import('../src/s3.ts');

it('uploads, finds, downloads and removes', async () => {
  const { cwd, write, path, server } = await startProject();
  const options = { cwd, env: {} };
  write('data/a', 'a');
  write('data/b', 'b');
  const events: TransferEvent[] = [];
  const onEvent = (event: TransferEvent) => void events.push(event);
  expect(await upload('data/', { ...options, onEvent })).toMatchObject({ moved: 2, failed: 0 });
  expect(events.filter(({ type }) => type === 'uploaded').length).toBe(2);
  expect((await find('data/*', options)).map(({ key }) => key)).toEqual(['data/a', 'data/b']);
  expect(await find('nothing', options)).toEqual([]);
  rmSync(path('data/a'));
  write('data/b', 'other');
  expect(await download('data/', options)).toMatchObject({ moved: 1, different: 1 });
  expect(await download('data/', { ...options, overwrite: true })).toMatchObject({ moved: 1, same: 1 });
  expect(readFileSync(path('data/b'), 'utf8')).toBe('b');
  expect(await download('data/', { ...options, localPath: 'copy', include: ['*a'] })).toMatchObject({
    moved: 1,
  });
  expect(await remove('data/', options)).toEqual({ removed: 2, failed: 0 });
  expect(server.bucket.keys()).toEqual([]);
  expect(await remove('data/', options)).toEqual({ removed: 0, failed: 0 });
});

it('throws what stops everything', async () => {
  const { cwd } = await startProject();
  const failure = await upload('nothing', { cwd, env: {} }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(DiagnosticError);
  expect(failure).toMatchObject({ exitCode: 1, diagnostics: [{ code: 'S3_NO_MATCH' }] });
  const nowhere = { cwd, env: { S3_BUCKET_NAME: 'nowhere' } };
  await expect(find('x', nowhere)).rejects.toMatchObject({ diagnostics: [{ code: 'S3_NO_BUCKET' }] });
  for (const nothing of [upload, download, find, remove])
    await expect(nothing('', { cwd, env: {} })).rejects.toMatchObject({ exitCode: 2 });
  const stopped = { cwd, env: {}, signal: AbortSignal.abort(new Error('enough')) };
  await expect(find('x', stopped)).rejects.toThrow('enough');
});

it('says that there is no such folder, not that its settings are missing', async () => {
  const { path, write } = await startProject();
  write('file', '');
  for (const cwd of [path('nowhere'), path('file'), path('file/below')])
    await expect(find('x', { cwd, env: {} })).rejects.toMatchObject({
      exitCode: 2,
      diagnostics: [{ message: `the option "cwd" is to be a folder, and ${cwd} is none` }],
    });
});

it('takes no .env that it cannot read for an empty one', async () => {
  const { cwd, write, server } = await startProject();
  write('.env', 'no line of such a file\n');
  await expect(find('x', { cwd, env: server.env })).rejects.toMatchObject({ exitCode: 2 });
});

it('refuses an option that it does not know', async () => {
  const { cwd } = await startProject();
  const misspelt = { cwd, env: {}, overwite: true };
  for (const each of [upload, download])
    await expect(each('data/', misspelt)).rejects.toMatchObject({
      exitCode: 2,
      diagnostics: [{ code: 'CLI_UNKNOWN_FLAG', hint: 'did you mean "overwrite"?' }],
    });
  await expect(find(undefined as unknown as string)).rejects.toMatchObject({ exitCode: 2 });
});

it.each([
  [{ include: '*.csv' }, 'the option "include" is to be a list of patterns'],
  [{ exclude: [1] }, 'the option "exclude" is to be a list of patterns'],
  [{ overwrite: 'false' }, 'the option "overwrite" is to be true or false'],
  [{ localPath: 1 }, 'the option "localPath" is to be a text'],
])('refuses %j, which the compiler would', async (options, message) => {
  const { cwd } = await startProject();
  const wrong = { cwd, env: {}, signal: undefined, ...options } as unknown as Parameters<typeof download>[1];
  await expect(download('data/', wrong)).rejects.toMatchObject({
    exitCode: 2,
    diagnostics: [{ code: 'CLI_BAD_VALUE', message }],
  });
});

it('shows who does not catch its errors one line of source, not a chunk', async () => {
  const { cwd } = await startProject();
  const program = `import { find } from ${JSON.stringify(built)}; await find('x');`;
  const env = { PATH: process.env['PATH'], S3_BUCKET_NAME: 'example', S3_ENDPOINT_URL: 'http://127.0.0.1:1' };
  const ran = spawnSync(process.execPath, ['--input-type=module', '-e', program], { cwd, env });
  expect(ran.stderr.toString()).toContain('cannot reach http://127.0.0.1:1');
  expect(
    Math.max(
      ...ran.stderr
        .toString()
        .split('\n')
        .map(({ length }) => length),
    ),
  ).toBeLessThan(400);
});
