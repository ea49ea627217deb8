import { mkdirSync, renameSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { FolderMonitor, type MonitorEvent } from '../../src/stores/folder-monitor.ts';
import { parseSelection } from '../../src/stores/selection.ts';
import { QuickClock, startBucket } from './fake-bucket.ts';

type Bucket = Awaited<ReturnType<typeof startBucket>>;

/** Runs a monitor; before each pause, the next step is taken, and after the last one it is stopped. */
async function watch({ store, root }: Bucket, steps: readonly (() => void)[]) {
  const selection = parseSelection('out/', root);
  if (!selection.ok) throw new Error('no selection');
  const stop = new AbortController();
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
    selection: selection.value,
    root,
    project: root,
    interval: 1000,
    clock: new Stepping(),
    report: (event) => void events.push(event),
    signal: stop.signal,
  });
  await monitor.run();
  const lines = events.map((event) => ('key' in event ? `${event.type} ${event.key}` : event.type));
  return { lines, pauses };
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
