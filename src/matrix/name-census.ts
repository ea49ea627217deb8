import type { PreparedAxis } from './axes.ts';
import { hashedName, headOf, type NamedPair, stemOf, trialHash } from './name.ts';

/**
 * Which readable names more than one trial would have. It is taken over everything the file can express,
 * whatever `run` selects, so that a trial is called the same in every run.
 */
export interface Census {
  /** The name of the trial at these points, distinct from every other trial's of the file. */
  name(pair: NamedPair, points: ArrayLike<number>): string;
}

/**
 * Counts the names of all trials of `pairs`. Readable names that occur once stay; the others, and those that
 * lost something, get five digits of the trial's hash; where even these meet, three groups of five.
 */
export function countNames(pairs: Iterable<NamedPair>): Census {
  const all = [...pairs];
  if (all.every(isPlain) && all.every((pair) => longest(pair) <= pair.maxLength)) return { name: plainName };

  const readable = new Map<string, number>();
  const heads = new Map<string, number>();
  for (const pair of all) {
    eachPoint(pair, (points) => {
      const { text, exact } = stemOf(pair, points);
      if (exact) count(readable, text);
      else count(heads, headOf(text, pair.maxLength));
    });
  }
  const lengths = new Set(all.map(({ maxLength }) => maxLength));
  const shared = new Set<string>();
  const hashLike = new Set<string>();
  for (const [text, times] of readable) {
    if (times > 1) {
      shared.add(text);
      // Too many heads only cost time: which of the pairs had this text is not known here.
      for (const length of lengths) count(heads, headOf(text, length), times);
    } else if (/-[0-9a-f]{5}$/.test(text)) hashLike.add(text);
  }
  const crowded = findCrowded(all, shared, heads, hashLike);
  return {
    name(pair, points) {
      const { text, exact } = stemOf(pair, points);
      if (exact && !shared.has(text)) return text;
      const hex = trialHash(pair, points);
      const name = hashedName(text, hex, pair.maxLength);
      return crowded.has(name) ? hashedName(text, hex, pair.maxLength, 3) : name;
    },
  };
}

/**
 * The rule for a file with more trials than can be counted here (a large matrix of which `run` selects a
 * part): it looks at one trial alone and so adds digits where counting might have shown them to be needless.
 * Fifteen digits are 60 bits: among 100,000 trials the odds of two alike are below one in 10⁸.
 */
export function withoutCounting(): Census {
  return {
    name(pair, points) {
      const { text, exact } = stemOf(pair, points);
      if (exact && isPlainPoint(pair, points)) return text;
      return hashedName(text, trialHash(pair, points), pair.maxLength, 3);
    },
  };
}

function plainName(pair: NamedPair, points: ArrayLike<number>): string {
  return stemOf(pair, points).text;
}

function count(into: Map<string, number>, key: string, times = 1): void {
  into.set(key, (into.get(key) ?? 0) + times);
}

/** Five-digit names that are taken by a readable name or by more than one trial. */
function findCrowded(
  pairs: readonly NamedPair[],
  shared: ReadonlySet<string>,
  heads: ReadonlyMap<string, number>,
  hashLike: ReadonlySet<string>,
): ReadonlySet<string> {
  const crowded = new Set<string>();
  if (hashLike.size === 0 && isEach(1, heads.values())) return crowded;
  const seen = new Set<string>(hashLike);
  const suspectHeads = new Set([...hashLike].map((text) => text.slice(0, -6)));
  for (const pair of pairs) {
    eachPoint(pair, (points) => {
      const { text, exact } = stemOf(pair, points);
      if (exact && !shared.has(text)) return;
      const head = headOf(text, pair.maxLength);
      if ((heads.get(head) ?? 0) < 2 && !suspectHeads.has(head)) return;
      const name = hashedName(text, trialHash(pair, points), pair.maxLength);
      if (seen.has(name)) crowded.add(name);
      seen.add(name);
    });
  }
  return crowded;
}

function isEach(number: number, all: Iterable<number>): boolean {
  for (const each of all) if (each !== number) return false;
  return true;
}

/**
 * Whether no two points of such pairs can read alike: no word holds a dash, so the dashes of the name say
 * where each word ends.
 */
function isPlain(pair: NamedPair): boolean {
  return isPlainBase(pair) && pair.axes.every((axis) => axis.distinct && axis.plain.every(Boolean));
}

function isPlainPoint(pair: NamedPair, points: ArrayLike<number>): boolean {
  return (
    isPlainBase(pair) &&
    pair.axes.every((axis, i) => axis.distinct && axis.plain[points[i] as number] === true)
  );
}

function isPlainBase(pair: NamedPair): boolean {
  if (!pair.usualPrefix || pair.model.name.includes('-') || pair.dataset.name.includes('-')) return false;
  return pair.base([]).exact;
}

function longest(pair: NamedPair): number {
  return pair.axes.reduce((sum, axis) => sum + axis.longest, pair.base([]).text.length);
}

/** Calls back for each point of the pair, with one array that is reused. */
function eachPoint(pair: NamedPair, visit: (points: readonly number[]) => void): void {
  const points = pair.axes.map(() => 0);
  for (;;) {
    visit(points);
    let i = points.length - 1;
    for (; i >= 0; i--) {
      const next = (points[i] as number) + 1;
      if (next < (pair.axes[i] as PreparedAxis).points.length) {
        points[i] = next;
        break;
      }
      points[i] = 0;
    }
    if (i < 0) return;
  }
}
