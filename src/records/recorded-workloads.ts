import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runsFolder } from './run-paths.ts';

/**
 * UIDs of workloads on a cluster that have a record, a line each: whoever looks at thousands that have ended need not
 * read thousands of records to know that there is nothing to write. What is lost of it costs no more than that.
 */
export class RecordedWorkloads {
  readonly #path: string;
  #uids: Set<string> | undefined;

  /** @param root the project's folder */
  constructor(root: string) {
    this.#path = join(root, runsFolder, 'workloads.txt');
  }

  has(uid: string): boolean {
    return this.#read().has(uid);
  }

  /** For when the record is written, and so its folder there. */
  add(uid: string): void {
    const uids = this.#read();
    if (uids.has(uid)) return;
    uids.add(uid);
    try {
      appendFileSync(this.#path, `${uid}\n`);
    } catch {
      // The record itself will be asked.
    }
  }

  #read(): Set<string> {
    if (this.#uids === undefined) {
      let text = '';
      try {
        text = readFileSync(this.#path, 'utf8');
      } catch {
        // None yet.
      }
      this.#uids = new Set(text.split('\n'));
    }
    return this.#uids;
  }
}
