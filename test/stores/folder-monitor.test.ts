import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { FolderMonitor, type MonitorEvent } from '../../src/stores/folder-monitor.ts';
import { parseSelection } from '../../src/stores/selection.ts';
import { QuickClock, startBucket } from './fake-bucket.ts';

type Bucket = Awaited<ReturnType<typeof startBucket>>;

/** Runs a monitor; before each pause, the next step is taken, and after the last one it is stopped. */
async function watch(
  { store, root }: Bucket,
  steps: readonly (() => void)[],
  options: { overwrite?: boolean; include?: readonly string[]; blindInTheEnd?: boolean } = {},
) {
  const { overwrite = false, blindInTheEnd = false, ...filter } = options;
  const selection = parseSelection('out/', root, filter);
  if (!selection.ok) throw new Error('no selection');
  const stop = new AbortController();
  const matches = (key: string): boolean => {
    if (blindInTheEnd && stop.signal.aborted) throw new Error('cannot be looked at');
    return selection.value.matches(key);
  };
  const left = [...steps];
  const events: MonitorEvent[] = [];
  const pauses: number[] = [];
  class Stepping extends QuickClock {
    override async sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
      await super.sleep(milliseconds, signal);
      pauses.push(milliseconds);
      const step = left.shift();
      if (step === undefined) stop.abort();
      else step();
    }
  }
  const monitor = new FolderMonitor({
    store,
    selection: { ...selection.value, matches },
    root,
    project: root,
    interval: 1000,
    overwrite,
    clock: new Stepping(),
    report: (event) => void events.push(event),
    signal: stop.signal,
  });
  const summary = await monitor.run();
  const lines = events.map((event) => ('key' in event ? `${event.type} ${event.key}` : event.type));
  return { lines, pauses, summary };
}

const nothing = () => {};

it('uploads what has stopped changing, and removes what was removed', async () => {
  const bucket = await startBucket();
  const { server, write, path } = bucket;
  write('out/a', 'a');
  server.bucket.put('out/there-before', 'x');
  const { lines } = await watch(bucket, [
    nothing,
    () => write('out/b', 'b'),
    () => write('out/b', 'b, growing'),
    () => write('out/b', 'b, still growing'),
    nothing,
    () => rmSync(path('out/a')),
    nothing,
    nothing,
  ]);
  expect(lines).toEqual(['watching', 'uploaded out/a', 'uploaded out/b', 'removed out/a']);
  expect(server.bucket.keys()).toEqual(['out/b', 'out/there-before']);
  expect(server.bucket.objects.get('out/b')?.body.toString()).toBe('b, still growing');
  expect(server.count('PUT')).toBe(2);
});

it('uploads a file again when it changes, and not when only its time does', async () => {
  const bucket = await startBucket();
  const { server, write, path } = bucket;
  write('out/a', 'one');
  server.bucket.put('out/a', 'one');
  const { lines } = await watch(bucket, [
    nothing,
    () => utimesSync(path('out/a'), 1, 1),
    nothing,
    () => write('out/a', 'two'),
    nothing,
    nothing,
  ]);
  expect(lines).toEqual(['watching', 'uploaded out/a']);
  expect(server.bucket.objects.get('out/a')?.body.toString()).toBe('two');
});

it('deletes nothing when the folder itself is gone, as one that is not mounted', async () => {
  const bucket = await startBucket();
  const { server, write, root } = bucket;
  write('out/a', 'a');
  const { lines } = await watch(bucket, [
    nothing,
    () => renameSync(join(root, 'out'), join(root, 'away')),
    nothing,
    nothing,
    () => renameSync(join(root, 'away'), join(root, 'out')),
    nothing,
  ]);
  expect(lines).toEqual(['watching', 'uploaded out/a', 'waiting', 'resumed']);
  expect(server.bucket.keys()).toEqual(['out/a']);
});

it('takes a file that is replaced by another for changed, not for removed', async () => {
  const bucket = await startBucket();
  const { server, write, path } = bucket;
  write('out/a', 'a');
  const { lines } = await watch(bucket, [
    nothing,
    () => rmSync(path('out/a')),
    () => write('out/a', 'again'),
    nothing,
    nothing,
  ]);
  expect(lines).toEqual(['watching', 'uploaded out/a', 'uploaded out/a']);
  expect(server.bucket.objects.get('out/a')?.body.toString()).toBe('again');
});

it('survives the loss of the network, looking less and less often', async () => {
  const bucket = await startBucket();
  const { server, write } = bucket;
  mkdirSync(join(bucket.root, 'out'));
  let cut = false;
  server.fail({ reset: 'before' }, () => cut, Number.POSITIVE_INFINITY);
  const { lines, pauses } = await watch(bucket, [
    () => {
      cut = true;
      write('out/a', 'a');
    },
    nothing,
    nothing,
    nothing,
    () => {
      cut = false;
    },
    nothing,
  ]);
  expect(lines).toEqual(['watching', 'waiting', 'uploaded out/a', 'resumed']);
  expect(Math.max(...pauses)).toBeGreaterThan(3000);
  expect(server.bucket.keys()).toEqual(['out/a']);
});

it('deletes nothing when an empty folder takes the place of the watched one, as after an unmount', async () => {
  const bucket = await startBucket();
  const { server, write, path } = bucket;
  for (const name of ['out/a', 'out/deep/b']) write(name, name);
  const { lines } = await watch(bucket, [
    nothing,
    () => {
      renameSync(path('out'), path('away'));
      mkdirSync(path('out/deep'), { recursive: true });
    },
    nothing,
    nothing,
    () => {
      rmSync(path('out'), { recursive: true });
      renameSync(path('away'), path('out'));
      rmSync(path('out/a'));
    },
    nothing,
    nothing,
    nothing,
  ]);
  expect(lines).toEqual(['watching', 'uploaded out/a', 'uploaded out/deep/b']);
  expect(server.bucket.keys()).toEqual(['out/a', 'out/deep/b']);
});

it('knows what it uploaded again when it comes back to a folder that was away', async () => {
  const bucket = await startBucket();
  const { server, write, path } = bucket;
  for (const name of ['out/a', 'out/b', 'out/never-back']) write(name, 'one');
  const { lines } = await watch(bucket, [
    nothing,
    nothing,
    () => renameSync(path('out'), path('away')),
    () => mkdirSync(path('out')),
    nothing,
    () => {
      write('out/a', 'one');
      write('out/b', 'two');
    },
    () => rmSync(path('out/a')),
    nothing,
    nothing,
  ]);
  expect(lines.slice(4)).toEqual(['waiting', 'resumed', 'uploaded out/b', 'removed out/a']);
  expect(server.bucket.keys()).toEqual(['out/b', 'out/never-back']);
  expect(server.bucket.objects.get('out/b')?.body.toString()).toBe('two');
});

it('deletes nothing below a part of the folder that cannot be seen, whatever include says', async () => {
  const bucket = await startBucket();
  const { server, write, path } = bucket;
  const elsewhere = mkdtempSync(join(tmpdir(), 'ktb-scratch-'));
  onTestFinished(() => rmSync(elsewhere, { recursive: true, force: true }));
  mkdirSync(join(elsewhere, 'run'));
  write('out/a.pt', 'a');
  symlinkSync(join(elsewhere, 'run'), path('out/run'));
  write('out/run/b.pt', 'b');
  const steps = [
    nothing,
    () => rmSync(join(elsewhere, 'run'), { recursive: true }),
    () => rmSync(path('out/a.pt')),
    nothing,
    nothing,
  ];
  const { lines } = await watch(bucket, steps, { include: ['*.pt'] });
  expect(lines).toEqual(['watching', 'uploaded out/a.pt', 'uploaded out/run/b.pt', 'removed out/a.pt']);
  expect(server.bucket.keys()).toEqual(['out/run/b.pt']);
});

it('tries an upload again that failed, and tells what is not there in the end', async () => {
  const bucket = await startBucket();
  bucket.write('out/a', 'a');
  bucket.write('out/never', 'x');
  const put = (key: string) => (seen: { method: string; key: string }) =>
    seen.method === 'PUT' && seen.key === key;
  bucket.server.fail({ reply: { status: 403, code: 'AccessDenied' } }, put('out/a'), 2);
  bucket.server.fail({ reply: { status: 403, code: 'AccessDenied' } }, put('out/never'), 99);
  const { lines, summary } = await watch(bucket, Array(9).fill(nothing));
  expect(lines).toEqual(['watching', 'failed out/a', 'failed out/never', 'uploaded out/a']);
  expect(summary).toEqual({ missing: ['out/never'], unremoved: [], different: 0 });
});

it('tells in the end what came while nothing could be asked, also where nothing ever could', async () => {
  for (const looks of [0, 3]) {
    const bucket = await startBucket();
    const { server, write } = bucket;
    write('out/there', 'x');
    server.bucket.put('out/there', 'x');
    let cut = looks === 0;
    server.fail({ reset: 'before' }, () => cut, Number.POSITIVE_INFINITY);
    const { summary } = await watch(bucket, [
      ...Array(looks).fill(nothing),
      () => {
        cut = true;
        write('out/a', 'a');
      },
      nothing,
      () => write('out/b', 'b'),
    ]);
    const missing = ['out/a', 'out/b', ...(looks === 0 ? ['out/there'] : [])];
    expect(summary).toEqual({ missing, unremoved: [], different: 0 });
  }
});

it('tells in the end what was removed here, and not there', async () => {
  const bucket = await startBucket();
  const { server, write, path } = bucket;
  write('out/a', 'a');
  write('out/sub/b', 'b');
  let cut = false;
  server.fail({ reset: 'before' }, () => cut, Number.POSITIVE_INFINITY);
  const { summary } = await watch(bucket, [
    nothing,
    nothing,
    () => {
      cut = true;
      rmSync(path('out/a'));
    },
    nothing,
    // Not known to be removed: it cannot be seen.
    () => {
      rmSync(path('out/sub'), { recursive: true });
      symlinkSync('nowhere', path('out/sub'));
    },
  ]);
  expect(summary).toEqual({ missing: [], unremoved: ['out/a'], different: 0 });
});

it('tells nothing in the end of what was there all the time, nor where the folder is away', async () => {
  const bucket = await startBucket();
  bucket.write('out/there', 'x');
  bucket.server.bucket.put('out/there', 'x');
  expect((await watch(bucket, [])).summary.missing).toEqual([]);
  const away = [nothing, nothing, nothing, () => renameSync(bucket.path('out'), bucket.path('away'))];
  expect((await watch(bucket, away)).summary.missing).toEqual([]);
});

it('names in the end what it could not look into, and its folder where it could not look at all', async () => {
  const bucket = await startBucket();
  const { write, path } = bucket;
  write('out/a', 'a');
  // Longer than a path may be, which also root cannot read.
  const name = 'x'.repeat(200);
  const above = `out/${`${name}/`.repeat(Math.floor((4000 - path('out/').length) / 201))}more`;
  const steps = [
    nothing,
    nothing,
    () => {
      mkdirSync(path(above.slice(0, -'more'.length)), { recursive: true });
      write(`more/${name}/${name}/b`, 'b');
      renameSync(path('more'), path(above));
    },
  ];
  const { summary } = await watch(bucket, steps);
  renameSync(path(above), path('more'));
  expect(summary).toEqual({
    missing: [expect.stringContaining(`${above}/${name}`)],
    unremoved: [],
    different: 0,
  });

  const stopped = await watch(bucket, [nothing, nothing], { blindInTheEnd: true });
  expect(stopped.summary).toEqual({ missing: ['out/'], unremoved: [], different: 0 });
});

it('tries a removal again that failed, and survives a refused one', async () => {
  const bucket = await startBucket();
  const { server, write, path } = bucket;
  write('out/a', 'a');
  const isDelete = ({ query }: { query: URLSearchParams }) => query.has('delete');
  server.fail({ reply: { status: 403, code: 'AccessDenied' } }, isDelete);
  server.fail(
    {
      rewrite: () => {
        server.bucket.put('out/a', 'a');
        return '<DeleteResult><Error><Key>out/a</Key><Code>InternalError</Code></Error></DeleteResult>';
      },
    },
    isDelete,
  );
  const { lines, summary } = await watch(bucket, [
    nothing,
    () => rmSync(path('out/a')),
    ...Array(8).fill(nothing),
  ]);
  expect(lines).toEqual([
    'watching',
    'uploaded out/a',
    'waiting',
    'failed out/a',
    'resumed',
    'removed out/a',
  ]);
  expect(server.bucket.keys()).toEqual([]);
  expect(summary).toEqual({ missing: [], unremoved: [], different: 0 });
});

it('leaves what it has not uploaded itself, unless it may overwrite', async () => {
  const bucket = await startBucket();
  const { server, write, path } = bucket;
  write('out/old', 'here');
  server.bucket.put('out/old', 'there');
  server.bucket.put('out/precious', 'from yesterday');
  const steps = [
    () => write('out/precious', 'x'),
    () => rmSync(path('out/precious')),
    ...Array(3).fill(nothing),
  ];
  const { lines, summary } = await watch(bucket, steps);
  expect(lines).toEqual(['watching', 'different out/old']);
  expect(summary).toEqual({ missing: [], unremoved: [], different: 1 });
  expect(server.bucket.objects.get('out/old')?.body.toString()).toBe('there');
  expect(server.bucket.keys()).toEqual(['out/old', 'out/precious']);
  expect((await watch(bucket, [nothing, nothing], { overwrite: true })).lines).toEqual([
    'watching',
    'uploaded out/old',
  ]);
});

it('leaves what others have put there since it began', async () => {
  const bucket = await startBucket();
  const { server, write, path } = bucket;
  for (const name of ['out/a', 'out/b', 'out/c']) write(name, 'mine');
  const theirs = (key: string) => server.bucket.put(key, 'theirs');
  const { lines, summary } = await watch(bucket, [
    nothing,
    () => ['out/a', 'out/b', 'out/new'].map(theirs),
    () => {
      write('out/a', 'mine, changed');
      write('out/new', 'mine');
      rmSync(path('out/b'));
      write('out/c', 'mine, changed');
    },
    ...Array(4).fill(nothing),
  ]);
  expect(lines.sort()).toEqual([
    'different out/a',
    'different out/b',
    'different out/new',
    'uploaded out/a',
    'uploaded out/b',
    'uploaded out/c',
    'uploaded out/c',
    'watching',
  ]);
  const left = [...server.bucket.objects].map(([key, { body }]) => `${key} ${body}`);
  expect(left.sort()).toEqual(['out/a theirs', 'out/b theirs', 'out/c mine, changed', 'out/new theirs']);
  expect(summary).toEqual({ missing: [], unremoved: [], different: 2 });
});

it('removes more than one request takes', async () => {
  const bucket = await startBucket();
  const names = Array.from({ length: 1001 }, (_, index) => `out/${index}`);
  for (const name of names) bucket.write(name, 'x');
  await watch(bucket, [
    nothing,
    () => {
      for (const name of names) rmSync(bucket.path(name));
    },
    nothing,
    nothing,
  ]);
  expect([bucket.server.count('PUT'), bucket.server.bucket.keys()]).toEqual([1001, []]);
});

it('waits for whatever comes between it and the bucket once it has gone well', async () => {
  const bucket = await startBucket();
  const { server, write } = bucket;
  mkdirSync(join(bucket.root, 'out'));
  server.fail(
    { reply: { status: 302, code: '', headers: { location: 'http://portal.example' } } },
    ({ key }) => {
      return key === 'out/a';
    },
  );
  server.fail({ reply: { status: 400, code: 'ExpiredToken' } }, ({ method }) => method === 'PUT');
  const { lines } = await watch(bucket, [() => write('out/a', 'a'), ...Array(5).fill(nothing)]);
  expect(lines).toEqual(['watching', 'waiting', 'waiting', 'uploaded out/a', 'resumed']);
});
