import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parseDotEnv } from '../../src/config/dotenv.ts';
import { SourceFile } from '../../src/diagnostics/source-file.ts';
import { obeysProxies } from '../../src/stores/proxy-support.ts';
import { readS3Settings } from '../../src/stores/s3-settings.ts';
import { startProject } from '../cli/data-project.ts';

const run = promisify(execFile);

function read(env: Record<string, string>, dotenv = '') {
  const checked = readS3Settings(env, parseDotEnv(new SourceFile('.env', dotenv)).dotenv);
  if (!checked.ok) throw new Error(checked.diagnostics.map(({ message }) => message).join('; '));
  return checked.value;
}

describe('settings', () => {
  it('come from .env, and the environment wins', () => {
    const dotenv = 'S3_BUCKET_NAME=one\nS3_ENDPOINT_URL=https://s3.example.org/base\n';
    const settings = read({ S3_BUCKET_NAME: 'two' }, dotenv);
    expect([settings.bucket, settings.endpoint.href, settings.region]).toEqual([
      'two',
      'https://s3.example.org/base',
      'us-east-1',
    ]);
    expect(settings.origin('S3_BUCKET_NAME')).toBe('from the environment');
    expect(settings.origin('S3_ENDPOINT_URL')).toBe('from .env:2');
    expect(settings.origin('AWS_REGION')).toBe('not set');
  });

  it.each([
    ['127.0.0.1:7480', 'write it as http://127.0.0.1:7480, or with https://'],
    ['localhost:9000', 'write it as http://localhost:9000, or with https://'],
    ['s3.example.org', 'write it as http://s3.example.org, or with https://'],
    ['user:secret@host:1', 'write it as https://s3.example.org'],
    ['fakeSecret/Key', 'write it as https://s3.example.org'],
  ])('say how to write the address "%s"', (address, hint) => {
    const dotenv = parseDotEnv(new SourceFile('.env', 'S3_BUCKET_NAME=one\n')).dotenv;
    const checked = readS3Settings({ S3_ENDPOINT_URL: address }, dotenv);
    expect(checked).toMatchObject({ ok: false, diagnostics: [{ code: 'S3_SETTING_INVALID', hint }] });
  });

  it('take key, secret and token from one place', () => {
    const dotenv = 'S3_BUCKET_NAME=one\nAWS_ACCESS_KEY_ID=a\nAWS_SECRET_ACCESS_KEY=b\nAWS_SESSION_TOKEN=c\n';
    expect(read({}, dotenv).credentials).toEqual({
      accessKeyId: 'a',
      secretAccessKey: 'b',
      sessionToken: 'c',
    });
    const env = { AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'y' };
    expect(read(env, dotenv).credentials).toEqual({
      accessKeyId: 'x',
      secretAccessKey: 'y',
      sessionToken: undefined,
    });
    expect(() => read({ AWS_ACCESS_KEY_ID: 'x' }, dotenv)).toThrow(/AWS_SECRET_ACCESS_KEY is not there/);
  });

  it('mean AWS where no server is named, and nobody where no key is', () => {
    const settings = read({ S3_BUCKET_NAME: 'one', AWS_REGION: 'eu-west-1' });
    expect([settings.endpoint.origin, settings.credentials]).toEqual([
      'https://s3.eu-west-1.amazonaws.com',
      'none',
    ]);
    expect(read({ S3_BUCKET_NAME: 'one', AWS_PROFILE: 'lab' }).credentials).toBe('chain');
  });
});

it('a profile is looked up by the AWS SDK', async () => {
  const { cwd, write, server, path } = await startProject();
  server.bucket.put('a', 'a');
  write('.env', `S3_BUCKET_NAME=example\nS3_ENDPOINT_URL=${server.url}\nAWS_PROFILE=lab\n`);
  write('aws', '[lab]\naws_access_key_id = FAKEKEY\naws_secret_access_key = fake/secret+key\n');
  const bin = new URL('../../dist/bin.js', import.meta.url).pathname;
  const env = {
    PATH: process.env['PATH'],
    HOME: cwd,
    AWS_SHARED_CREDENTIALS_FILE: path('aws'),
    AWS_CONFIG_FILE: path('none'),
  };
  expect((await run(process.execPath, [bin, 'list'], { cwd, env })).stdout).toBe('a\n');
  write('aws', '[other]\n');
  await expect(run(process.execPath, [bin, 'list'], { cwd, env })).rejects.toMatchObject({
    code: 3,
    stderr: expect.stringMatching(
      /error S3_CREDENTIALS: no credentials from profile "lab" \(AWS_PROFILE from \.env:3\)/,
    ),
  });
});

it('a folder is a bucket too', async () => {
  const { write, run: runHere, path } = await startProject();
  write('lab/example/.keep', '');
  write('.env', `S3_BUCKET_NAME=example\nS3_ENDPOINT_URL=file://${path('lab')}\n`);
  write('data/a', 'a');
  expect((await runHere('upload', 'file=data/')).stdout).toBe('Uploaded data/a to data/a\n');
  expect((await runHere('find', 'file=data/')).stdout).toBe('data/a\n');
  expect((await runHere('download', 'file=data/', 'local_path=copy')).stdout).toBe(
    'Downloaded data/a to ./copy/data/a\n',
  );
  expect((await runHere('upload', 'file=data/')).stderr).toBe('Nothing uploaded; 1 already there\n');
});

describe('what cannot be sent is named before anything is sent:', () => {
  it.each([
    ['AWS_ACCESS_KEY_ID', 'KEY\u200bID'],
    ['AWS_SECRET_ACCESS_KEY', 'se\ncret'],
    ['AWS_SESSION_TOKEN', 'tok\u00a0en'],
    ['AWS_REGION', 'us\u2013east-1'],
  ])('%s', (name, value) => {
    const all = { S3_BUCKET_NAME: 'one', AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b', [name]: value };
    const told = new RegExp(`^${name} \\(from the environment\\) holds a line break`);
    expect(() => read(all)).toThrow(told);
    expect(() => read(all)).not.toThrow(value);
  });

  it.each([
    ['nowhere.pem', undefined, 'is a file that cannot be read'],
    ['empty.pem', 'garbage', 'is a file without a certificate'],
  ])('AWS_CA_BUNDLE=%s', async (name, content, why) => {
    const { run: runHere, write, path } = await startProject();
    if (content !== undefined) write(name, content);
    write('.env', `S3_BUCKET_NAME=one\nS3_ENDPOINT_URL=https://127.0.0.1:1\nAWS_CA_BUNDLE=${path(name)}\n`);
    const { code, stderr } = await runHere('list');
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining(`error S3_SETTING_INVALID: AWS_CA_BUNDLE (from .env:3) ${why}`),
    ]);
  });
});

it.each([
  ['22.19.0', false],
  ['22.21.1', true],
  ['23.11.0', false],
  ['24.4.1', false],
  ['24.5.0', true],
  ['25.0.0', true],
])('Node %s obeys proxies: %s', (version, expected) => {
  expect(obeysProxies(version)).toBe(expected);
});
