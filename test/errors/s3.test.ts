import { createHash } from 'node:crypto';
import { rmSync, symlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { startProject } from '../cli/data-project.ts';
import { listenOnLoopback } from '../fakes/loopback.ts';
import { runMain } from '../setup/run-main.ts';
import type { Fault, Seen } from '../fakes/s3-server.ts';

type Project = Awaited<ReturnType<typeof startProject>>;

interface Case {
  readonly code: string;
  readonly what: string;
  readonly arrange: (project: Project) => void;
  readonly argv: readonly string[];
  readonly env?: Record<string, string>;
  readonly exit: number;
  readonly message: RegExp;
}

const always = Number.POSITIVE_INFINITY;
const fail = (fault: Fault, when: (seen: Seen) => boolean = () => true) => (project: Project) => {
  project.write('data/a', 'a');
  project.server.bucket.put('data/b', 'b');
  project.server.fail(fault, when, always);
};
const reply = (status: number, code: string, extra: object = {}) => ({ reply: { status, code, ...extra } });
const isObject = ({ method, key }: Seen) => method === 'GET' && key !== '';

const cases: readonly Case[] = [
  {
    code: 'S3_SETTING_MISSING',
    what: 'no bucket in .env',
    arrange: ({ write }) => write('.env', ''),
    argv: ['list'],
    exit: 2,
    message: /S3_BUCKET_NAME is neither in the environment nor in \.env\n {2}hint: write S3_BUCKET_NAME=my-bucket into \.env/,
  },
  {
    code: 'S3_SETTING_INVALID',
    what: 'an address for a bucket',
    arrange: ({ write }) => write('.env', 'S3_BUCKET_NAME=s3://example/data\n'),
    argv: ['list'],
    exit: 2,
    message: /S3_BUCKET_NAME \(from \.env:1\) is no bucket name: "s3:\/\/example\/data"/,
  },
  {
    code: 'S3_CREDENTIALS',
    what: 'an unknown key',
    arrange: fail(reply(403, 'InvalidAccessKeyId')),
    argv: ['list'],
    exit: 3,
    message: /does not know AWS_ACCESS_KEY_ID \(from \.env:3\)/,
  },
  {
    code: 'S3_CREDENTIALS',
    what: 'a key or a region that the server does not name',
    arrange: fail(reply(400, 'AuthorizationHeaderMalformed')),
    env: { AWS_REGION: 'somewhere' },
    argv: ['list'],
    exit: 3,
    message: /refuses AWS_ACCESS_KEY_ID \(from \.env:3\) with region somewhere, AWS_REGION \(from the environment\)/,
  },
  {
    code: 'S3_PROFILE_IGNORED',
    what: 'a profile beside a key in .env',
    arrange: ({ server }) => void server.bucket.put('a', 'a'),
    env: { AWS_PROFILE: 'lab' },
    argv: ['list'],
    exit: 0,
    message: /AWS_PROFILE is not used: AWS_ACCESS_KEY_ID from \.env:3 comes first/,
  },
  {
    code: 'S3_NO_BUCKET',
    what: 'a bucket that is not there',
    arrange: fail(reply(404, 'NoSuchBucket')),
    argv: ['list'],
    exit: 3,
    message: /there is no bucket "example" at http:.*: S3_BUCKET_NAME \(from \.env:2\)/,
  },
  {
    code: 'S3_NO_BUCKET',
    what: 'a bucket in the address',
    // The bucket's name is the key then.
    arrange: ({ server, write }) =>
      write(
        '.env',
        `S3_BUCKET_NAME=example\nS3_ENDPOINT_URL=${server.url}/example\nAWS_ACCESS_KEY_ID=FAKEKEY\nAWS_SECRET_ACCESS_KEY=fake/secret+key\n`,
      ),
    argv: ['list'],
    exit: 3,
    message:
      /there is no bucket "example" below http:\S+\/example: S3_ENDPOINT_URL \(from \.env:2\) has a path\n {2}hint: the bucket belongs into S3_BUCKET_NAME; most servers want S3_ENDPOINT_URL=http:\/\/[\d.]+:\d+\n/,
  },
  {
    code: 'S3_BROKEN_ANSWER',
    what: 'a web server',
    arrange: ({ server }) => server.fail({ page: 404 }, () => true, always),
    argv: ['upload', 'file=data/'],
    exit: 3,
    message: /what is at http:\S+ says "404 Not Found" as no S3 server does: S3_ENDPOINT_URL \(from \.env:1\)/,
  },
  {
    code: 'S3_REGION',
    what: 'another region',
    arrange: fail(reply(400, 'AuthorizationHeaderMalformed', { extra: '<Region>eu-north-1</Region>' })),
    argv: ['list'],
    exit: 3,
    message: /the bucket is in eu-north-1, not in us-east-1: AWS_REGION \(not set\)\n {2}hint: set AWS_REGION=eu-north-1/,
  },
  {
    code: 'S3_CLOCK',
    what: 'a clock that no correction helps',
    arrange: fail(reply(403, 'RequestTimeTooSkewed')),
    argv: ['list'],
    exit: 3,
    message: /refuses our time/,
  },
  {
    code: 'S3_REDIRECTED',
    what: 'another host',
    arrange: fail(reply(301, 'PermanentRedirect', { headers: { location: 'http://other.example/' } })),
    argv: ['list'],
    exit: 3,
    message: /sends us to http:\/\/other\.example\//,
  },
  {
    code: 'S3_DENIED',
    what: 'no right to list',
    arrange: fail(reply(403, 'AccessDenied')),
    argv: ['find', 'file=data/'],
    exit: 3,
    message: /does not let AWS_ACCESS_KEY_ID \(from \.env:3\) list bucket "example"/,
  },
  {
    code: 'S3_NOT_FOUND',
    what: 'an object that goes away meanwhile',
    arrange: fail(reply(404, 'NoSuchKey'), isObject),
    argv: ['download', 'file=data/b'],
    exit: 1,
    message: /there is no "data\/b"/,
  },
  {
    code: 'S3_CHANGED',
    what: 'an object that never stays the same',
    arrange: fail(reply(412, 'PreconditionFailed'), isObject),
    argv: ['download', 'file=data/b'],
    exit: 1,
    message: /"data\/b" was replaced while it was being read/,
  },
  {
    code: 'S3_REFUSED',
    what: 'something S3 knows and we do not',
    arrange: fail(reply(409, 'InvalidBucketState'), ({ method }) => method === 'PUT'),
    argv: ['upload', 'file=data/a'],
    exit: 1,
    message: /PUT "data\/a" at http:.* failed: InvalidBucketState/,
  },
  {
    code: 'S3_UNREACHABLE',
    what: 'nobody listening',
    arrange: ({ write }) => write('.env', 'S3_BUCKET_NAME=example\nS3_ENDPOINT_URL=http://127.0.0.1:1\n'),
    argv: ['list'],
    exit: 3,
    message: /cannot reach http:\/\/127\.0\.0\.1:1 \(S3_ENDPOINT_URL from \.env:2\): connect ECONNREFUSED/,
  },
  {
    code: 'S3_BROKEN_ANSWER',
    what: 'a listing cut off each time',
    arrange: fail({ rewrite: (xml) => xml.slice(0, 150) }),
    argv: ['find', 'file=data/'],
    exit: 3,
    message: /the answers of http:.* about bucket "example" cannot be trusted: cut off/,
  },
  {
    code: 'S3_NOT_VERIFIED',
    what: 'damage each time',
    arrange: fail({ flip: 0 }, isObject),
    argv: ['download', 'file=data/b'],
    exit: 1,
    message: /"data\/b" arrived damaged 4 times/,
  },
  {
    code: 'S3_KEY_REFUSED',
    what: 'a key that leads out',
    arrange: ({ server }) => void server.bucket.put('data/../../evil', 'x'),
    argv: ['download', 'file=*'],
    exit: 3,
    message: /skipped data\/\.\.\/\.\.\/evil: it has a part "\.\."/,
  },
  {
    code: 'S3_FILE_SKIPPED',
    what: 'a device',
    arrange: ({ write, path }) => {
      write('data/a', 'a');
      symlinkSync('/dev/null', path('data/null'));
    },
    argv: ['upload', 'file=data/'],
    exit: 0,
    message: /skipped data\/null: it is a device/,
  },
  {
    code: 'S3_FILE_FAILED',
    what: 'a folder that goes away meanwhile',
    arrange: ({ server, write, path }) => {
      server.bucket.put('data/b', 'b');
      write('data/.keep', '');
      server.fail({ meanwhile: () => rmSync(path('data'), { recursive: true }) }, isObject);
    },
    argv: ['download', 'file=data/b'],
    exit: 1,
    message: /data\/b: ENOENT/,
  },
  {
    code: 'S3_DIFFERS',
    what: 'other content',
    arrange: ({ server, write }) => {
      server.bucket.put('data/a', 'there');
      write('data/a', 'local');
    },
    argv: ['upload', 'file=data/'],
    exit: 3,
    message: /data\/a differs and was left: other content\n[^]*overwrite=true replaces it/,
  },
  {
    code: 'S3_NO_MATCH',
    what: 'files in a folder that is not there',
    arrange: () => {},
    argv: ['upload', 'file=a', 'local_path=nowhere'],
    exit: 1,
    message: /no file below \S+\/nowhere matches "a"\n {2}hint: there is no such folder/,
  },
  {
    code: 'S3_NO_MATCH',
    what: 'a file that is not there',
    arrange: () => {},
    argv: ['upload', 'file=a'],
    exit: 1,
    message: /matches "a"\n {2}hint: write the path as it is seen from that folder/,
  },
  {
    code: 'S3_NO_MATCH',
    what: 'nothing there',
    arrange: () => {},
    argv: ['download', 'file=data/'],
    exit: 1,
    message: /no key in bucket "example" at http:.* matches "data\/"/,
  },
  {
    code: 'S3_DELETE_FAILED',
    what: 'a key that may not be deleted',
    arrange: fail({
      rewrite: () =>
        '<DeleteResult><Error><Key>data/b</Key><Code>AccessDenied</Code><Message>no</Message></Error></DeleteResult>',
    }, ({ method }) => method === 'POST'),
    argv: ['remove', 'file=data/b', 'yes=true'],
    exit: 1,
    message: /data\/b was not deleted: AccessDenied: no/,
  },
  {
    code: 'S3_PATH_OUTSIDE',
    what: 'a path outside',
    arrange: () => {},
    argv: ['upload', 'file=../data'],
    exit: 2,
    message: /"\.\.\/data" is not below \/.*, so it has no key/,
  },
];

it.each(cases)('$code: $what', async ({ code, arrange, argv, env, exit, message }) => {
  const project = await startProject();
  arrange(project);
  const { code: exitCode, stdout, stderr } = await runMain(project.cwd, argv, env && { env });
  expect(stderr).toMatch(new RegExp(`^(error|warning) ${code}: `, 'm'));
  expect(stderr).toMatch(message);
  expect(exitCode).toBe(exit);
  expect(stdout + stderr).not.toMatch(/FAKEKEY|fake\/secret/);
});

const holder = JSON.stringify({ pid: process.pid, host: hostname() });

it('S3_SERVER_RUNNING: one is enough', async () => {
  const { write, run } = await startProject();
  write('.toolbox/s3/server.json', holder);
  const { code, stderr } = await run('server');
  expect(code).toBe(3);
  expect(stderr).toMatch(/^error S3_SERVER_RUNNING: .* process \d+ on .*\n {2}hint: kill/);
});

it('S3_MONITOR_RUNNING: one a folder is enough', async () => {
  const { write, run, path } = await startProject();
  const folder = createHash('sha256').update(path('out')).digest('hex').slice(0, 16);
  write(`.toolbox/s3/monitor-${folder}.lock`, holder);
  const { code, stderr } = await run('monitor', 'file=out/');
  expect(code).toBe(3);
  expect(stderr).toMatch(/^error S3_MONITOR_RUNNING: out\/ is watched already/);
});

it('S3_SERVER_PORT: a port that is taken', async () => {
  const { run } = await startProject();
  const taken = createServer();
  const port = await listenOnLoopback(taken);
  const { code, stderr } = await run('server', `port=${port}`);
  expect([code, stderr]).toEqual([3, expect.stringMatching(/^error S3_SERVER_PORT: cannot listen on 127\.0\.0\.1:\d+: .*EADDRINUSE/)]);
});

it('CLI_CANNOT_ASK: remove without a terminal', async () => {
  const { run, server } = await startProject();
  server.bucket.put('a', 'a');
  const { code, stderr } = await run('remove', 'file=a');
  expect([code, stderr]).toEqual([2, expect.stringMatching(/error CLI_CANNOT_ASK: .*\n {2}hint: add yes=true/)]);
});
