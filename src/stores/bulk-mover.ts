/**
 * Another program that moves many files at once. What it says of its success is not asked: every file is checked
 * afterwards, and what is not right is moved by us, so that the results are the same.
 */
export interface BulkMover {
  /** Whether it can be told of these names. */
  accepts(key: string, path: string): boolean;
  /** `digest` is to be stored beside the object, in the metadata `ktb-digest`. */
  upload(
    files: readonly { readonly key: string; readonly path: string; readonly digest: string }[],
    signal: AbortSignal,
  ): Promise<void>;
  /** Writes to paths that do not exist yet. */
  download(
    files: readonly { readonly key: string; readonly path: string }[],
    signal: AbortSignal,
  ): Promise<void>;
}
