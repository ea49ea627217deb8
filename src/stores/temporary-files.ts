import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { temporaryPrefix } from './local-file.ts';
import { isRunning, ourselves } from './owner.ts';
import { RangeList } from './range-list.ts';

const week = 7 * 24 * 3_600_000;
/** Process numbers alone tell too little: in containers they are all alike. */
const salt = randomBytes(3).toString('hex');
let count = 0;
const host = createHash('sha256')
  .update(ourselves.host + ourselves.space)
  .digest('hex')
  .slice(0, 8);

/**
 * Names for files that are not whole yet, in the folder where they will be: `.ktb-NAME-HOST-PID.part` for those that
 * are gone with their process, `.ktb-NAME.part` with its `.ktb-NAME.ranges` for those that a later run resumes.
 * The first time that a folder is used, what dead processes and forgotten downloads left in it is removed.
 */
export class TemporaryFiles {
  readonly #now: () => number;
  readonly #cleaned = new Set<string>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** A new name beside `path`. */
  name(path: string): string {
    this.cleanUp(dirname(path));
    return `${this.#own(path)}.part`;
  }

  /** For a large file, without their endings: the same name at every call, and a new one. */
  forLarge(path: string): { readonly resumable: string; readonly own: string } {
    this.cleanUp(dirname(path));
    return {
      resumable: join(dirname(path), `${temporaryPrefix}${shortHash(path)}`),
      own: this.#own(path),
    };
  }

  #own(path: string): string {
    const unique = `${shortHash(path)}${salt}${(count++).toString(16)}-${host}-${process.pid}`;
    return join(dirname(path), `${temporaryPrefix}${unique}`);
  }

  /** With `isGone`, also what could be resumed if its object were not gone. Once for each folder. */
  cleanUp(folder: string, isGone?: (of: { readonly store: string; readonly key: string }) => boolean): void {
    if (this.#cleaned.has(folder)) return;
    this.#cleaned.add(folder);
    for (const name of readdirSync(folder)) {
      if (!name.startsWith(temporaryPrefix)) continue;
      const path = join(folder, name);
      const owner = /^\.ktb-[0-9a-f]+-([0-9a-f]{8})-(\d+)\.(?:part|ranges)$/.exec(name);
      const dead = owner?.[1] === host && Number(owner[2]) !== process.pid && !isRunning(Number(owner[2]));
      const info = statSync(path, { throwIfNoEntry: false });
      const old = info !== undefined && this.#now() - info.mtimeMs > week;
      const resumable = /^\.ktb-[0-9a-f]{16}\.(part|ranges)$/.exec(name);
      if (dead || ((owner !== null || resumable !== null) && old)) rmSync(path, { force: true });
      else if (isGone !== undefined && resumable?.[1] === 'ranges')
        RangeList.clear({ resumable: path.slice(0, -'.ranges'.length), own: this.#own(path) }, isGone);
    }
  }
}

function shortHash(path: string): string {
  return createHash('sha256').update(basename(path)).digest('hex').slice(0, 16);
}
