import { createHash, randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ObjectInfo, ObjectStore, Payload } from '../../src/stores/object-store.ts';
import { StoreError } from '../../src/stores/store-error.ts';

export interface StoreUnderTest {
  readonly store: ObjectStore;
  /** Only keys below this are touched; ends in `/`. */
  readonly prefix: string;
  stop(): Promise<void>;
}

const never = new AbortController().signal;
const hex = (algorithm: string, bytes: Uint8Array) => createHash(algorithm).update(bytes).digest('hex');

export function payloadOf(content: Uint8Array | string): Payload & { readonly digest: string } {
  const bytes = Buffer.from(content);
  const md5 = hex('md5', bytes);
  return { size: bytes.length, sha256: hex('sha256', bytes), md5, digest: `md5:${md5}`, open: () => [bytes] };
}

export async function listAll(store: ObjectStore, prefix: string, shallow = false) {
  const objects: ObjectInfo[] = [];
  const folders: string[] = [];
  for await (const page of store.list({ prefix, shallow, signal: never })) {
    objects.push(...page.objects);
    folders.push(...page.folders);
  }
  return { objects, folders, keys: objects.map((object) => object.key) };
}

export async function read(
  store: ObjectStore,
  key: string,
  options: Partial<Parameters<ObjectStore['get']>[1]> = {},
) {
  const chunks: Buffer[] = [];
  const details = await store.get(key, {
    signal: never,
    ...options,
    write: (chunk) => void chunks.push(Buffer.from(chunk)),
  });
  return { details, bytes: Buffer.concat(chunks) };
}

/** What every object store must do. `many`: how many keys the listing test makes. */
export function describeObjectStore(
  name: string,
  start: () => Promise<StoreUnderTest>,
  options: { readonly many?: number; readonly multipart?: number } = {},
): void {
  describe(`${name} as an object store`, () => {
    let tested: StoreUnderTest;
    const key = (rest: string) => `${tested.prefix}${rest}`;
    const put = async (rest: string, content: Uint8Array | string) => {
      const payload = payloadOf(content);
      return await tested.store.put(key(rest), payload, { digest: payload.digest, signal: never });
    };

    beforeAll(async () => {
      tested = await start();
    });
    afterAll(async () => {
      const { keys } = await listAll(tested.store, tested.prefix);
      await tested.store.delete(keys, never);
      tested.store.close();
      await tested.stop();
    });

    it('gives back what was put, whole and in ranges', async () => {
      const content = randomBytes(100_000);
      const etag = await put('content', content);
      const whole = await read(tested.store, key('content'));
      expect(whole.bytes.equals(content)).toBe(true);
      expect(whole.details).toMatchObject({ key: key('content'), size: 100_000, etag });
      expect(whole.details.digest).toBe(`md5:${hex('md5', content)}`);
      const part = await read(tested.store, key('content'), {
        range: { start: 777, end: 50_001 },
        ifMatch: etag,
      });
      expect(part.bytes.equals(content.subarray(777, 50_001))).toBe(true);
      expect(part.details.size).toBe(100_000);
    });

    it('tells the details before the first byte', async () => {
      await put('details', 'abc');
      const order: string[] = [];
      await tested.store.get(key('details'), {
        signal: never,
        onDetails: (details) => void order.push(`details of ${details.size}`),
        write: (chunk) => void order.push(Buffer.from(chunk).toString()),
      });
      expect(order).toEqual(['details of 3', 'abc']);
    });

    it.each([
      ['whole', {}],
      ['in a range', { range: { start: 0, end: 700_000 } }],
    ])('has an object written %s when it says so, however slow the writer is', async (_, range) => {
      const content = randomBytes(700_000);
      await put('slow', content);
      const written: Buffer[] = [];
      let underWay = 0;
      await tested.store.get(key('slow'), {
        ...range,
        signal: never,
        write: async (chunk) => {
          underWay += 1;
          expect(underWay).toBe(1);
          await setTimeout(20);
          written.push(Buffer.from(chunk));
          underWay -= 1;
        },
      });
      expect(underWay).toBe(0);
      expect(Buffer.concat(written).equals(content)).toBe(true);
    });

    it('keeps an empty object', async () => {
      await put('empty', '');
      const { details, bytes } = await read(tested.store, key('empty'));
      expect([details.size, bytes.length]).toEqual([0, 0]);
      expect((await tested.store.head(key('empty'), never))?.size).toBe(0);
    });

    it('tells that an object is missing', async () => {
      expect(await tested.store.head(key('missing'), never)).toBeUndefined();
      await expect(read(tested.store, key('missing'))).rejects.toMatchObject({ kind: 'missing' });
    });

    it('replaces an object, and refuses the version before', async () => {
      const before = await put('replaced', 'one');
      const after = await put('replaced', 'two, longer');
      expect(after).not.toBe(before);
      await expect(read(tested.store, key('replaced'), { ifMatch: before })).rejects.toMatchObject({
        kind: 'changed',
      });
      expect((await read(tested.store, key('replaced'), { ifMatch: after })).bytes.toString()).toBe(
        'two, longer',
      );
    });

    it('passes on what the writer throws', async () => {
      await put('thrown', 'content');
      const full = Object.assign(new Error('disk full'), { code: 'ENOSPC' });
      const write = () => {
        throw full;
      };
      await expect(tested.store.get(key('thrown'), { signal: never, write })).rejects.toBe(full);
    });

    it('keeps names that are hard to write', async () => {
      const names = [
        'with space',
        'plus+plus',
        '100%',
        '%41',
        'hash#',
        'what?',
        'a&b=c',
        "it's",
        '"quoted"',
        '<tag>',
        'ünï',
        '😀/🎉',
        'new\nline',
        'tab\t',
        'a;b',
        'a,b',
        '~tilde',
        '(x)',
        '*star',
        '[set]',
        '!',
        '$HOME',
        '`cmd`',
        '|',
        'é',
        'x'.repeat(200),
        '\u{10ffff}',
        '\uffee',
      ];
      for (const name of names) await put(`names/${name}`, name);
      const { keys } = await listAll(tested.store, key('names/'));
      expect(new Set(keys)).toEqual(new Set(names.map((name) => key(`names/${name}`))));
      const inOrder = [...keys].sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
      expect(keys).toEqual(inOrder);
      for (const name of names)
        expect((await read(tested.store, key(`names/${name}`))).bytes.toString()).toBe(name);
      expect(await tested.store.delete(keys, never)).toEqual([]);
      expect((await listAll(tested.store, key('names/'))).keys).toEqual([]);
    });

    it('lists one level, or all below', async () => {
      for (const name of ['level/a', 'level/b/c', 'level/b/d/e', 'level/f', 'levelled']) await put(name, 'x');
      const one = await listAll(tested.store, key('level/'), true);
      expect([one.keys, one.folders]).toEqual([[key('level/a'), key('level/f')], [key('level/b/')]]);
      const all = await listAll(tested.store, key('level'));
      expect(all.keys).toEqual(['level/a', 'level/b/c', 'level/b/d/e', 'level/f', 'levelled'].map(key));
      expect(all.objects[0]).toMatchObject({ size: 1 });
      expect((await listAll(tested.store, key('nothing/'))).keys).toEqual([]);
    });

    it('lists every key exactly once, around the size of a page', async () => {
      const many = options.many ?? 1001;
      const names = Array.from({ length: many }, (_, index) => `many/${String(index).padStart(6, '0')}`);
      for (let at = 0; at < many; at += 64)
        await Promise.all(names.slice(at, at + 64).map((name) => put(name, name)));
      for (const count of [many, 1000, 999]) {
        const surplus = names.slice(count).map(key);
        expect(await tested.store.delete(surplus, never)).toEqual([]);
        expect((await listAll(tested.store, key('many/'))).keys).toEqual(names.slice(0, count).map(key));
      }
    });

    it('counts keys that are gone already as deleted', async () => {
      await put('gone', 'x');
      expect(await tested.store.delete([key('gone'), key('never-there')], never)).toEqual([]);
      expect(await tested.store.head(key('gone'), never)).toBeUndefined();
    });

    it('puts parts together in order, and tells the digest that was stored', async () => {
      const partSize = options.multipart ?? 5 << 20;
      const content = randomBytes(partSize * 2 + 12_345);
      const digest = `sha256-parts-${partSize}:${'0'.repeat(64)}`;
      const check = `gmac-parts-${partSize}:${'1'.repeat(64)}`;
      const upload = await tested.store.startParts(key('parts'), { digest, check, signal: never });
      expect(await tested.store.head(key('parts'), never)).toBeUndefined();
      expect((await tested.store.listParts(key('parts'), never)).map(({ id }) => id)).toEqual([upload.id]);
      expect(await tested.store.newestPart(upload, never)).toBeUndefined();
      const etags: string[] = [];
      for (const number of [3, 1, 2]) {
        const part = payloadOf(content.subarray((number - 1) * partSize, number * partSize));
        etags[number - 1] = await tested.store.putPart(upload, number, part, never);
      }
      const newest = await tested.store.newestPart(upload, never);
      expect(Date.now() - Date.parse(newest ?? '')).toBeLessThan(600_000);
      const etag = await tested.store.finishParts(upload, etags, never);
      const { bytes, details } = await read(tested.store, key('parts'), { ifMatch: etag });
      expect(bytes.equals(content)).toBe(true);
      expect([digest, `md5:${hex('md5', content)}`]).toContain(details.digest);
      // Only ever beside the digest that it came with.
      expect(details.check).toBe(details.digest === digest ? check : undefined);
      expect(await tested.store.listParts(key('parts'), never)).toEqual([]);
    });

    it('forgets the parts of an upload that is given up', async () => {
      const payload = payloadOf('part');
      const upload = await tested.store.startParts(key('given-up'), {
        digest: payload.digest,
        signal: never,
      });
      await tested.store.putPart(upload, 1, payload, never);
      await tested.store.abortParts(upload, never);
      await tested.store.abortParts(upload, never);
      expect(await tested.store.listParts(key('given-up'), never)).toEqual([]);
      expect(await tested.store.head(key('given-up'), never)).toBeUndefined();
      await expect(tested.store.putPart(upload, 1, payload, never)).rejects.toBeInstanceOf(StoreError);
    });

    it('stops when it is told to', async () => {
      const why = new Error('stopped');
      const stopped = AbortSignal.abort(why);
      await expect(tested.store.head(key('content'), stopped)).rejects.toBe(why);
      await expect(listStopped(tested.store, tested.prefix, stopped)).rejects.toBe(why);
    });
  });
}

async function listStopped(store: ObjectStore, prefix: string, signal: AbortSignal): Promise<void> {
  for await (const _ of store.list({ prefix, signal })) return;
}
