import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';

/** What a file may grow to before it is written anew: twice what it was then, and this. */
const slack = 2 << 20;

/** Its first part is its key. */
export type KeyedRecord = readonly [key: string, ...unknown[]];

/**
 * Records by their key, the last one of a key counts. New ones are added at the end, so that a few cost nothing of what
 * is there already. The text is JSON but for its last bracket; what a killed process left broken is passed over.
 */
export class RecordFile<T extends KeyedRecord> {
  readonly #path: string;
  readonly #version: number;

  constructor(path: string, version: number) {
    this.#path = path;
    this.#version = version;
  }

  /** Empty where the file is absent or of another version. */
  read(): Map<string, T> {
    const records = new Map<string, T>();
    for (const record of this.#parse()) {
      if (Array.isArray(record) && typeof record[0] === 'string')
        records.set(record[0], record as unknown as T);
    }
    return records;
  }

  /** `absent`: or of another version; `outgrown`: most of it may be outdated. */
  get state(): 'absent' | 'outgrown' | 'good' {
    const size = statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0;
    const before = this.#sizeWhenWritten();
    if (before === undefined) return 'absent';
    return size > 2 * before + slack ? 'outgrown' : 'good';
  }

  add(records: Iterable<T>): void {
    writeFileSync(this.#path, format(records), { flag: 'a' });
  }

  /** Replaces all records. */
  write(records: Iterable<T>): void {
    const temporary = `${this.#path}.${process.pid}`;
    const text = format(records);
    try {
      mkdirSync(dirname(this.#path), { recursive: true });
      writeFileSync(temporary, `[{"version":${this.#version},"size":${text.length}}${text}`);
      renameSync(temporary, this.#path);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
  }

  #parse(): unknown[] {
    let text: string;
    try {
      if (this.#sizeWhenWritten() === undefined) return [];
      text = readFileSync(this.#path, 'utf8');
    } catch {
      return [];
    }
    try {
      return JSON.parse(`${text}]`);
    } catch {
      return text.split('\n').flatMap((line) => parseOrNone(line.slice(1)));
    }
  }

  /** `undefined` where there is none, or one of another version. */
  #sizeWhenWritten(): number | undefined {
    const head = Buffer.alloc(64);
    try {
      const descriptor = openSync(this.#path, 'r');
      try {
        readSync(descriptor, head, 0, head.length, 0);
      } finally {
        closeSync(descriptor);
      }
    } catch {
      return undefined;
    }
    const match = /^\[\{"version":(\d+),"size":(\d+)\}/.exec(head.toString('latin1'));
    return Number(match?.[1]) === this.#version ? Number(match?.[2]) : undefined;
  }
}

/** Each begins its own line, so that what is added behind half a line is whole. */
function format(records: Iterable<KeyedRecord>): string {
  let text = '';
  for (const record of records) text += `\n,${JSON.stringify(record)}`;
  return text;
}

function parseOrNone(line: string): unknown[] {
  try {
    return [JSON.parse(line)];
  } catch {
    return [];
  }
}
