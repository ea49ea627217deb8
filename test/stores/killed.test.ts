import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { startProject } from '../cli/data-project.ts';

const bin = new URL('../../dist/bin.js', import.meta.url).pathname;
const mebi = 1 << 20;
const content = randomBytes(40 * mebi);

function start(cwd: string, ...argv: string[]): ChildProcess {
  return spawn(process.execPath, [bin, ...argv], {
    cwd,
    stdio: 'ignore',
    env: { PATH: process.env['PATH'] },
  });
}

async function exitOf(child: ChildProcess): Promise<number | NodeJS.Signals | null> {
  return await new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code)));
}

/** Holds up a request until the process is gone, and tells when it has come that far. */
function holdUp() {
  let reached: () => void = () => {};
  let release: () => void = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const arrived = new Promise<void>((resolve) => {
    reached = resolve;
  });
  const meanwhile = () => {
    reached();
    return held;
  };
  return { meanwhile, arrived, release };
}

describe('an upload that is killed', () => {
  const isLastPart = ({ query }: { query: URLSearchParams }) => query.get('partNumber') === '3';

  it('with SIGKILL leaves parts that the next one clears away', async () => {
    const { server, cwd, write, path } = await startProject();
    write('data/big', content);
    const { meanwhile, arrived, release } = holdUp();
    server.fail({ meanwhile }, isLastPart);
    const child = start(cwd, 'upload', 'file=data/');
    await arrived;
    const exited = exitOf(child);
    child.kill('SIGKILL');
    expect(await exited).toBe('SIGKILL');
    release();
    const [left] = server.bucket.uploads.keys();
    expect([server.bucket.uploads.size, server.bucket.objects.size]).toEqual([1, 0]);
    expect(readdirSync(path('.toolbox/s3/uploads')).length).toBe(1);
    expect(await exitOf(start(cwd, 'upload', 'file=data/'))).toBe(0);
    expect(server.bucket.uploads.has(left ?? '')).toBe(false);
    expect([server.bucket.uploads.size, server.bucket.keys()]).toEqual([0, ['data/big']]);
    expect(readdirSync(path('.toolbox/s3/uploads'))).toEqual([]);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('with %s leaves none', async (signal) => {
    const { server, cwd, write } = await startProject();
    write('data/big', content);
    const { meanwhile, arrived, release } = holdUp();
    server.fail({ meanwhile }, isLastPart);
    const child = start(cwd, 'upload', 'file=data/');
    await arrived;
    const exited = exitOf(child);
    child.kill(signal);
    expect(await exited).toBe(130);
    release();
    expect([server.bucket.uploads.size, server.bucket.objects.size]).toEqual([0, 0]);
  });
});

describe('a download that is killed', () => {
  it.each(['SIGKILL', 'SIGTERM'] as const)('with %s is gone on with by the next', async (signal) => {
    const { server, cwd, path, write, run } = await startProject();
    write('data/big', content);
    await run('upload', 'file=data/');
    write('data/big', '');
    const { meanwhile, arrived, release } = holdUp();
    server.fail({ meanwhile }, ({ headers }) => headers.range?.startsWith(`bytes=${32 * mebi}-`) === true);
    const child = start(cwd, 'download', 'file=data/', 'overwrite=true');
    await arrived;
    const ranges = `data/.ktb-${createHash('sha256').update('big').digest('hex').slice(0, 16)}.ranges`;
    while (!existsSync(path(ranges)) || readFileSync(path(ranges), 'utf8').split('\n').length < 4)
      await new Promise((resolve) => setTimeout(resolve, 10));
    const exited = exitOf(child);
    child.kill(signal);
    await exited;
    release();
    expect(readFileSync(path('data/big')).length).toBe(0);
    server.log.length = 0;
    expect(await exitOf(start(cwd, 'download', 'file=data/', 'overwrite=true'))).toBe(0);
    expect(readFileSync(path('data/big')).equals(content)).toBe(true);
    expect(server.log.filter(({ headers }) => headers.range !== undefined).length).toBe(1);
    expect(readdirSync(path('data'))).toEqual(['big']);
  });
});
