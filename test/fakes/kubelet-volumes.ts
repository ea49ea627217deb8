import { chmodSync, chownSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** An object as a manifest has it. */
// biome-ignore lint/suspicious/noExplicitAny: a test reads what YAML holds
export type Manifest = Record<string, any>;

/** Looks an object up in the namespace; throws where it is not there, as a pod then does not start. */
export type Find = (kind: 'ConfigMap' | 'Secret', name: string) => Manifest;

/** What a volume's file holds, and its mode where an item says one. */
interface File {
  readonly bytes: Buffer;
  readonly mode: number | undefined;
}

/** Entries of a ConfigMap or Secret. */
export function entriesOf(object: Manifest): ReadonlyMap<string, Buffer> {
  const encoded = { ...object['binaryData'], ...(object['kind'] === 'Secret' ? object['data'] : {}) };
  const plain = { ...(object['kind'] === 'Secret' ? object['stringData'] : object['data']) };
  return new Map([
    ...Object.entries(encoded).map(([key, value]) => [key, Buffer.from(String(value), 'base64')] as const),
    ...Object.entries(plain).map(([key, value]) => [key, Buffer.from(String(value))] as const),
  ]);
}

/** The value of `metadata.name`, `metadata.annotations['x']`, `spec.nodeName` … of a pod. */
export function fieldOf(pod: Manifest, fieldPath: string): string {
  const [, map, key] = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(fieldPath) ?? [];
  if (map !== undefined && key !== undefined) return pod['metadata'][map]?.[key] ?? '';
  const known: Record<string, string> = {
    'metadata.name': pod['metadata'].name,
    'metadata.namespace': pod['metadata'].namespace,
    'spec.nodeName': 'node-1',
    'status.podIP': '127.0.0.1',
  };
  const value = known[fieldPath];
  if (value === undefined) throw new Error(`the kubelet of the tests does not know the field ${fieldPath}`);
  return value;
}

/**
 * Makes the folder of a volume as a kubelet lays it out: an empty one that everybody may write; a ConfigMap, Secret,
 * projection or downward API as links to `..data`, which is a link to a folder of files of mode 0644, or what
 * the items say; with the pod's `fsGroup` for a group.
 */
export function makeVolume(volume: Manifest, folder: string, pod: Manifest, find: Find): void {
  const { fsGroup } = pod['spec'].securityContext ?? {};
  mkdirSync(folder);
  if (volume['emptyDir'] !== undefined) {
    chmodSync(folder, 0o777);
    if (fsGroup !== undefined) {
      chownSync(folder, 0, fsGroup);
      chmodSync(folder, 0o2777);
    }
    return;
  }
  const { name: _name, ...source } = volume;
  const files = filesOf(source, pod, find);
  const own = path.join(folder, '..2026_01_01');
  for (const [name, { bytes, mode }] of files) {
    const file = path.join(own, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, bytes);
    chmodSync(file, (mode ?? 0o644) | (fsGroup === undefined ? 0 : 0o440));
    if (fsGroup !== undefined) chownSync(file, 0, fsGroup);
  }
  symlinkSync('..2026_01_01', path.join(folder, '..data'));
  for (const name of files.keys()) {
    const top = name.split('/')[0] ?? name;
    if (!existsSync(path.join(folder, top))) symlinkSync(`..data/${top}`, path.join(folder, top));
  }
}

function filesOf(source: Manifest, pod: Manifest, find: Find): Map<string, File> {
  const [[kind, spec], ...others] = Object.entries(source) as [[string, Manifest], ...unknown[]];
  if (others.length > 0) throw new Error(`a volume of two kinds: ${Object.keys(source).join(', ')}`);
  const mode = spec['defaultMode'];
  switch (kind) {
    case 'projected':
      return new Map(
        (spec['sources'] as Manifest[]).flatMap((each) => [...filesOf(each, pod, find)].map(withMode(mode))),
      );
    case 'downwardAPI':
      return new Map(
        (spec['items'] as Manifest[]).map((item) => [
          item['path'],
          { bytes: Buffer.from(fieldOf(pod, item['fieldRef'].fieldPath)), mode: item['mode'] ?? mode },
        ]),
      );
    case 'configMap':
    case 'secret': {
      const name = spec['name'] ?? spec['secretName'];
      const entries = entriesOf(find(kind === 'secret' ? 'Secret' : 'ConfigMap', name));
      const items: Manifest[] = spec['items'] ?? [...entries.keys()].map((key) => ({ key, path: key }));
      return new Map(
        items.map((item) => {
          const bytes = entries.get(item['key']);
          if (bytes === undefined) throw new Error(`${kind} ${name} has no key ${item['key']}`);
          return [item['path'], { bytes, mode: item['mode'] ?? mode }];
        }),
      );
    }
    default:
      throw new Error(`the kubelet of the tests does not know volumes of kind ${kind}`);
  }
}

const withMode =
  (mode: number | undefined) =>
  ([name, file]: [string, File]): [string, File] => [name, { ...file, mode: file.mode ?? mode }];
