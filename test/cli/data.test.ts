import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SignalReceived } from '../../src/context.ts';
import { formatLooking } from '../../src/report/transfer-progress.ts';
import type { Seen } from '../fakes/s3-server.ts';
import { runMain } from '../setup/run-main.ts';
import { runOnTerminal, startProject } from './data-project.ts';

describe('upload and download', () => {
  it('do what the tutorial shows', async () => {
    const { write, path, run } = await startProject();
    write('data/1.txt', '1,2,3\n');
    write('data/2.txt', '4,5,6\n');
    const up = await run('upload', 'file=data/');
    expect(up).toMatchObject({
      code: 0,
      stdout: 'Uploaded data/1.txt to data/1.txt\nUploaded data/2.txt to data/2.txt\n',
    });
    expect(up.stderr).toMatch(/^Uploaded 2 files, 12 B in [\d.]+s, .*\/s\n$/);
    rmSync(path('data'), { recursive: true });
    const down = await run('download', 'file=data/');
    expect(down).toMatchObject({
      code: 0,
      stdout: 'Downloaded data/1.txt to ./data/1.txt\nDownloaded data/2.txt to ./data/2.txt\n',
    });
    expect(readFileSync(path('data/2.txt'), 'utf8')).toBe('4,5,6\n');
    expect(await run('download', 'file=data/')).toEqual({
      code: 0,
      stdout: '',
      stderr: 'Nothing downloaded; 2 already there\n',
    });
  });

  it('leave what differs and say so, exit 3', async () => {
    const { write, path, run, server } = await startProject();
    write('data/a', '.');
    server.bucket.put('data/a', 'there, longer');
    const left = await run('download', 'file=data/a');
    expect(left.code).toBe(3);
    expect(left.stderr).toBe(
      'warning S3_DIFFERS: data/a differs and was left: 13 bytes there, 1 byte here\n' +
        'Nothing downloaded; 1 differs and was left (overwrite=true replaces it)\n',
    );
    expect((await run('download', 'file=data/a', 'overwrite=true')).code).toBe(0);
    expect(readFileSync(path('data/a'), 'utf8')).toBe('there, longer');
  });

  it('exit 3 when something was skipped, 1 when something failed', async () => {
    const { run, server } = await startProject();
    server.bucket.put('../evil', 'x');
    server.bucket.put('good', 'x');
    const skipped = await run('download', 'file=*');
    expect(skipped.code).toBe(3);
    expect(skipped.stderr).toMatch(/warning S3_KEY_REFUSED: skipped \.\.\/evil: it has a part "\.\."/);
    server.bucket.put('bad', 'x');
    server.fail(
      { reply: { status: 403, code: 'AccessDenied' } },
      ({ method, key }) => method === 'GET' && key === 'bad',
      9,
    );
    expect((await run('download', 'file=bad')).code).toBe(1);
  });

  it.each([
    ['is listed', ({ key }: Seen) => key === '', /^Looking: 0 keys listed$/m],
    ['comes in', ({ key }: Seen) => key !== '', /^0\/1 files, 0 B of 1 B/m],
  ])('tell every 10 s how far they are, also while nothing %s', async (_, when, line) => {
    const { cwd, server } = await startProject();
    server.bucket.put('data/a', 'a');
    let told = () => {};
    const waited = new Promise<void>((resolve) => {
      told = resolve;
    });
    // Held until the line is there.
    server.fail({ meanwhile: () => waited }, when);
    let said = '';
    const stderr = new Writable({
      write(chunk: Buffer, _encoding, done) {
        said += chunk;
        if (line.test(said)) told();
        done();
      },
    });
    let clock = Date.now();
    const now = () => {
      clock += 11_000;
      return clock;
    };
    expect((await runMain(cwd, ['download', 'file=data/'], { stderr, now })).code).toBe(0);
    expect(said).toMatch(/^Downloaded 1 file/m);
  });

  it.each([
    ['upload', 'PUT', 'uploads the rest, each file from its beginning'],
    ['download', 'GET', 'goes on from there'],
  ] as const)('say what is done where %s is stopped', async (direction, method, next) => {
    const { cwd, server, write } = await startProject();
    const stop = new AbortController();
    if (direction === 'upload') write('data/a', 'a');
    else server.bucket.put('data/a', 'a');
    const end = () => stop.abort(new SignalReceived('SIGINT'));
    server.fail({ meanwhile: end }, (seen) => seen.method === method && seen.key !== '');
    const { stderr } = await runMain(cwd, [direction, 'file=data/'], { signal: stop.signal });
    expect(stderr).toBe(`Stopped: 0 of 1 file done, 0 B; the same command ${next}\n`);
  });

  it('say of filters that leave nothing how much there was', async () => {
    const { run, write, server } = await startProject();
    for (const name of ['a.txt', 'b.txt']) {
      write(`data/${name}`, 'x');
      server.bucket.put(`data/${name}`, 'x');
    }
    const said = async (command: string, ...flags: string[]) => {
      const { code, stderr } = await run(command, 'file=data/', ...flags);
      return [code, stderr.split('\n')[0]?.replace(/bucket .* that|\/.* that/, '… that')];
    };
    for (const command of ['upload', 'download', 'remove']) {
      const [noun, where] = command === 'upload' ? ['file', 'below'] : ['key', 'in'];
      expect(await said(command, 'exclude=*.txt')).toEqual([
        1,
        `error S3_NO_MATCH: of 2 ${noun}s ${where} … that "data/" matches, exclude= leaves none`,
      ]);
      expect(await said(command, 'include=a.*', 'exclude=a.txt')).toEqual([
        1,
        `error S3_NO_MATCH: of 2 ${noun}s ${where} … that "data/" matches, include= and exclude= leave none`,
      ]);
    }
    expect(server.bucket.keys().length).toBe(2);
    expect((await run('download', 'file=none/', 'exclude=*.txt')).stderr).toMatch(
      /no key in .* matches "none\/"\n/,
    );
  });

  it('count one key and one file as one', () => {
    expect(formatLooking({ keys: 1, files: 1, bytes: 5 })).toBe(
      'Looking: 1 key listed, 1 file compared (5 B)',
    );
  });

  it('tell what was refused from what has no content', async () => {
    const { run, write, path } = await startProject();
    write('data/a', 'a');
    write('data/a\\b', 'x');
    for (const name of ['one', 'two']) symlinkSync('/dev/null', path(`data/${name}`));
    const { code, stderr } = await run('upload', 'file=data/');
    expect([code, stderr]).toEqual([3, expect.stringMatching(/; 1 refused; 2 skipped\n$/)]);
  });

  it('take nothing that matches for a mistake, unless allow_empty says otherwise', async () => {
    const { path, run } = await startProject();
    mkdirSync(path('out/empty'), { recursive: true });
    for (const direction of ['upload', 'download'] as const) {
      for (const file of ['file=out/', 'file=*.bin']) {
        expect((await run(direction, file)).code).toBe(1);
        expect(await run(direction, file, 'allow_empty=true')).toEqual({
          code: 0,
          stdout: '',
          stderr: `${file.slice(5)}: nothing to ${direction}\n`,
        });
      }
    }
  });

  it('put the files elsewhere with local_path', async () => {
    const { write, path, run, server } = await startProject();
    server.bucket.put('data/a', 'a');
    expect((await run('download', 'file=data/', 'local_path=copy')).stdout).toBe(
      'Downloaded data/a to ./copy/data/a\n',
    );
    expect(readFileSync(path('copy/data/a'), 'utf8')).toBe('a');
    write('copy/data/b', 'b');
    expect((await run('upload', 'file=data/', 'local_path=copy')).stdout).toBe(
      'Uploaded copy/data/b to data/b\n',
    );
    expect(server.bucket.keys()).toEqual(['data/a', 'data/b']);
  });

  it('refuse a ~ that no shell has expanded', async () => {
    const { path, run, server } = await startProject();
    server.bucket.put('data/a', 'a');
    for (const wrong of ['local_path=~/x', 'local_path=~', 'local_path=~name', 'file=~/x'])
      expect(await run('download', 'file=data/', wrong)).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(
          /begins with a ~ that the shell has not expanded\n.*hint: write the whole path/,
        ),
      });
    expect(existsSync(path('~'))).toBe(false);
  });

  it('say that local_path is a file where it is', async () => {
    const { write, path, run, server } = await startProject();
    server.bucket.put('data/a', 'a');
    write('t.py', '');
    for (const local of ['t.py', 't.py/below'])
      for (const more of [[], ['dry_run=true']])
        expect(await run('download', 'file=data/', `local_path=${local}`, ...more)).toMatchObject({
          code: 1,
          stderr: expect.stringMatching(
            /S3_FILE_FAILED: t\.py is no folder, so nothing can be put into it\n.*hint: local_path= takes a folder/,
          ),
        });
    expect((await run('upload', 'file=t.py', 'local_path=t.py')).stderr).toContain(
      'hint: t.py is no folder; local_path= takes the one that file= is below',
    );
    // What is in the way further down is named as it is seen from here, too.
    write('out/data', '');
    expect(await run('download', 'file=data/', 'local_path=out')).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('skipped data/a: out/data is a file\n'),
    });
    symlinkSync('gone', path('away'));
    expect((await run('download', 'file=data/', 'local_path=away/x')).stderr).toContain(
      'away is a link to gone, which is not there, so nothing can be put into it',
    );
  });

  it('refuse what has no content where it is named itself, and pass it by in a folder', async () => {
    const { path, run, write } = await startProject();
    write('data/a', 'a');
    execFileSync('mkfifo', [path('data/pipe')]);
    expect(await run('upload', 'file=data/pipe')).toEqual({
      code: 3,
      stdout: '',
      stderr: 'warning S3_FILE_SKIPPED: skipped data/pipe: it is a pipe\nNothing uploaded; 1 refused\n',
    });
    expect(await run('upload', 'file=data/*')).toMatchObject({ code: 0 });
    expect(await run('upload', 'file=data')).toMatchObject({ code: 0 });
    expect((await run('upload', 'file=data/pipe/x')).stderr).toContain(
      'hint: data/pipe is no folder, so nothing is below it',
    );
  });

  it('name what has a name that is no text with its bytes, whether in a folder or by itself', async () => {
    const { cwd, run, write } = await startProject();
    write("data/it's", 'a');
    writeFileSync(Buffer.from(`${cwd}/data/it's caf\xe9`, 'latin1'), '');
    // A character that stands for what is no text is text itself.
    write('data/\ufffd', 'a');
    const refusal =
      "warning S3_KEY_REFUSED: skipped data/it\\'s caf\\xe9: its name is not valid UTF-8\n" +
      "  hint: rename it: mv $'data/it\\'s caf\\xe9' NEW\n";
    expect(await run('upload', "file=data/it's caf\ufffd")).toEqual({
      code: 3,
      stdout: '',
      stderr: `${refusal}Nothing uploaded; 1 refused\n`,
    });
    const { code, stdout, stderr } = await run('upload', 'file=data/');
    expect([code, stderr]).toEqual([3, expect.stringContaining(refusal)]);
    expect(stdout).toBe("Uploaded data/it's to data/it's\nUploaded data/\ufffd to data/\ufffd\n");
  });

  it('tell of a link that leads nowhere what is missing, where it is named', async () => {
    const { path, run, write } = await startProject();
    write('data/a', 'a');
    symlinkSync('../gone/a', path('data/one'));
    symlinkSync('one', path('data/two'));
    symlinkSync('round', path('data/round'));
    const said = async (file: string) => {
      const { code, stderr } = await run('upload', `file=${file}`);
      return [code, stderr.split('\n')[0]];
    };
    const missing = 'is a link to ../gone/a, which is not there';
    expect(await said('data/one')).toEqual([1, `error S3_NO_MATCH: data/one ${missing}`]);
    expect(await said(path('data/two/x/'))).toEqual([1, `error S3_NO_MATCH: data/two ${missing}`]);
    expect(await said('data/round')).toEqual([1, 'error S3_NO_MATCH: data/round is a link in a circle']);
  });

  it('say what they would do with dry_run', async () => {
    const { write, run, server, path } = await startProject();
    write('data/a', 'a');
    server.bucket.put('data/b', 'b');
    expect((await run('upload', 'file=data/', 'dry_run=true')).stdout).toBe(
      'Would upload data/a to data/a\n',
    );
    expect((await run('download', 'file=data/', 'dry_run=true')).stdout).toBe(
      'Would download data/b to ./data/b\n',
    );
    expect([server.bucket.keys(), readdirSync(path('data'))]).toEqual([['data/b'], ['a']]);
  });

  it('print objects with json', async () => {
    const { write, run, path, cwd } = await startProject();
    write('data/a', 'abc');
    const { stdout, stderr } = await run('upload', 'file=data/', 'json=true');
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { type: 'planned', files: 1, bytes: 3 },
      { type: 'uploaded', key: 'data/a', path: path('data/a'), bytes: 3 },
      { type: 'summary', moved: 1, bytes: 3, same: 0, different: 0, skipped: 0, ignored: 0, failed: 0 },
    ]);
    expect([stderr, existsSync(cwd)]).toEqual(['', true]);
  });

  it('show control characters in names as escapes', async () => {
    const { write, run } = await startProject();
    write('data/a\u001b[2J\nb', 'x');
    expect((await run('upload', 'file=data/')).stdout).toBe(
      'Uploaded "data/a\\u001b[2J\\nb" to "data/a\\u001b[2J\\nb"\n',
    );
  });

  it('ask for file= on a terminal, and only there', async () => {
    const { write, cwd, run, server } = await startProject();
    write('data/a', 'a');
    expect(await run('upload')).toMatchObject({ code: 2, stdout: '' });
    const { code, stderr } = await runOnTerminal(cwd, ['upload'], ['data/a']);
    expect([code, server.bucket.keys()]).toEqual([0, ['data/a']]);
    expect(stderr).toMatch(/^What to upload \(a path or pattern\): /);
  });

  it('show a bar on a terminal', async () => {
    const { write, cwd } = await startProject();
    for (let index = 0; index < 50; index++) write(`data/${index}`, 'x'.repeat(1000));
    const { main } = await import('../../src/main.ts');
    const { Readable, Writable } = await import('node:stream');
    let shown = '';
    const sink = (take: (text: string) => undefined) =>
      Object.assign(new Writable({ write: (chunk: Buffer, _e, done) => done(take(chunk.toString())) }), {
        isTTY: true,
        columns: 100,
      });
    await main(['upload', 'file=data/'], {
      cwd,
      env: { TERM: 'xterm' },
      stdin: Readable.from([]),
      stdout: sink(() => undefined),
      stderr: sink((text) => {
        shown += text;
        return undefined;
      }),
      now: Date.now,
      signal: new AbortController().signal,
    });
    expect(shown).toMatch(/\[#*\.*\] \d+\/50 files, [\d.]+ \w+ of 48\.8 KiB, .*\/s/);
  });
});

describe('find and list', () => {
  it('print keys', async () => {
    const { run, server } = await startProject();
    for (const key of ['data/a.csv', 'data/sub/b.csv', 'data/c.txt', 'top']) server.bucket.put(key, key);
    expect(await run('find', 'file=data/*.csv')).toEqual({
      code: 0,
      stdout: 'data/a.csv\ndata/sub/b.csv\n',
      stderr: '',
    });
    expect(await run('fd', 'file=none*')).toEqual({ code: 0, stdout: '', stderr: '' });
    expect((await run('list')).stdout).toBe('data/\ntop\n');
    expect((await run('ls', 'file=data')).stdout).toBe('data/sub/\ndata/a.csv\ndata/c.txt\n');
    expect((await run('list', 'file=data/*.csv')).stdout).toBe('data/sub/\ndata/a.csv\n');
    expect((await run('list', 'file=data/a*')).stdout).toBe('data/a.csv\n');
    expect((await run('list', 'file=*/b.csv')).stdout).toBe('data/\n');
    const [first] = (await run('find', 'file=top', 'json=true')).stdout.split('\n');
    expect(JSON.parse(first ?? '')).toMatchObject({ type: 'object', key: 'top', size: 3 });
  });

  it('print what is found page by page, and an error where the listing ends half-way', async () => {
    const { run, server } = await startProject();
    for (let index = 0; index < 1500; index++) server.bucket.put(`data/${index}`, '');
    const all = await run('find', 'file=data/');
    expect([all.code, all.stdout.split('\n').length]).toEqual([0, 1501]);
    const second = ({ query }: { query: URLSearchParams }) => query.has('continuation-token');
    server.fail({ rewrite: (xml) => xml.slice(0, 5000) }, second, 99);
    const half = await run('find', 'file=data/');
    expect([half.code, half.stdout]).toEqual([3, all.stdout.split('\n', 1000).join('\n').concat('\n')]);
    expect(half.stderr).toMatch(/^error S3_BROKEN_ANSWER/);
  });

  it('show sizes and dates on a terminal, folders first', async () => {
    const { cwd, server } = await startProject();
    server.bucket.put('data/sub/b', 'x');
    server.bucket.put('data/a', 'x'.repeat(2048));
    const { stdout } = await runOnTerminal(cwd, ['list', 'file=data/'], []);
    const date = new Date().toISOString().slice(0, 10);
    expect(stdout).toMatch(new RegExp(`^ +data/sub/\\n2\\.0 KiB {2}${date} \\d\\d:\\d\\d +data/a\\n$`));
  });
});

describe('remove', () => {
  it('lists and asks first', async () => {
    const { cwd, run, server } = await startProject();
    for (const key of ['old/a', 'old/b', 'new']) server.bucket.put(key, key);
    const refused = await run('remove', 'file=old/');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(
      /old\/a \(5 B\)\n {2}old\/b \(5 B\)\nerror CLI_CANNOT_ASK.*\n {2}hint: add yes=true/,
    );
    const no = await runOnTerminal(cwd, ['remove', 'file=old/'], ['n']);
    expect([no.code, no.stderr.endsWith('Nothing removed\n')]).toEqual([3, true]);
    expect(server.bucket.keys()).toEqual(['new', 'old/a', 'old/b']);
    const yes = await runOnTerminal(cwd, ['rm', 'file=old/'], ['yes']);
    expect(yes).toMatchObject({ code: 0, stdout: 'Removed old/a\nRemoved old/b\n' });
    expect(server.bucket.keys()).toEqual(['new']);
  });

  it('removes without asking with yes, in batches', async () => {
    const { run, server } = await startProject();
    for (let index = 0; index < 1500; index++) server.bucket.put(`old/${index}`, '');
    expect((await run('remove', 'file=old/', 'dry_run=true')).stdout).toMatch(/^Would remove old\/0\n/);
    expect(server.bucket.keys().length).toBe(1500);
    const { code, stderr } = await run('remove', 'file=old/', 'yes=true');
    expect([code, stderr, server.bucket.keys().length]).toEqual([0, 'Removed 1,500 objects\n', 0]);
    expect(server.count('POST')).toBe(2);
  });

  it('removes nothing when the listing ends half-way', async () => {
    const { run, server } = await startProject();
    for (let index = 0; index < 1500; index++) server.bucket.put(`old/${index}`, '');
    const second = ({ query }: { query: URLSearchParams }) => query.has('continuation-token');
    server.fail({ rewrite: (xml) => xml.slice(0, 5000) }, second, 99);
    expect(await run('remove', 'file=old/', 'yes=true')).toMatchObject({ code: 3, stdout: '' });
    expect([server.bucket.keys().length, server.count('POST')]).toEqual([1500, 0]);
  });

  it('of nothing is an error', async () => {
    const { run } = await startProject();
    expect((await run('remove', 'file=none', 'yes=true')).code).toBe(1);
  });
});

describe('interactive', () => {
  it('shows both sides and does what is chosen', async () => {
    const { cwd, write, path, server } = await startProject();
    write('m/here', 'here');
    write('m/both', 'both');
    write('m/differs', 'one');
    server.bucket.put('m/differs', 'two');
    server.bucket.put('m/both', 'both');
    server.bucket.put('m/there', 'there');
    const { code, stdout, stderr, unasked } = await runOnTerminal(
      cwd,
      ['interactive', 'file=m/*'],
      ['upload', 'download', 'what', 'delete', 'y', 'remove', 'yes', 'exit'],
    );
    expect([code, unasked]).toEqual([3, []]);
    expect(stderr).toMatch(
      /Local files matching pattern: +S3 files matching pattern:\nm\/both +m\/both +same\nm\/differs +m\/differs +differs\nm\/here +only here\n +m\/there +only in S3\n\nChoose an action \[delete \(local\), remove \(S3\), download, upload, exit\]: /,
    );
    expect(stderr).toContain(
      'There is no action "what": type delete, remove, download, upload or exit\n\nChoose an action',
    );
    expect(stdout).toContain('Uploaded m/here to m/here\n');
    expect(stdout).toContain('Downloaded m/there to ./m/there\n');
    expect([readdirSync(path('m')), server.bucket.keys()]).toEqual([[], []]);
  });

  it('deletes nothing through a link that leads out, takes an action as it is shown, and tells failures at the end', async () => {
    const { cwd, write, path } = await startProject();
    const elsewhere = mkdtempSync(join(tmpdir(), 'ktb-elsewhere-'));
    onTestFinished(() => rmSync(elsewhere, { recursive: true }));
    writeFileSync(join(elsewhere, 'theirs'), 'x');
    write('m/mine', 'x');
    symlinkSync(elsewhere, path('m/linked'));
    const { code, stdout, stderr } = await runOnTerminal(
      cwd,
      ['interactive', 'file=m/'],
      ['delete (local)', 'y', 'exit'],
    );
    expect([code, stdout, existsSync(join(elsewhere, 'theirs'))]).toEqual([3, 'Deleted m/mine\n', true]);
    expect(stderr).toContain('m/linked/theirs was not deleted: a link on the way leads out of');
    expect((await runOnTerminal(cwd, ['interactive', 'file=none/'], ['upload', 'exit'])).code).toBe(1);
  });

  it('says before it deletes how much of it has no copy on the other side', async () => {
    const { cwd, write, path, server } = await startProject();
    for (const name of ['a', 'b', 'same', 'changed']) write(`m/${name}`, name);
    for (const name of ['same', 'c']) server.bucket.put(`m/${name}`, name);
    server.bucket.put('m/changed', 'another');
    const keys = server.bucket.keys();
    const { stderr, unasked } = await runOnTerminal(
      cwd,
      ['interactive', 'file=m/'],
      ['delete', 'n', 'remove', 'n', 'downlaod', 'exit'],
    );
    expect(unasked).toEqual([]);
    expect(stderr).toContain('Delete 4 local files (2 only here, 1 differs)? [y/N] ');
    expect(stderr).toMatch(/Remove 3 objects from bucket .* \(1 only in S3, 1 differs\)\? \[y\/N\] /);
    // The table is not shown again for a slip.
    expect(stderr).toContain('There is no action "downlaod": did you mean "download"?\n\nChoose an action');
    expect(stderr.match(/Local files matching/g)?.length).toBe(3);
    expect([readdirSync(path('m')).length, server.bucket.keys()]).toEqual([4, keys]);
  });

  it('says that nothing matches', async () => {
    const { cwd } = await startProject();
    const { code, stderr } = await runOnTerminal(cwd, ['interactive', 'file=none/'], ['exit']);
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^Nothing matches "none\/", neither in \/.* nor in bucket "example" at .*\.\n\nChoose/,
    );
  });

  it('needs a terminal', async () => {
    const { run } = await startProject();
    expect((await run('interactive', 'file=m/')).code).toBe(2);
  });
});

describe('settings', () => {
  it('are named with the place they came from, and never shown', async () => {
    const { run, write, server } = await startProject();
    write('data/a', 'a');
    write(
      '.env',
      `# bucket\nS3_BUCKET_NAME=example\nS3_ENDPOINT_URL=${server.url}\nAWS_ACCESS_KEY_ID=FAKEKEY\nexport AWS_SECRET_ACCESS_KEY="VERYSECRET"\n`,
    );
    for (const extra of [[], ['verbose=true'], ['json=true']]) {
      const { code, stdout, stderr } = await run('upload', 'file=data/', ...extra);
      expect(code).toBe(3);
      expect(stdout + stderr).toMatch(
        /does not accept signatures made with AWS_SECRET_ACCESS_KEY \(from \.env:5\)/,
      );
      expect(stdout + stderr).not.toMatch(/VERYSECRET|FAKEKEY/);
    }
  });

  it('are missing: one line says which', async () => {
    const { run, write } = await startProject();
    write('.env', 'S3_BUCKET=example\n');
    const { code, stderr } = await run('list');
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^error S3_SETTING_MISSING: S3_BUCKET_NAME is neither in the environment nor in \.env\n/,
    );
    write('.env', 'S3_BUCKET_NAME=example\nAWS_ACCESS_KEY_ID=x\n');
    expect((await run('list')).stderr).toMatch(
      /AWS_ACCESS_KEY_ID is from \.env:2, but AWS_SECRET_ACCESS_KEY is not there/,
    );
    write('.env', 'S3_BUCKET_NAME=example\nS3_ENDPOINT_URL=http://user:pass@host\n');
    const bad = await run('list');
    expect(bad.stderr).toMatch(/S3_ENDPOINT_URL \(from \.env:2\) is no address of a server/);
    expect(bad.stderr).not.toContain('pass@');
  });
});
