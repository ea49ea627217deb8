/** A longer line is shown in pieces, so that memory stays bounded whatever a trial prints. */
const longestPiece = 64 * 1024;
const newline = 0x0a;
const carriageReturn = 0x0d;
const escapeByte = 0x1b;
const resetColors = Buffer.from('\u001b[0m');

/**
 * Cuts one stream of one trial into lines with a prefix, for several trials that share a terminal. The bytes of a
 * line stay as they are. A line that draws over itself (`\r`, as progress bars do) is shown as it looks when
 * it ends, and in between at most once every two seconds. The log has all bytes.
 */
export class PrefixedLines {
  readonly #prefix: Buffer;
  readonly #emit: (line: Buffer) => void;
  readonly #now: () => number;
  #pending: Buffer[] = [];
  #length = 0;
  #lastRedraw = Number.NEGATIVE_INFINITY;

  /** @param emit gets whole lines, prefix and line end included */
  constructor(prefix: string, emit: (line: Buffer) => void, now: () => number) {
    this.#prefix = Buffer.from(prefix);
    this.#emit = emit;
    this.#now = now;
  }

  write(chunk: Uint8Array): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let start = 0;
    for (;;) {
      const end = bytes.indexOf(newline, start);
      if (end === -1) break;
      this.#append(bytes.subarray(start, end));
      this.#flush();
      start = end + 1;
    }
    this.#append(bytes.subarray(start));
    this.#showRedrawn();
  }

  /** Shows what is left when the stream has ended. */
  end(): void {
    if (this.#length > 0) this.#flush();
  }

  #append(bytes: Buffer): void {
    for (let rest = bytes; rest.length > 0; ) {
      const piece = rest.subarray(0, longestPiece - this.#length);
      // A copy: the chunk belongs to the stream, which may keep 64 KiB alive for one pending byte.
      this.#pending.push(Buffer.from(piece));
      this.#length += piece.length;
      rest = rest.subarray(piece.length);
      if (this.#length >= longestPiece) this.#flush();
    }
  }

  #flush(): void {
    const line = Buffer.concat(this.#pending);
    this.#pending = [];
    this.#length = 0;
    this.#show(visiblePart(line));
  }

  #showRedrawn(): void {
    if (this.#length === 0 || this.#now() - this.#lastRedraw < 2_000) return;
    const line = Buffer.concat(this.#pending);
    if (!line.includes(carriageReturn)) return;
    this.#lastRedraw = this.#now();
    this.#show(visiblePart(line));
    const rest = line.subarray(line.lastIndexOf(carriageReturn) + 1);
    this.#pending = rest.length === 0 ? [] : [Buffer.from(rest)];
    this.#length = rest.length;
  }

  #show(line: Buffer): void {
    const colors = line.includes(escapeByte) ? [resetColors] : [];
    this.#emit(Buffer.concat([this.#prefix, line, ...colors, Buffer.of(newline)]));
  }
}

/** What a terminal would show of a line: the text after the last `\r` that something follows. */
function visiblePart(line: Buffer): Buffer {
  let end = line.length;
  while (end > 0 && line[end - 1] === carriageReturn) end--;
  const trimmed = line.subarray(0, end);
  return trimmed.subarray(trimmed.lastIndexOf(carriageReturn) + 1);
}
