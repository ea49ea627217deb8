import { Budget } from './budget.ts';

/** How much is done at once. Memory stays bounded whatever the size of files; each key of a listing takes some 400 bytes. */
export interface TransferLimits {
  /** Objects larger than this are moved in parts. */
  readonly wholeSize: number;
  /** Bytes a part; larger where 1,000 parts would not do. */
  readonly partSize: number;
  /** Files under way at once. Going down takes more: servers answer small reads late, as their packets wait for ours. */
  readonly uploads: number;
  readonly downloads: number;
  /** Parts under way at once, over all files. */
  readonly parts: Budget;
  /** Files under way in parts: each has buffers, and something to clear away after a kill. */
  readonly large: Budget;
  /** Bytes of whole files in memory at once. */
  readonly bytes: Budget;
}

const mebi = 1 << 20;

export function makeLimits(
  sizes: { readonly wholeSize?: number; readonly partSize?: number } = {},
): TransferLimits {
  return {
    wholeSize: sizes.wholeSize ?? 16 * mebi,
    partSize: sizes.partSize ?? 16 * mebi,
    uploads: 160,
    downloads: 192,
    parts: new Budget(8),
    large: new Budget(8),
    bytes: new Budget(64 * mebi),
  };
}

/** S3 takes at most 10,000 parts, OpenStack Swift 1,000. They are streamed, so their size costs no memory. */
export function partSizeFor(size: number, limits: TransferLimits): number {
  return Math.max(limits.partSize, Math.ceil(size / 1_000 / mebi) * mebi);
}
