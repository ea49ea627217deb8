import { sha256 } from '../sha256.ts';
import type { Pair, PreparedAxis } from './axes.ts';
import { legalText } from './legal-name.ts';

/** What a point of a pair is called by everything but its hash. */
export interface Stem {
  readonly text: string;
  /** Whether nothing was lost on the way: as it stands the text is a legal name that says what the trial is. */
  readonly exact: boolean;
}

/** A pair with the part of its trials' names that stands before the hyperparameters. */
export interface NamedPair extends Pair {
  /** The base of a point; the same object for all points unless the prefix depends on a hyperparameter. */
  readonly base: (points: ArrayLike<number>) => Stem;
  /** False where the prefix is not the project's: such a name is not comparable word by word. */
  readonly usualPrefix: boolean;
  /** Characters that its trials' names may have. */
  readonly maxLength: number;
  readonly identity: string;
  /** The axes by key, so that the trial's hash does not depend on their order in the file. */
  readonly sorted: readonly number[];
}

export function namePair(
  pair: Pair,
  project: string,
  prefix: string | ((points: ArrayLike<number>) => string),
  usualPrefix: string,
  maxLength: number,
): NamedPair {
  const joined = (each: string) => joinBase([each, project, pair.model.name, pair.dataset.name]);
  const fixed = typeof prefix === 'string' ? joined(prefix) : undefined;
  const base = (points: ArrayLike<number>) =>
    fixed ?? joined(typeof prefix === 'string' ? prefix : prefix(points));
  const byKey = pair.axes.map((axis, index) => ({ key: axis.key, index }));
  byKey.sort((a, b) => (a.key < b.key ? -1 : 1));
  return {
    ...pair,
    base,
    usualPrefix: prefix === usualPrefix,
    maxLength,
    identity: JSON.stringify([project, pair.model.name, pair.dataset.name]),
    sorted: byKey.map((each) => each.index),
  };
}

function joinBase(words: readonly string[]): Stem {
  const present = words.filter((word) => word !== '');
  const legal = present.map(legalText).filter((word) => word !== '');
  const text = legal.join('-');
  const trimmed = text.replace(/^-+/, '');
  const exact =
    trimmed === text && legal.length === present.length && legal.every((w, i) => w === present[i]);
  return { text: trimmed, exact };
}

/** The readable name of one point: `points` holds, for each axis of the pair, the index of its value. */
export function stemOf(pair: NamedPair, points: ArrayLike<number>): Stem {
  const { axes } = pair;
  const base = pair.base(points);
  let text = base.text;
  let exact = base.exact;
  for (let i = 0; i < axes.length; i++) {
    const point = points[i] as number;
    const axis = axes[i] as PreparedAxis;
    text += axis.segments[point] as string;
    exact &&= axis.exact[point] as boolean;
  }
  return { text, exact: exact && isLegalEnd(text, pair.maxLength) };
}

function isLegalEnd(text: string, maxLength: number): boolean {
  return text.length <= maxLength && text !== '' && !text.endsWith('-');
}

/**
 * An encoding of what the trial is: project, model, dataset and all hyperparameters, hidden ones included,
 * by key. Two trials have the same only if they are the same.
 */
export function identityOf(pair: NamedPair, points: ArrayLike<number>): string {
  let text = pair.identity;
  for (const i of pair.sorted)
    text += (pair.axes[i] as PreparedAxis).identities[points[i] as number] as string;
  return text;
}

export function trialHash(pair: NamedPair, points: ArrayLike<number>): string {
  return sha256(identityOf(pair, points));
}

const digits = 5;

/** The part of a stem that is kept before `groups` groups of hash digits. */
export function headOf(stem: string, maxLength: number, groups = 1): string {
  let end = Math.min(stem.length, maxLength - groups * (digits + 1));
  while (end > 0 && stem[end - 1] === '-') end--;
  return end === 0 ? 'trial' : stem.slice(0, end);
}

/** `head-12345`; with three groups, `head-12345-67890-abcde`, for crowds in which five digits would repeat. */
export function hashedName(stem: string, hex: string, maxLength: number, groups: 1 | 3 = 1): string {
  let name = headOf(stem, maxLength, groups);
  for (let i = 0; i < groups; i++) name += `-${hex.slice(i * digits, (i + 1) * digits)}`;
  return name;
}
