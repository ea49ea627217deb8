/**
 * How a pod gets at its code: a {@link CodeReference} with what the pod needs to fetch it. Holds no secret.
 */
export type CodePlacement =
  | {
      readonly kind: 'git';
      readonly commit: string;
      /** Without credentials: `ssh://git@host:port/path.git`, `https://…`. */
      readonly url: string;
      /** The project's folder in the repository, where it is not its root. */
      readonly prefix?: string;
    }
  | {
      readonly kind: 'snapshot';
      readonly digest: string;
      readonly from: /** `.toolbox/code/DIGEST.tar.gz` */
        | { readonly store: 'bucket'; readonly key: string }
        /** Names in the order of the pieces; each holds one binary key, {@link codePartKey}. */
        | {
            readonly store: 'configmaps';
            readonly names: readonly string[];
            /** Whether they are Secrets, because a file of the code has in it what nobody else may read. */
            readonly secret?: boolean;
          };
    }
  | { readonly kind: 'image' };

/** The key of a snapshot's piece in its ConfigMap's `binaryData`, counted from 0: they sort in order. */
export function codePartKey(index: number): string {
  return `part-${String(index).padStart(3, '0')}`;
}
