import type { FakeBucket } from './s3-server-bucket.ts';
import { Rejected } from './s3-server-signature.ts';

const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n';

export function escapeText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

export function errorXml(code: string, message: string, extra = ''): string {
  return `${declaration}<Error><Code>${escapeText(code)}</Code><Message>${escapeText(message)}</Message>${extra}</Error>`;
}

/** ListObjectsV2. Tokens are opaque and only those that were given out are taken. */
export function listXml(bucket: FakeBucket, query: URLSearchParams, tokens: Map<string, number>): string {
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const maxKeys = Math.min(1000, Number(query.get('max-keys') ?? 1000));
  const token = query.get('continuation-token');
  const from = token === null ? 0 : tokens.get(token);
  if (from === undefined) throw new Rejected(400, 'InvalidArgument', 'unknown continuation token');
  const url = query.get('encoding-type') === 'url';
  const encode = (key: string) =>
    url ? encodeURIComponent(key).replaceAll('%20', '+').replaceAll('%2F', '/') : escapeText(key);

  const keys = bucket.keys();
  const entries: string[] = [];
  const folders = new Set<string>();
  let index = from;
  for (; index < keys.length && entries.length + folders.size < maxKeys; index++) {
    const key = keys[index] ?? '';
    if (!key.startsWith(prefix)) continue;
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    if (cut !== -1) {
      const folder = key.slice(0, cut + 1);
      folders.add(folder);
      while ((keys[index + 1] ?? '').startsWith(folder)) index++;
      continue;
    }
    const object = bucket.objects.get(key);
    if (object === undefined) continue;
    entries.push(
      `<Contents><Key>${encode(key)}</Key><LastModified>${object.modified.toISOString()}</LastModified>` +
        `<ETag>&quot;${object.etag}&quot;</ETag><Size>${object.body.length}</Size><StorageClass>STANDARD</StorageClass></Contents>`,
    );
  }
  const truncated = keys.slice(index).some((key) => key.startsWith(prefix));
  const next = `t${index}-${prefix.length}`;
  if (truncated) tokens.set(next, index);
  return (
    `${declaration}<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>bucket</Name>` +
    `<Prefix>${encode(prefix)}</Prefix><MaxKeys>${maxKeys}</MaxKeys>${url ? '<EncodingType>url</EncodingType>' : ''}` +
    `<KeyCount>${entries.length + folders.size}</KeyCount><IsTruncated>${truncated}</IsTruncated>` +
    `${truncated ? `<NextContinuationToken>${next}</NextContinuationToken>` : ''}${entries.join('')}` +
    `${[...folders].map((folder) => `<CommonPrefixes><Prefix>${encode(folder)}</Prefix></CommonPrefixes>`).join('')}` +
    '</ListBucketResult>'
  );
}

export function uploadsXml(bucket: FakeBucket, query: URLSearchParams): string {
  const prefix = query.get('prefix') ?? '';
  const uploads = [...bucket.uploads]
    .filter(([, upload]) => upload.key.startsWith(prefix))
    .map(
      ([id, upload]) =>
        `<Upload><Key>${encodeURIComponent(upload.key)}</Key><UploadId>${id}</UploadId>` +
        `<Initiator><ID>${upload.initiator}</ID><DisplayName>x</DisplayName></Initiator>` +
        `<Initiated>${upload.initiated.toISOString()}</Initiated></Upload>`,
    );
  return `${declaration}<ListMultipartUploadsResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>${uploads.join('')}</ListMultipartUploadsResult>`;
}

/** ListParts, two parts a page. */
export function partsXml(bucket: FakeBucket, query: URLSearchParams, key: string): string {
  const after = Number(query.get('part-number-marker') ?? 0);
  const { parts } = bucket.upload(query.get('uploadId') ?? '', key);
  const numbers = [...parts.keys()].sort((left, right) => left - right).filter((number) => number > after);
  const page = numbers.slice(0, 2);
  const entries = page.map((number) => {
    const { etag, modified } = parts.get(number) ?? { etag: '', modified: new Date(0) };
    const time = modified.toISOString();
    return `<Part><PartNumber>${number}</PartNumber><LastModified>${time}</LastModified><ETag>&quot;${etag}&quot;</ETag></Part>`;
  });
  const more = numbers.length > page.length;
  const next = more ? `<NextPartNumberMarker>${page.at(-1)}</NextPartNumberMarker>` : '';
  return `<ListPartsResult><IsTruncated>${more}</IsTruncated>${next}${entries.join('')}</ListPartsResult>`;
}
