import { createHash } from 'node:crypto';
import { maxAppliedBytes } from '../render/project-files.ts';
import type { KubernetesObject } from '../render/rendered-object.ts';
import { codePartKey } from './code-placement.ts';

/** Packed bytes that still go into ConfigMaps. */
export const maxConfigMapBytes: number = 3 * 1024 ** 2;
/** Bytes a ConfigMap: `kubectl apply -f build/` takes no larger ones. */
const partBytes = maxAppliedBytes;

interface Packed {
  readonly digest: string;
  readonly packedSize: number;
}

interface Owner {
  readonly user: string;
  readonly project: string;
}

/** Names by content and owner: two sweeps of the same code share them, two users do not. */
export function snapshotConfigMapNames({ digest, packedSize }: Packed, { user, project }: Owner): string[] {
  const id = createHash('sha256')
    .update(JSON.stringify([digest, packedSize, partBytes, user, project]))
    .digest('hex')
    .slice(0, 16);
  const count = Math.max(1, Math.ceil(packedSize / partBytes));
  return Array.from({ length: count }, (_, index) => `code-${id}-${index}`);
}

/**
 * The ConfigMaps, or Secrets, that hold a packed snapshot in pieces: immutable, since they are named by their
 * content.
 */
export function snapshotConfigMaps(
  packed: Buffer,
  names: readonly string[],
  metadata: { readonly namespace: string; readonly labels: Readonly<Record<string, string>> },
  secret = false,
): KubernetesObject[] {
  return names.map((name, index) => ({
    apiVersion: 'v1',
    kind: secret ? 'Secret' : 'ConfigMap',
    metadata: { name, ...metadata },
    immutable: true,
    [secret ? 'data' : 'binaryData']: {
      [codePartKey(index)]: packed.subarray(index * partBytes, (index + 1) * partBytes).toString('base64'),
    },
  }));
}
