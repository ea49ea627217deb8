import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Seen } from '../fakes/s3-server.ts';
import { fiveMebi, move, startBucket } from './fake-bucket.ts';

const isBody = ({ method, body }: Seen) => method === 'PUT' && body.length > 1 << 20;

/** Uploads a file, and keeps how many bytes counted as moved after each event. */
async function upload(size: number, arm: (server: Bucket['server'], now: () => number) => void) {
  const bucket = await startBucket();
  bucket.write('big', randomBytes(size));
  const counts = [0];
  arm(bucket.server, () => counts.at(-1) ?? 0);
  const { summary } = await move('upload', bucket, 'big', {
    report: (event) => {
      if (event.type === 'moved') counts.push((counts.at(-1) ?? 0) + event.bytes);
    },
  });
  return { summary, counts };
}

type Bucket = Awaited<ReturnType<typeof startBucket>>;

// Put whole, and in two parts.
it.each([3 << 20, fiveMebi + 1234])('counts bytes of %i as they leave', async (size) => {
  let beforeAnswer = 0;
  const { counts } = await upload(size, (server, now) => {
    const look = () => {
      beforeAnswer = now();
    };
    server.fail({ meanwhile: look }, isBody);
  });
  expect(beforeAnswer).toBeGreaterThanOrEqual(2 << 20);
  expect(beforeAnswer).toBeLessThan(size);
  expect(counts.at(-1)).toBe(size);
  expect(counts).toEqual(counts.toSorted((left, right) => left - right));
});

it.each([3 << 20, fiveMebi + 1234])('takes back those of %i that must be sent again', async (size) => {
  const { summary, counts } = await upload(size, (server) => server.fail({ reset: 'before' }, isBody, 3));
  expect(summary).toMatchObject({ moved: 1, failed: 0 });
  expect(counts.filter((count, index) => count < (counts[index - 1] ?? 0)).length).toBe(3);
  expect(Math.max(...counts)).toBe(size);
  expect(counts.at(-1)).toBe(size);
});

it.each([3 << 20, fiveMebi + 1234])('takes back all of %i when it fails', async (size) => {
  const { summary, counts } = await upload(size, (server) =>
    server.fail({ reply: { status: 403, code: 'AccessDenied' } }, isBody),
  );
  expect(summary).toMatchObject({ moved: 0, failed: 1 });
  expect(Math.max(...counts)).toBeGreaterThan(1 << 20);
  expect(counts.at(-1)).toBe(0);
});
