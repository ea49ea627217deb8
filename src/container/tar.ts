/** One entry of an archive; modes are the nine permission bits, sizes bytes. Paths are relative, with `/`. */
export type TarEntry =
  | { readonly type: 'file'; readonly path: string; readonly mode: number; readonly size: number }
  | { readonly type: 'folder'; readonly path: string; readonly mode: number }
  | { readonly type: 'link'; readonly path: string; readonly target: string };

const blockSize = 512;
/** Any fixed time keeps archives the same. 2000-01-01 UTC, in seconds. */
const anyTime = 946_684_800;

const kinds = { file: '0', link: '2', folder: '5' } as const;

/**
 * The header of an entry: ustar, with GNU long-name records before it where path or target do not fit, and GNU's
 * binary numbers above 8 GiB, which GNU tar, BSD tar, busybox and Python read alike. Owner and time are the same
 * for everybody, so that the same tree gives the same bytes on every machine.
 *
 * @param modified seconds since the epoch, for archives that are to keep times
 */
export function tarHeader(entry: TarEntry, modified: number = anyTime): Buffer {
  const name = Buffer.from(entry.type === 'folder' ? `${entry.path}/` : entry.path);
  const target = Buffer.from(entry.type === 'link' ? entry.target : '');
  const blocks: Buffer[] = [];
  if (target.length > 100) blocks.push(...longRecord('K', target));
  if (name.length > 100) blocks.push(...longRecord('L', name));
  blocks.push(
    header({
      name,
      target,
      kind: kinds[entry.type],
      mode: entry.type === 'link' ? 0o777 : entry.mode,
      size: entry.type === 'file' ? entry.size : 0,
      modified,
    }),
  );
  return Buffer.concat(blocks);
}

/** The zeros after a file's bytes. */
export function tarPadding(size: number): Buffer {
  return Buffer.alloc((blockSize - (size % blockSize)) % blockSize);
}

/** The end of an archive. */
export const tarEnd: Buffer = Buffer.alloc(2 * blockSize);

function longRecord(kind: 'L' | 'K', text: Buffer): readonly Buffer[] {
  const body = Buffer.concat([text, Buffer.alloc(1)]);
  const name = Buffer.from('././@LongLink');
  return [
    header({ name, target: Buffer.alloc(0), kind, mode: 0o644, size: body.length, modified: anyTime }),
    body,
    tarPadding(body.length),
  ];
}

function header(fields: {
  readonly name: Buffer;
  readonly target: Buffer;
  readonly kind: string;
  readonly mode: number;
  readonly size: number;
  readonly modified: number;
}): Buffer {
  const block = Buffer.alloc(blockSize);
  fields.name.copy(block, 0, 0, 100);
  octal(block, 100, 8, fields.mode);
  octal(block, 108, 8, 0);
  octal(block, 116, 8, 0);
  if (fields.size < 8 * 1024 ** 3) octal(block, 124, 12, fields.size);
  else {
    block[124] = 0x80;
    block.writeBigUInt64BE(BigInt(fields.size), 128);
  }
  octal(block, 136, 12, fields.modified);
  block.write(fields.kind, 156);
  fields.target.copy(block, 157, 0, 100);
  // The old GNU magic, which goes with long-name records.
  block.write('ustar  \0', 257);
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

function octal(block: Buffer, offset: number, width: number, value: number): void {
  const text = value.toString(8).padStart(width - 1, '0');
  if (text.length >= width) throw new RangeError(`${value} does not fit into a tar header`);
  block.write(`${text}\0`, offset);
}

/** Reads archives that this module wrote: calls back for each entry, and for the pieces of each file, in order. */
export class TarReader {
  readonly #onEntry: (entry: TarEntry) => void;
  readonly #onData: (chunk: Buffer) => void;
  #held: Buffer = Buffer.alloc(0);
  /** Bytes of the current body still to come, and of the zeros after it. */
  #body = 0;
  #padding = 0;
  #long: { kind: 'L' | 'K'; chunks: Buffer[] } | undefined;
  #longPath: string | undefined;
  #longTarget: string | undefined;
  #ended = false;

  constructor(onEntry: (entry: TarEntry) => void, onData: (chunk: Buffer) => void) {
    this.#onEntry = onEntry;
    this.#onData = onData;
  }

  /** @throws Error on bytes that are no archive of ours */
  write(chunk: Buffer): void {
    let rest = this.#held.length > 0 ? Buffer.concat([this.#held, chunk]) : chunk;
    while (rest.length > 0) {
      if (this.#body > 0) {
        const piece = rest.subarray(0, this.#body);
        if (this.#long !== undefined) this.#long.chunks.push(Buffer.from(piece));
        else this.#onData(piece);
        this.#body -= piece.length;
        rest = rest.subarray(piece.length);
        if (this.#body === 0) this.#endLong();
      } else if (this.#padding > 0) {
        const skipped = Math.min(this.#padding, rest.length);
        this.#padding -= skipped;
        rest = rest.subarray(skipped);
      } else if (rest.length >= blockSize) {
        this.#header(rest.subarray(0, blockSize));
        rest = rest.subarray(blockSize);
      } else break;
    }
    this.#held = Buffer.from(rest);
  }

  /** @throws Error where the archive stopped early */
  end(): void {
    if (!this.#ended || this.#held.length > 0) throw new Error('the archive is cut off');
  }

  #header(block: Buffer): void {
    if (block.every((byte) => byte === 0)) {
      this.#ended = true;
      return;
    }
    if (this.#ended) throw new Error('there are bytes after the end of the archive');
    const size = Number.parseInt(block.toString('latin1', 124, 135), 8);
    const kind = block.toString('latin1', 156, 157);
    if (!Number.isSafeInteger(size)) throw new Error('the archive has a damaged header');
    this.#body = size;
    this.#padding = (blockSize - (size % blockSize)) % blockSize;
    if (kind === 'L' || kind === 'K') {
      this.#long = { kind, chunks: [] };
      return;
    }
    const path = this.#longPath ?? text(block, 0, 100);
    const target = this.#longTarget ?? text(block, 157, 100);
    this.#longPath = undefined;
    this.#longTarget = undefined;
    const mode = Number.parseInt(block.toString('latin1', 100, 107), 8) & 0o777;
    if (kind === kinds.link) this.#onEntry({ type: 'link', path, target });
    else if (kind === kinds.folder) this.#onEntry({ type: 'folder', path: path.replace(/\/$/, ''), mode });
    else if (kind === kinds.file) this.#onEntry({ type: 'file', path, mode, size });
    else throw new Error(`the archive has an entry of kind ${JSON.stringify(kind)}`);
  }

  #endLong(): void {
    if (this.#long === undefined) return;
    const value = Buffer.concat(this.#long.chunks).subarray(0, -1).toString('utf8');
    if (this.#long.kind === 'L') this.#longPath = value;
    else this.#longTarget = value;
    this.#long = undefined;
  }
}

function text(block: Buffer, offset: number, width: number): string {
  const end = block.indexOf(0, offset);
  return block.toString('utf8', offset, end === -1 || end > offset + width ? offset + width : end);
}
