import { type Checked, type Diagnostic, errorDiagnostic } from '../diagnostics/diagnostic.ts';
import { nearestName } from '../diagnostics/nearest-name.ts';
import { quoted } from '../diagnostics/quoted.ts';
import { SourceFile } from '../diagnostics/source-file.ts';
import type { Observation } from '../executors/executor.ts';
import { type Glob, parseGlob } from '../glob.ts';
import type { PreparedAxis } from './axes.ts';
import { hasFailed } from './decide.ts';
import type { ExpandedMatrix } from './expanded-matrix.ts';
import type { Trial } from './trial.ts';

/** Which trials a command is about. */
export type TrialFilter = (trial: Trial) => boolean;

interface Condition {
  readonly key: string;
  readonly negated: boolean;
  /** Any of them. */
  readonly globs: readonly Glob[];
  /** What is written behind the operator. */
  readonly written: string;
  readonly start: number;
  readonly end: number;
}

/**
 * Reads `where='lr=0.01 model=vit'`: conditions with spaces between, all of which must hold. A condition is
 * `KEY=VALUE` or `KEY!=VALUE`; KEY is `model`, `dataset`, `name` or a hyperparameter, VALUE a text in which
 * `*` stands for any text and `?` for one character, or several such with commas between, one of which must
 * match. Quotes, single or double, make spaces, commas and wildcards ordinary. A trial without the
 * hyperparameter does not match `=` and does match `!=`. A condition that no trial meets, together with those before
 * it, is an error.
 */
export function parseWhere(written: string, matrix: ExpandedMatrix): Checked<TrialFilter> {
  const file = new SourceFile('where', written);
  const conditions: Condition[] = [];
  for (let at = skipSpaces(written, 0); at < written.length; at = skipSpaces(written, at)) {
    const condition = readCondition(written, at);
    if (typeof condition === 'string') {
      const location = { file, offset: at, length: Math.max(1, written.length - at) };
      const hint = "write it like: where='lr=0.01 model=vit'";
      return {
        ok: false,
        diagnostics: [errorDiagnostic('MATRIX_WHERE_SYNTAX', condition, { location, hint })],
      };
    }
    conditions.push(condition);
    at = condition.end;
  }
  const known = new Set(['model', 'dataset', 'name']);
  for (const { pair } of matrix.boxes)
    for (const axis of pair.axes) for (const key of axis.keys) known.add(key);
  const unknown = conditions.filter(({ key }) => !known.has(key));
  if (unknown.length > 0) {
    const diagnostics = unknown.map(({ key, start }) => {
      const near = nearestName(key, known);
      return errorDiagnostic('MATRIX_WHERE_UNKNOWN', `no trial has a hyperparameter ${quoted(key)}`, {
        location: { file, offset: start, length: key.length },
        hint:
          near === undefined
            ? `there are ${[...known].slice(0, 12).join(', ')}${known.size > 12 ? ', …' : ''}`
            : `did you mean ${quoted(near)}?`,
      });
    });
    return { ok: false, diagnostics };
  }
  const unmet = conditions.flatMap((condition) => explainUnmet(condition, matrix, file) ?? []);
  if (unmet.length > 0) return { ok: false, diagnostics: unmet };
  const nothing = explainNothing(conditions, matrix, file);
  if (nothing !== undefined) return { ok: false, diagnostics: [nothing] };
  return { ok: true, value: filterBy(conditions), diagnostics: [] };
}

function filterBy(conditions: readonly Condition[]): TrialFilter {
  return (trial) => conditions.every((each) => holds(each, trial));
}

/** What is wrong with a condition that no value in the whole matrix meets: a slip of the pen, most likely. */
function explainUnmet(
  condition: Condition,
  matrix: ExpandedMatrix,
  file: SourceFile,
): Diagnostic | undefined {
  const { key, negated, globs, written, end } = condition;
  if (negated || key === 'name') return undefined;
  const values = valuesOf(key, matrix);
  for (const value of values) if (globs.some((glob) => glob.matches(value))) return undefined;
  const near = nearestName(written, values);
  const some = [...values]
    .slice(0, 12)
    .map((value) => quoted(value))
    .join(', ');
  return errorDiagnostic('MATRIX_WHERE_UNKNOWN', `no trial has the ${key} ${quoted(written)}`, {
    location: { file, offset: end - written.length, length: Math.max(1, written.length) },
    hint:
      near === undefined
        ? `there are ${some}${values.size > 12 ? ', …' : ''}`
        : `did you mean ${quoted(near)}?`,
  });
}

/** Names and values that a hint is looked for in. */
const mostKnown = 2000;

/** Which condition leaves no trial, of conditions that trials meet one by one: the first that those before it exclude. */
function explainNothing(
  conditions: readonly Condition[],
  matrix: ExpandedMatrix,
  file: SourceFile,
): Diagnostic | undefined {
  const fitsNone = (some: readonly Condition[]): boolean => {
    const keeps = filterBy(some);
    for (const trial of matrix) if (keeps(trial)) return false;
    return true;
  };
  // Usually the first trials are enough to know.
  if (!fitsNone(conditions)) return undefined;
  const at = conditions.findIndex((_, index) => fitsNone(conditions.slice(0, index + 1)));
  const condition = conditions[at];
  if (condition === undefined) return undefined;
  const { key, negated, written, start, end } = condition;
  const before = conditions.slice(0, at);
  const keeps = filterBy(before);
  const there = new Set<string>();
  for (const trial of matrix) {
    const text = keeps(trial) ? textOf(key, trial) : undefined;
    if (text !== undefined) there.add(text);
    if (there.size > mostKnown) break;
  }
  const near = negated ? undefined : nearestName(written, there);
  const among = before.map((each) => file.text.slice(each.start, each.end)).join(' ');
  return errorDiagnostic(
    'MATRIX_WHERE_UNKNOWN',
    `no trial${among === '' ? '' : ` with ${among}`} has ${file.text.slice(start, end)}`,
    {
      location: { file, offset: start, length: end - start },
      hint:
        near !== undefined
          ? `did you mean ${quoted(near)}?`
          : there.size === 0
            ? `they have no ${key}`
            : `there ${there.size === 1 ? 'is' : 'are'} ${[...there]
                .slice(0, 3)
                .map((each) => quoted(each))
                .join(', ')}${there.size > 3 ? ', …' : ''}`,
    },
  );
}

/** All values of a key, each once. */
function valuesOf(key: string, matrix: ExpandedMatrix): ReadonlySet<string> {
  const values = new Set<string>();
  const axes = new Set<PreparedAxis>();
  for (const { pair } of matrix.boxes) {
    if (key === 'model' || key === 'dataset') values.add(pair[key].name);
    for (const axis of pair.axes) if (axis.keys.includes(key)) axes.add(axis);
  }
  for (const axis of axes) for (const text of axis.texts(key)) values.add(text);
  return values;
}

function holds({ key, negated, globs }: Condition, trial: Trial): boolean {
  const text = textOf(key, trial);
  return (text !== undefined && globs.some((glob) => glob.matches(text))) !== negated;
}

/** As for placeholders, a hyperparameter goes before a built-in name. */
function textOf(key: string, trial: Trial): string | undefined {
  const hyperparameter = trial.hparam.find((each) => each.key === key);
  if (hyperparameter !== undefined) return hyperparameter.text;
  return key === 'model' || key === 'dataset' || key === 'name' ? trial[key] : undefined;
}

function skipSpaces(text: string, from: number): number {
  let at = from;
  while (at < text.length && /\s/.test(text[at] as string)) at++;
  return at;
}

/** The condition at an offset, or what is wrong with it. */
function readCondition(text: string, start: number): Condition | string {
  const head = /^([^\s=!'"]+)(!?=)/.exec(text.slice(start));
  const [, key = '', operator] = head ?? [];
  if (head === null) {
    const rest = text.slice(start);
    const slip = /^[^\s=!<>'"]+\s+!?=/.test(rest)
      ? ', with no space around the sign'
      : /^[^\s=!<>'"]+\s*[<>]/.test(rest)
        ? ' or KEY!=VALUE; numbers are not compared'
        : '';
    return `${quoted(rest)} does not begin with a condition KEY=VALUE${slip}`;
  }
  const globs: Glob[] = [];
  // Sets in brackets, as in paths, are no part of this: only `*` and `?` that are not quoted stand for something else.
  let pattern = '';
  let quote: string | undefined;
  let at = start + head[0].length;
  for (const char of text.slice(at)) {
    if (quote === undefined && /\s/.test(char)) break;
    at += char.length;
    if (char === quote) quote = undefined;
    else if (quote === undefined && (char === "'" || char === '"')) quote = char;
    else if (quote === undefined && char === ',') {
      globs.push(parseGlob(pattern));
      pattern = '';
    } else pattern += quote !== undefined || char === '[' || char === '\\' ? `\\${char}` : char;
  }
  if (quote !== undefined) return `the quote in ${quoted(text.slice(start))} is not closed`;
  globs.push(parseGlob(pattern));
  const written = text.slice(start + head[0].length, at);
  return { key: key.replace(/^_/, ''), negated: operator === '!=', globs, written, start, end: at };
}

/** What `only=` takes: `failed` means ended without success; `changed`, with another fingerprint. */
export const onlyChoices = ['missing', 'failed', 'changed', 'succeeded', 'running', 'pending'] as const;

export type Only = (typeof onlyChoices)[number];

/** Whether `only=` keeps a trial that is in this state. */
export function keepsState(only: Only, state: Observation['state'], changed: readonly string[]): boolean {
  switch (only) {
    case 'changed':
      return changed.length > 0;
    case 'failed':
      return hasFailed(state);
    case 'pending':
      return state === 'pending' || state === 'suspended';
    default:
      return state === only;
  }
}
