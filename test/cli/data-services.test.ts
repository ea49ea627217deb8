import { type ChildProcess, execFile, spawn } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import http, { createServer as createHttpServer } from 'node:http';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { markSettings } from '../../src/cli/data/settings-marks.ts';
import { SourceFile } from '../../src/diagnostics/source-file.ts';
import { listenOnLoopback } from '../fakes/loopback.ts';
import { startProject } from './data-project.ts';

const bin = new URL('../../dist/bin.js', import.meta.url).pathname;
const repository = new URL('../..', import.meta.url).pathname;
const template = new URL('../../templates/init/s3utils.py', import.meta.url).pathname;
const run = promisify(execFile);

/** Starts a command that goes on, and waits until it has said this. */
async function start(cwd: string, argv: readonly string[], said: RegExp, env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [bin, ...argv], { cwd, env: { PATH: process.env['PATH'], ...env } });
  onTestFinished(() => void child.kill('SIGKILL'));
  const output = { text: '' };
  const collect = (chunk: Buffer) => {
    output.text += chunk;
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  await until(() => said.test(output.text));
  return { child, output };
}

async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function stop(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.kill(signal);
  return await exited;
}

interface ServerFile {
  readonly url: string;
  readonly token: string;
}

async function post(url: string, headers: Record<string, string>, body: string) {
  return await new Promise<{ status: number; text: string }>((resolve, reject) => {
    const request = http.request(url, { method: 'POST', headers }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk;
      });
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.on('error', reject).end(body);
  });
}

describe('server', () => {
  async function startServer(
    env: Record<string, string> = {},
    dotenv?: (server: { readonly url: string }) => string,
  ) {
    const project = await startProject();
    if (dotenv !== undefined) project.write('.env', dotenv(project.server));
    const { child, output } = await start(project.cwd, ['server'], /Serving .* at http/, env);
    const file = project.path('.toolbox/s3/server.json');
    const { url, token } = JSON.parse(readFileSync(file, 'utf8')) as ServerFile;
    const call = async (path: string, body: object, change: Record<string, string> = {}) => {
      const answer = await post(
        url + path,
        { authorization: `Bearer ${token}`, ...change },
        JSON.stringify(body),
      );
      return {
        status: answer.status,
        lines: answer.text
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line)),
      };
    };
    return { ...project, child, output, file, url, token, call };
  }

  it('finds, lists, moves and removes', async () => {
    const { server, write, path, call, child, file, output, token } = await startServer();
    write('data/a', 'a');
    expect((await call('/upload', { file: 'data/' })).lines).toEqual([
      { type: 'planned', files: 1, bytes: 1 },
      { type: 'uploaded', key: 'data/a', path: path('data/a'), bytes: 1 },
      { type: 'summary', moved: 1, bytes: 1, same: 0, different: 0, skipped: 0, ignored: 0, failed: 0 },
      { type: 'done', exit_code: 0 },
    ]);
    server.bucket.put('data/sub/b', 'b');
    expect((await call('/download', { file: 'data/sub/', local_path: 'copy' })).lines.at(-1)).toEqual({
      type: 'done',
      exit_code: 0,
    });
    expect(readFileSync(path('copy/data/sub/b'), 'utf8')).toBe('b');
    expect((await call('/find', { file: 'data/*b' })).lines[0]).toMatchObject({
      type: 'object',
      key: 'data/sub/b',
    });
    expect((await call('/list', { file: 'data' })).lines.map(({ key }) => key)).toEqual([
      'data/sub/',
      'data/a',
      undefined,
    ]);
    expect((await call('/remove', { file: 'data/a', dry_run: true })).lines).toEqual([
      { type: 'would-remove', key: 'data/a' },
      { type: 'done', exit_code: 0 },
    ]);
    expect(server.bucket.keys()).toEqual(['data/a', 'data/sub/b']);
    expect((await call('/remove', { file: 'data/a' })).lines.at(-1)).toEqual({ type: 'done', exit_code: 0 });
    expect((await call('/remove', { file: 'data/a' })).lines).toMatchObject([
      { code: 'S3_NO_MATCH' },
      { type: 'done', exit_code: 1 },
    ]);
    expect(server.bucket.keys()).toEqual(['data/sub/b']);
    expect((await call('/upload', { file: 'nothing' })).lines).toMatchObject([
      { code: 'S3_NO_MATCH' },
      { type: 'done', exit_code: 1 },
    ]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(output.text).not.toContain(token);
    expect(await stop(child)).toBe(0);
    expect(existsSync(file)).toBe(false);
  });

  it('lets nobody in without its token, or by another name', async () => {
    const { call, url, token, server } = await startServer();
    const body = { file: 'data/' };
    expect((await call('/find', body, { authorization: 'Bearer wrong' })).status).toBe(401);
    expect((await call('/find', body, { authorization: '' })).status).toBe(401);
    expect((await call('/find', body, { host: 'evil.example' })).status).toBe(403);
    expect((await call('/find', body, { origin: 'http://evil.example' })).status).toBe(403);
    expect((await call('/other', body)).status).toBe(404);
    expect((await call('/find', {})).status).toBe(400);
    expect(await call('/upload', { file: 'x', overwrit: true })).toEqual({
      status: 400,
      lines: [
        {
          error:
            'there is no flag "overwrit" for /upload, which takes file, include, exclude, local_path, overwrite, allow_empty, dry_run',
        },
      ],
    });
    for (const [path, flag] of [
      ['/find', 'dry_run'],
      ['/list', 'include'],
      ['/remove', 'overwrite'],
    ] as const)
      expect((await call(path, { file: 'x', [flag]: true })).status).toBe(400);
    expect((await call('/find', { file: 'x', include: 'y' })).status).toBe(400);
    expect((await call('/find', { file: 'x\udcff' })).lines).toMatchObject([
      { code: 'S3_KEY_REFUSED', message: '"x\\udcff" is not valid Unicode, so it is no key' },
      { exit_code: 2 },
    ]);
    expect((await post(`${url}/find`, { authorization: `Bearer ${token}` }, 'no json')).status).toBe(400);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:/);
    expect(server.log.length).toBe(0);
  });

  it('renews credentials of roles before they expire', async () => {
    const role = { key: 'FIRST' };
    const roles = createHttpServer((_, response) => {
      // What has not expired yet is used while the next is fetched.
      const Expiration = new Date(Date.now() - 1000).toISOString();
      response.end(
        JSON.stringify({ AccessKeyId: role.key, SecretAccessKey: role.key, Token: 'token', Expiration }),
      );
    });
    const port = await listenOnLoopback(roles);
    const AWS_CONTAINER_CREDENTIALS_FULL_URI = `http://127.0.0.1:${port}/`;
    const { call, server } = await startServer({ AWS_CONTAINER_CREDENTIALS_FULL_URI }, ({ url }) => {
      return `S3_BUCKET_NAME=example\nS3_ENDPOINT_URL=${url}\n`;
    });
    server.bucket.put('a', 'a');
    for (const key of ['FIRST', 'SECOND']) {
      role.key = key;
      server.secrets.clear();
      server.secrets.set(key, key);
      expect((await call('/find', { file: 'a' })).lines).toMatchObject([{ key: 'a' }, { exit_code: 0 }]);
    }
  });

  it('survives callers that die in their request, and addresses that are none', async () => {
    const { call, url, token, write } = await startServer();
    write('data/a', 'a');
    const head = `Host: ${new URL(url).host}\r\nAuthorization: Bearer ${token}\r\n`;
    for (const [path, length] of [
      ['/find', 99],
      ['//', 2],
    ] as const) {
      const socket = connect(Number(new URL(url).port), '127.0.0.1');
      const answered = new Promise<void>((resolve) => socket.once('data', () => resolve()));
      const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
      socket.write(`POST ${path} HTTP/1.1\r\n${head}Content-Length: ${length}\r\n\r\n{}`);
      // What is promised and never comes: the server waits for it until the caller hangs up.
      if (path === '//') await answered;
      socket.end();
      await closed;
    }
    expect((await call('/upload', { file: 'data/' })).lines.at(-1)).toEqual({ type: 'done', exit_code: 0 });
  });

  it('ends when it is told to in the middle of a request', async () => {
    const { server, write, call, child } = await startServer();
    write('data/a', 'a');
    let held: (() => void) | undefined;
    const hold = new Promise<void>((resolve) => {
      held = resolve;
    });
    server.fail({ meanwhile: () => hold }, ({ method }) => method === 'PUT');
    const cut = call('/upload', { file: 'data/' }).catch((error: unknown) => error);
    await until(() => server.count('PUT') > 0);
    expect(await stop(child)).toBe(0);
    held?.();
    expect(await cut).toBeInstanceOf(Error);
  });

  it('runs once a project, and takes the place of one that was killed', async () => {
    const { cwd, child, run: runHere } = await startServer();
    const second = await runHere('server');
    expect([second.code, /S3_SERVER_RUNNING/.test(second.stderr)]).toEqual([3, true]);
    await stop(child, 'SIGKILL');
    const third = await start(cwd, ['server'], /Serving/);
    expect(await stop(third.child, 'SIGINT')).toBe(0);
  });

  it('ends when nobody asks any more', async () => {
    const project = await startProject();
    const { child } = await start(project.cwd, ['server', 'idle=0'], /Server ended/);
    await until(() => child.exitCode !== null);
    expect([child.exitCode, existsSync(project.path('.toolbox/s3/server.json'))]).toEqual([0, false]);
  });
});

describe('monitor', () => {
  it('watches a folder, once, until it is told to stop', async () => {
    const { server, write, cwd, run: runHere, path } = await startProject();
    write('out/a', 'a');
    const { child } = await start(cwd, ['monitor', 'file=out', 'interval=1'], /Uploaded out\/a to out\/a/);
    expect(server.bucket.keys()).toEqual(['out/a']);
    const second = await runHere('monitor', 'file=out/');
    expect([
      second.code,
      /S3_MONITOR_RUNNING: out\/ is watched already, by process \d+/.test(second.stderr),
    ]).toEqual([3, true]);
    const locks = () => existsSync(path('.toolbox/s3'));
    expect(await stop(child, 'SIGINT')).toBe(0);
    expect(locks()).toBe(true);
    const { child: third } = await start(cwd, ['mn', 'file=out'], /Watching out\/, 1 file;/);
    expect(await stop(third)).toBe(0);
    const { child: fourth, output } = await start(cwd, ['mn', 'file=out', 'interval=600'], /Watching/);
    write('out/late', 'x');
    rmSync(path('out/a'));
    expect(await stop(fourth)).toBe(1);
    expect(output.text).toMatch(/^Stopped watching out\/; 1 file may not be in the bucket: out\/late$/m);
  });
});

it.each([
  ['monitor', 'file=data/1', 'monitor watches a folder, and "data/1" is a file'],
  ['monitor', 'file=data/*.csv', 'monitor watches a folder, and "data/*.csv" is a pattern'],
  ['monitor', 'interval=99999999', '"interval" is a whole number from 1 to 86400, not "99999999"'],
  ['server', 'idle=99999999', '"idle" is a whole number from 0 to 35000, not "99999999"'],
  ['server', 'port=65536', '"port" is a whole number from 0 to 65535, not "65536"'],
])('%s refuses %s rather than wait in vain, or not at all', async (command, value, message) => {
  const { run: runHere, write } = await startProject();
  write('data/1', '1');
  const { code, stderr } = await runHere(command, value);
  expect([code, stderr]).toEqual([2, expect.stringContaining(`error CLI_BAD_VALUE: ${message}\n`)]);
});

describe('the Python module', () => {
  const script = `
import json, sys
from pathlib import Path
from toolbox.s3utils import S3Error, download_s3_path, find_s3_path, remove_s3_path, upload_s3_path
result = [upload_s3_path("data/"), upload_s3_path("data/"), find_s3_path("data/*"), download_s3_path(Path("data"), local_path=Path("copy"))]
open("data/1", "w").write("changed")
try:
    upload_s3_path("data/1")
except S3Error as error:
    result.append([error.exit_code, str(error)])
result += [upload_s3_path("data/1", overwrite=True), remove_s3_path("data/"), find_s3_path("data/"), remove_s3_path("data/")]
print(json.dumps(result))
`;

  async function startPython(by: 'ktb' | 'make' | 'server' | 'nothing') {
    const project = await startProject();
    const { cwd, path, write } = project;
    mkdirSync(path('src/toolbox'), { recursive: true });
    copyFileSync(template, path('src/toolbox/s3utils.py'));
    mkdirSync(path('bin'));
    if (by === 'server') await start(cwd, ['server'], /Serving/);
    if (by === 'ktb') symlinkSync(bin, path('bin/ktb'));
    if (by === 'make') {
      // As an installed package, which has no sources to be built from.
      mkdirSync(path('kit'));
      for (const name of ['Makefile', 'setup'])
        cpSync(join(repository, name), path(`kit/${name}`), { recursive: true });
      symlinkSync(join(repository, 'dist'), path('kit/dist'));
      write('Makefile', 'include kit/Makefile\n');
    }
    const env = {
      PATH: `${path('bin')}:${process.env['PATH']}`,
      PYTHONPATH: path('src'),
      PYTHONDONTWRITEBYTECODE: '1',
      LC_ALL: 'C.UTF-8',
    };
    const python = async (text: string, more: Record<string, string> = {}) => {
      const { stdout } = await run('python3', ['-c', text], { cwd, env: { ...env, ...more } });
      return JSON.parse(stdout) as unknown;
    };
    return { ...project, python };
  }

  it.each(['ktb', 'make', 'server'] as const)('does all by %s', async (by) => {
    const { server, write, path, python } = await startPython(by);
    write('data/1', 'one');
    write('data/2 ü\u2028\u0085', 'two');
    const keys = ['data/1', 'data/2 ü\u2028\u0085'];
    expect(await python(script)).toEqual([
      keys,
      [],
      keys,
      keys,
      [3, 'data/1 differs and was left: 3 bytes there, 7 bytes here'],
      ['data/1'],
      keys,
      [],
      [],
    ]);
    expect(readFileSync(path(`copy/${keys[1]}`), 'utf8')).toBe('two');
    expect(server.bucket.keys()).toEqual([]);
  });

  it.each(['ktb', 'make', 'server'] as const)(
    'says the same of a mistake, from any folder, by %s',
    async (by) => {
      const { server, python, path } = await startPython(by);
      server.bucket.put('data/1', 'one');
      mkdirSync(path('notebooks'));
      const answer = await python(`
import json, os
os.chdir("notebooks")
from toolbox.s3utils import S3Error, download_s3_path, find_s3_path, remove_s3_path, upload_s3_path
result = [find_s3_path("data/"), download_s3_path("data/1"), os.path.exists("../data/1")]
for path in ("", "../x"):
    try:
        find_s3_path(path)
    except S3Error as error:
        result.append([error.exit_code, str(error)])
result += [find_s3_path("nope"), remove_s3_path("nope")]
for move in (upload_s3_path, download_s3_path):
    try:
        move("nope")
    except S3Error as error:
        result.append([error.exit_code, str(error)])
print(json.dumps(result))
`);
      expect(answer).toEqual([
        ['data/1'],
        ['data/1'],
        true,
        [2, '"file" is empty'],
        [2, expect.stringMatching(/^"\.\.\/x" is not below .*, so it has no key$/)],
        [],
        [],
        [1, expect.stringMatching(/^no file below .* matches "nope"$/)],
        [1, expect.stringMatching(/^no key in .* matches "nope"$/)],
      ]);
    },
  );

  describe('next to a server', () => {
    const remove = `
import json, os
from toolbox.s3utils import S3Error, remove_s3_path
try:
    print(json.dumps(remove_s3_path("data/")))
except S3Error as error:
    print(json.dumps(str(error)))
`;

    // No command is there to fall back to, so that it is seen who did it.
    const byCommand = expect.stringMatching(/^neither ktb nor a Makefile in /);

    it.each<[string, (server: Record<string, string>) => Record<string, string>]>([
      ['nothing in the environment', () => ({})],
      ['what is in .env in the environment, too', (server) => server],
      ['an empty setting', () => ({ S3_BUCKET_NAME: ' ' })],
    ])('uses it with %s', async (_, env) => {
      const { server, python } = await startPython('server');
      server.bucket.put('data/1', 'one');
      expect(await python(remove, env(server.env))).toEqual(['data/1']);
    });

    it.each([
      ['another bucket', { S3_BUCKET_NAME: 'other' }],
      ['another key', { AWS_ACCESS_KEY_ID: 'other' }],
      ['a profile', { AWS_PROFILE: 'other' }],
    ])('leaves alone one that does not know of %s in the environment', async (_, env) => {
      const { server, python } = await startPython('server');
      server.bucket.put('data/1', 'one');
      expect(await python(remove, env)).toEqual(byCommand);
      expect(server.bucket.keys()).toEqual(['data/1']);
    });

    it('leaves alone one whose environment named another bucket than .env', async () => {
      const { server, cwd, python, write } = await startPython('nothing');
      const dotenv = Object.entries(server.env).map(([name, value]) => `${name}=${value}\n`);
      write('.env', dotenv.join('').replace(/^S3_BUCKET_NAME=.*$/m, 'S3_BUCKET_NAME=other'));
      server.bucket.put('data/1', 'one');
      const env = { S3_BUCKET_NAME: server.env['S3_BUCKET_NAME'] ?? '' };
      await start(cwd, ['server'], /Serving/, env);
      expect(await python(remove)).toEqual(byCommand);
      expect(await python(remove, env)).toEqual(['data/1']);
    });

    it('leaves alone one that began before .env was edited', async () => {
      const { server, python, path } = await startPython('server');
      server.bucket.put('data/1', 'one');
      const before = readFileSync(path('.env'), 'utf8');
      writeFileSync(path('.env'), before.replace(/^S3_BUCKET_NAME=.*$/m, 'S3_BUCKET_NAME=other'));
      expect(await python(remove)).toEqual(byCommand);
      rmSync(path('.env'));
      expect(await python(remove)).toEqual(byCommand);
      writeFileSync(path('.env'), before);
      expect(await python(remove)).toEqual(['data/1']);
    });

    it('is told of no setting by the file of the server', async () => {
      const { server, path } = await startPython('server');
      const text = readFileSync(path('.toolbox/s3/server.json'), 'utf8');
      expect(Object.keys(JSON.parse(text).settings)).toEqual(expect.arrayContaining(Object.keys(server.env)));
      for (const value of Object.values(server.env)) expect(text).not.toContain(`"${value}"`);
    });
  });

  it.each([
    ['before it answers', '', ['data/1']],
    [
      'in its answer',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
      'make server went away during find; call again to go on',
    ],
  ])('is not confused by a server that goes away %s', async (_, said, result) => {
    const { server, write, path, python } = await startPython('ktb');
    server.bucket.put('data/1', 'one');
    const dying = createServer((socket) => void socket.once('data', () => socket.end(said)));
    const port = await listenOnLoopback(dying);
    const marks = markSettings({}, new SourceFile('.env', readFileSync(path('.env'), 'utf8')), 'x');
    write(
      '.toolbox/s3/server.json',
      JSON.stringify({ url: `http://127.0.0.1:${port}`, token: 'x', ...marks }),
    );
    const answer = await python(`
import json
from toolbox.s3utils import S3Error, find_s3_path
try:
    print(json.dumps(find_s3_path("data/")))
except S3Error as error:
    print(json.dumps(str(error)))
`);
    expect(answer).toEqual(result);
  });
});

describe('a reader that has had enough', () => {
  it.each(['upload', 'download'])('does not end a %s half-way', async (direction) => {
    const { server, cwd, path, write } = await startProject();
    for (let index = 0; index < 400; index++) {
      if (direction === 'upload') write(`data/${index}`, 'x');
      else server.bucket.put(`data/${index}`, 'x');
    }
    const shell = `"$0" "$1" ${direction} file=data/ | head -n1; exit "\${PIPESTATUS[0]}"`;
    await run('bash', ['-c', shell, process.execPath, bin], { cwd, env: { PATH: process.env['PATH'] } });
    const there = direction === 'upload' ? server.bucket.keys() : readdirSync(path('data'));
    expect(there.length).toBe(400);
  });
});

// Half a file that is kept for resuming would keep the disk full.
it('a download that does not fit leaves nothing behind', async () => {
  const { server, cwd } = await startProject();
  server.bucket.put('big', Buffer.alloc(3 << 20));
  const shell = `trap '' XFSZ; ulimit -f 1024; exec "$0" "$1" download file=big`;
  const ran = run('bash', ['-c', shell, process.execPath, bin], { cwd, env: { PATH: process.env['PATH'] } });
  await expect(ran).rejects.toMatchObject({ code: 1, stderr: expect.stringMatching(/EFBIG/) });
  expect(readdirSync(cwd).sort()).toEqual(['.env']);
});
