import { describe, expect, it } from 'vitest';
import { compareKeys } from '../../src/stores/s3-listing.ts';
import { listAll } from '../contract/object-store-contract.ts';
import { startBucket } from './fake-bucket.ts';

const isListing = (seen: { query: URLSearchParams }) => seen.query.has('list-type');
const ever = Number.POSITIVE_INFINITY;

async function bucketOf(count: number) {
  const bucket = await startBucket();
  for (let index = 0; index < count; index++)
    bucket.server.bucket.put(`k/${String(index).padStart(6, '0')}`, '');
  return bucket;
}

describe('a listing', () => {
  it.each([0, 1, 999, 1000, 1001, 25_000])('of %d keys is exact', async (count) => {
    const { store, server } = await bucketOf(count);
    const { keys } = await listAll(store, 'k/');
    expect(keys).toEqual(server.bucket.keys());
    expect(keys.length).toBe(count);
  });

  const spoilt: [string, (xml: string) => string][] = [
    ['cut off in the middle', (xml) => xml.slice(0, xml.length / 2)],
    ['cut off between two entries', (xml) => xml.slice(0, xml.lastIndexOf('<Contents>'))],
    ['without its closing tag', (xml) => xml.replace('</ListBucketResult>', '')],
    ['empty', () => ''],
    ['that is HTML', () => '<html><body>Welcome to the proxy</body></html>'],
    ['that lost an entry', (xml) => xml.replace(/<Contents>.*?<\/Contents>/, '')],
    [
      'that repeats an entry',
      (xml) => xml.replace(/(<Contents>.*?<\/Contents>)/, '$1$1').replace(/<KeyCount>\d+<\/KeyCount>/, ''),
    ],
    ['without a word on whether there is more', (xml) => xml.replace(/<IsTruncated>.*?<\/IsTruncated>/, '')],
    [
      'with more, and no token',
      (xml) => xml.replace(/<NextContinuationToken>.*?<\/NextContinuationToken>/, ''),
    ],
    [
      'with a token, and a word that there is no more',
      (xml) => xml.replace('<IsTruncated>true<', '<IsTruncated>false<'),
    ],
    ['whose entries are written with a space', (xml) => xml.replaceAll('<Contents>', '<Contents >')],
    ['whose entries have a prefix', (xml) => xml.replaceAll(/<(\/?)(Contents|KeyCount)>/g, '<$1s3:$2>')],
    ['with a key that is no text', (xml) => xml.replace('<Key>k/', '<Key>k/&#xD800;')],
    ['of another folder', (xml) => xml.replaceAll('<Key>k/', '<Key>x/')],
  ];

  it.each(spoilt)('with one page %s comes out whole', async (_, rewrite) => {
    const { store, server } = await bucketOf(2500);
    let listings = 0;
    server.fail({ rewrite }, (seen) => isListing(seen) && ++listings === 2);
    expect((await listAll(store, 'k/')).keys).toEqual(server.bucket.keys());
  });

  it.each(spoilt)('with pages always %s is an error', async (_, rewrite) => {
    const { store, server } = await bucketOf(2500);
    server.fail({ rewrite }, isListing, ever);
    await expect(listAll(store, 'k/')).rejects.toMatchObject({ kind: 'broken', exitCode: 3 });
  });

  it.each(['SlowDown', 'InternalError'])('with %s inside a 200 is given time', async (code) => {
    const { store, server, clock } = await bucketOf(3);
    const rewrite = () => `<?xml version="1.0"?>\n<Error><Code>${code}</Code><Message>x</Message></Error>`;
    server.fail({ rewrite }, isListing, 8);
    expect((await listAll(store, 'k/')).keys.length).toBe(3);
    expect(clock.waited).toBeGreaterThan(5_000);
    server.fail({ rewrite }, isListing, ever);
    await expect(listAll(store, 'k/')).rejects.toThrow(code);
  });

  it('of folders takes one that ends a page and begins the next once, and does not go in a circle', async () => {
    const { store, server } = await startBucket();
    for (let index = 0; index < 3500; index++) server.bucket.put(`${10_000 + index}/x`, '');
    const folders = /<CommonPrefixes>.*<\/CommonPrefixes>/s;
    let first = '';
    const rewrite = (xml: string) => {
      const page = folders.exec(xml)?.[0] ?? '';
      if (first === '') first = page;
      const last = first.slice(first.lastIndexOf('<CommonPrefixes>'));
      return page === first ? xml : xml.replace(page, last + page).replace(/<KeyCount>\d+<\/KeyCount>/, '');
    };
    server.fail({ rewrite }, isListing, 2);
    expect((await listAll(store, '', true)).folders.length).toBe(3500);
    server.fail({ rewrite: (xml) => xml.replace(folders, first) }, isListing, ever);
    await expect(listAll(store, '', true)).rejects.toMatchObject({ kind: 'broken' });
  });

  it('that goes in a circle is an error, and one wrong token is none', async () => {
    const { store, server } = await bucketOf(3500);
    let first: string | undefined;
    const circle = (xml: string) => {
      first ??= /<NextContinuationToken>(.*?)</.exec(xml)?.[1];
      return xml.replace(/<NextContinuationToken>.*?</, `<NextContinuationToken>${first}<`);
    };
    server.fail({ rewrite: circle }, isListing, 2);
    expect((await listAll(store, 'k/')).keys.length).toBe(3500);
    server.fail({ rewrite: circle }, isListing, ever);
    await expect(listAll(store, 'k/')).rejects.toMatchObject({ kind: 'broken' });
  });

  it('goes on after resets, in the answer too', async () => {
    const { store, server } = await bucketOf(2500);
    server.fail({ reset: 'before' }, isListing);
    server.fail({ cut: 10_000, announced: true }, isListing);
    server.fail({ cut: 20_000, announced: false }, isListing);
    expect((await listAll(store, 'k/')).keys.length).toBe(2500);
  });
});

it('orders keys by their UTF-8 bytes', () => {
  const keys = ['a', 'ab', 'b', 'é', '\uffee', '\u{10000}', '😀', 'Z', 'a/', 'a-'];
  const byBytes = [...keys].sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
  expect([...keys].sort(compareKeys)).toEqual(byBytes);
});
