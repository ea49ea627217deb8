import { isMd5ETag } from './digest.ts';
import type { ListOptions, ListPage, ObjectInfo, PendingUpload } from './object-store.ts';
import { refuseError, Unusable } from './s3-answer.ts';
import type { S3Client } from './s3-client.ts';
import { childrenNamed, childText, decodeEntities, parseXml, type XmlElement } from './s3-xml.ts';

/**
 * ListObjectsV2, page by page. A page counts only when it is whole and consistent: the closing tag is there, the count
 * it names is the count it holds, keys go up from page to page, and where there is more, a token that was not seen
 * before says how to get it. Anything else is asked for again, and in the end an error: a listing that ends
 * without one is complete.
 */
export async function* listObjects(client: S3Client, options: ListOptions): AsyncGenerator<ListPage> {
  const seen = new Set<string>();
  const ask = (token: string | undefined, last: Last): Promise<ParsedPage> => {
    const query: Record<string, string> = {
      'list-type': '2',
      'encoding-type': 'url',
      'max-keys': '1000',
      prefix: options.prefix,
    };
    if (options.shallow === true) query['delimiter'] = '/';
    if (token !== undefined) query['continuation-token'] = token;
    const read = (text: string) => parsePage(text, options, last, seen);
    const page = client.text({ method: 'GET', query }, read, options.signal);
    // Whoever looks at the page before may want no other.
    page.catch(() => {});
    return page;
  };
  let last: Last = { key: undefined, folder: undefined };
  let asked: Promise<ParsedPage> | undefined = ask(undefined, last);
  while (asked !== undefined) {
    const page: ParsedPage = await asked;
    last = page.last;
    if (page.next !== undefined) seen.add(page.next);
    // The server is at the next page while this one is looked at.
    asked = page.next === undefined ? undefined : ask(page.next, last);
    yield page;
  }
}

interface ParsedPage extends ListPage {
  readonly next: string | undefined;
  readonly last: Last;
}

/** What came last of all pages so far. */
interface Last {
  readonly key: string | undefined;
  readonly folder: string | undefined;
}

function parsePage(text: string, options: ListOptions, last: Last, seen: ReadonlySet<string>): ParsedPage {
  const { entries, rest } = takeEntriesOut(text);
  const root = parseXml(rest);
  refuseError(root, text);
  if (root.name !== 'ListBucketResult')
    throw new Unusable(`<${root.name}> where <ListBucketResult> was expected`);
  if (root.children.some(({ name }) => /(^|:)Contents$/.test(name)))
    throw new Unusable('a page of the listing is written in an unknown way');
  const decode = childText(root, 'EncodingType') === 'url' ? decodeKey : (key: string) => key;
  const objects = cutLoose(entries.map((entry) => parseEntry(entry, decode)));
  const all = childrenNamed(root, 'CommonPrefixes').map((each) => decode(childText(each, 'Prefix') ?? ''));
  // Some versions of Ceph begin a page with the folder that the one before ended with.
  const folders = all.filter((folder) => folder !== last.folder);

  // Some servers count the folders, as AWS does, and some do not.
  const count = childText(root, 'KeyCount');
  const held = [objects.length, objects.length + all.length];
  if (count !== undefined && !held.includes(Number(count)))
    throw new Unusable(
      `a page of the listing announces ${count} keys and holds ${objects.length + all.length}`,
    );
  const keys = objects.map((object) => object.key);
  for (const key of [...keys, ...folders])
    if (!key.startsWith(options.prefix))
      throw new Unusable('a page of the listing holds a key that was not asked for');
  if (!goUp(keys, last.key) || !goUp(folders, last.folder))
    throw new Unusable('the keys of the listing do not go up');
  if (!keys.concat(folders).every((key) => key.isWellFormed())) throw new Unusable('a key that is no text');

  const truncated = childText(root, 'IsTruncated');
  if (truncated !== 'true' && truncated !== 'false')
    throw new Unusable('a page of the listing does not say whether there is more');
  const next = childText(root, 'NextContinuationToken') || undefined;
  if (truncated === 'false' && next !== undefined)
    throw new Unusable('a page of the listing says that there is no more, and how to get it');
  if (truncated === 'true' && next === undefined)
    throw new Unusable('a page of the listing says there is more and not how to get it');
  if (next !== undefined && seen.has(next)) throw new Unusable('the listing goes in a circle');
  return {
    objects,
    folders,
    next,
    last: { key: keys.at(-1) ?? last.key, folder: folders.at(-1) ?? last.folder },
  };
}

function goUp(keys: readonly string[], last: string | undefined): boolean {
  let before = last;
  for (const key of keys) {
    if (before !== undefined && compareKeys(before, key) >= 0) return false;
    before = key;
  }
  return true;
}

/**
 * Splits a page into the insides of its `<Contents>` and all the rest, which is still one document. A listing of 25,000
 * keys has 200,000 elements that are all alike, and building a tree of them takes longer than the server does.
 */
function takeEntriesOut(text: string): { entries: string[]; rest: string } {
  const [open, close] = ['<Contents>', '</Contents>'];
  const entries: string[] = [];
  let rest = '';
  let at = 0;
  for (let start = text.indexOf(open); start !== -1; start = text.indexOf(open, at)) {
    const end = text.indexOf(close, start);
    if (end === -1) throw new Unusable('a page of the listing is cut off inside an entry');
    rest += text.slice(at, start);
    entries.push(text.slice(start + open.length, end));
    at = end + close.length;
  }
  return { entries, rest: rest + text.slice(at) };
}

function parseEntry(entry: string, decode: (key: string) => string): Listed {
  const key = textIn(entry, '<Key>');
  const size = textIn(entry, '<Size>') ?? '';
  if (key === undefined || key === '' || !/^\d{1,15}$/.test(size))
    throw new Unusable('an entry of the listing without key or size');
  const etag = (textIn(entry, '<ETag>', '&quot;') ?? '').replaceAll('"', '');
  return { key: decode(key), size: Number(size), etag, modified: textIn(entry, '<LastModified>') ?? '' };
}

/**
 * The same objects with texts of their own. What is cut out of a page keeps all of that page in memory, which is most of
 * what 400,000 keys take; a text that holds only what is kept costs a tenth of copying each for itself.
 */
function cutLoose(objects: readonly Listed[]): ObjectInfo[] {
  const text = objects.map(({ key, etag, modified }) => `${key}md5:${etag}${modified}`).join('');
  let at = 0;
  return objects.map(
    ({ key: { length }, size, etag: { length: etagLength }, modified: { length: last } }) => {
      const digestAt = at + length;
      const key = text.slice(at, digestAt);
      at = digestAt + 4 + etagLength + last;
      const digest = text.slice(digestAt, at - last);
      const etag = text.slice(digestAt + 4, at - last);
      const modified = text.slice(at - last, at);
      return isMd5ETag(etag) ? { key, size, etag, modified, digest } : { key, size, etag, modified };
    },
  );
}

type Listed = Omit<ObjectInfo, 'digest'>;

/** The text of the first element with this opening tag, without `quotes` around it. */
function textIn(entry: string, tag: string, quotes = ''): string | undefined {
  const start = entry.indexOf(tag);
  if (start === -1) return undefined;
  const end = entry.indexOf('<', start + tag.length);
  if (end === -1) throw new Unusable('an entry of the listing is cut off');
  const text = entry.slice(start + tag.length, end);
  const quoted = quotes !== '' && text.startsWith(quotes) && text.endsWith(quotes);
  return decodeEntities(quoted ? text.slice(quotes.length, -quotes.length) : text);
}

/** Part uploads under way below a prefix. */
export async function listPendingUploads(
  client: S3Client,
  prefix: string,
  signal: AbortSignal,
): Promise<PendingUpload[]> {
  const found: PendingUpload[] = [];
  let marker: Record<string, string> | undefined = {};
  while (marker !== undefined) {
    const query: Record<string, string> = { uploads: '', 'encoding-type': 'url', prefix, ...marker };
    const root: XmlElement = await client.xml({ method: 'GET', query }, 'ListMultipartUploadsResult', signal);
    const decode = childText(root, 'EncodingType') === 'url' ? decodeKey : (key: string) => key;
    for (const upload of childrenNamed(root, 'Upload')) {
      const initiator = childrenNamed(upload, 'Initiator')[0];
      found.push({
        key: decode(childText(upload, 'Key') ?? ''),
        id: childText(upload, 'UploadId') ?? '',
        initiator: initiator === undefined ? '' : (childText(initiator, 'ID') ?? ''),
        initiated: childText(upload, 'Initiated') ?? '',
      });
    }
    const next: string | undefined = childText(root, 'NextKeyMarker');
    // Incomplete is good enough here: what is missed is cleaned up another time.
    const more: boolean =
      childText(root, 'IsTruncated') === 'true' &&
      next !== undefined &&
      decode(next) !== marker['key-marker'];
    marker = more
      ? { 'key-marker': decode(next ?? ''), 'upload-id-marker': childText(root, 'NextUploadIdMarker') ?? '' }
      : undefined;
  }
  return found;
}

/** Keys come percent-encoded, with `+` for a space, because XML cannot hold every character. */
function decodeKey(text: string): string {
  try {
    return text.includes('%') || text.includes('+') ? decodeURIComponent(text.replaceAll('+', '%20')) : text;
  } catch {
    throw new Unusable('a key that is not UTF-8');
  }
}

/** The order of the UTF-8 bytes, which is that of the code points and not that of JavaScript's strings. */
export function compareKeys(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const a = left.charCodeAt(index);
    const b = right.charCodeAt(index);
    if (a === b) continue;
    const surrogate = (unit: number) => unit >= 0xd800 && unit <= 0xdfff;
    return surrogate(a) === surrogate(b) ? a - b : surrogate(a) ? 1 : -1;
  }
  return left.length - right.length;
}
