import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { isSystemError } from './local-file.ts';
import { fateOf, type Owner, ourselves } from './owner.ts';

/** Without their endings: where a later process can resume, and of our own for where another one is at it. */
interface Names {
  readonly resumable: string;
  readonly own: string;
}

/** Which object a list of ranges is of. */
interface Version {
  /** The store's name. */
  readonly store: string;
  readonly key: string;
  readonly etag: string;
  readonly size: number;
  readonly rangeSize: number;
}

/**
 * The list of the ranges that are there, beside a large file while it comes in, and whose it is: of several processes
 * that fetch one file, on one machine or on several that share the folder, only one goes on with what was left.
 */
export class RangeList {
  /** Of the files, without their endings. */
  readonly name: string;
  /** What an earlier process fetched of the same version. */
  readonly have: readonly number[];
  readonly #descriptor: number;
  #open = true;

  private constructor(name: string, descriptor: number, have: readonly number[]) {
    this.name = name;
    this.have = have;
    this.#descriptor = descriptor;
    underWay.add(name);
  }

  /** @param trust whether what was left counts */
  static claim(names: Names, version: Version, trust: boolean): RangeList {
    const before = takeOver(names.resumable, names.own);
    const same =
      before?.etag === version.etag && before.size === version.size && before.rangeSize === version.rangeSize;
    const have = same && trust ? before.have : [];
    const lines = [JSON.stringify({ ...version, ...ourselves }), ...have].map((line) => `${line}\n`).join('');
    const resumable = createRanges(names.resumable, lines);
    if (resumable !== undefined) return new RangeList(names.resumable, resumable, have);
    const own = createRanges(names.own, lines);
    if (own === undefined) throw new Error(`${names.own}.ranges is taken`);
    return new RangeList(names.own, own, []);
  }

  /** Removes what is left of an object that is gone, where no process is at it. */
  static clear(names: Names, isGone: (of: Version) => boolean): void {
    const left = readRanges(`${names.resumable}.ranges`);
    if (left === undefined || !isGone(left) || isHeld(names.resumable, left)) return;
    const list = RangeList.claim(names, left, false);
    // Else somebody was faster, and is at it now.
    if (list.name === names.resumable) rmSync(`${list.name}.part`, { force: true });
    list.remove();
  }

  add(index: number): void {
    writeSync(this.#descriptor, `${index}\n`);
  }

  /** The file is whole, or worth nothing. */
  remove(): void {
    rmSync(`${this.name}.ranges`, { force: true });
    this.release();
  }

  /** Leaves it to a later process. */
  release(): void {
    underWay.delete(this.name);
    if (this.#open) closeSync(this.#descriptor);
    this.#open = false;
  }
}

/** Of this process, by their names. */
const underWay = new Set<string>();

/** Another machine's download counts as given up when it has written nothing for so long. */
const patience = 10 * 60_000;

/**
 * Takes what a process that is no more has left, and returns its list of ranges. Renaming is what only one of several
 * can do; whoever took a list that was renewed meanwhile puts it back.
 */
function takeOver(name: string, own: string): Ranges | undefined {
  const before = readRanges(`${name}.ranges`);
  if (before === undefined || isHeld(name, before)) return undefined;
  try {
    renameSync(`${name}.ranges`, `${own}.ranges`);
  } catch {
    return undefined;
  }
  const taken = readRanges(`${own}.ranges`);
  if (taken !== undefined && isHeld(name, taken)) {
    renameSync(`${own}.ranges`, `${name}.ranges`);
    return undefined;
  }
  rmSync(`${own}.ranges`, { force: true });
  return taken;
}

function isHeld(name: string, ranges: Ranges): boolean {
  const fate = fateOf(ranges);
  if (fate === 'runs') return ranges.pid !== process.pid || underWay.has(name);
  if (fate === 'gone') return false;
  const written = ['ranges', 'part'].map((ending) => {
    return statSync(`${name}.${ending}`, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  });
  return Date.now() - Math.max(...written) < patience;
}

/** `undefined` where another process was faster. */
function createRanges(name: string, text: string): number | undefined {
  try {
    const descriptor = openSync(`${name}.ranges`, 'ax');
    writeSync(descriptor, text);
    return descriptor;
  } catch (error) {
    if (isSystemError(error, 'EEXIST')) return undefined;
    throw error;
  }
}

interface Ranges extends Version, Owner {
  readonly have: readonly number[];
}

function readRanges(path: string): Ranges | undefined {
  try {
    const [header = '', ...lines] = readFileSync(path, 'utf8').split('\n');
    // The last line is empty, or was being written when the process died.
    const have = lines.slice(0, -1).map(Number);
    return { ...(JSON.parse(header) as Omit<Ranges, 'have'>), have };
  } catch {
    return undefined;
  }
}
