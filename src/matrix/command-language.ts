import type { Side } from './job-spec.ts';

/** A text and where each part of it was written: `map` pairs are [offset here, offset in the written text]. */
export interface SidedText {
  readonly text: string;
  readonly map: readonly (readonly [here: number, written: number])[];
}

/**
 * The text one side runs: `## … ##` comments removed, `[local](remote)` reduced to that side, `\[` to `[`.
 * Everything else, line breaks included, stays as it is. Never fails: brackets that do not make a whole
 * `[…](…)` are ordinary text. Linear in the length of the text.
 */
export function chooseSide(written: string, side: Side): SidedText {
  if (!/[[#\\]/.test(written)) return { text: written, map: [[0, 0]] };
  const comments = findComments(written);
  const matches = matchBrackets(written, comments);
  const map: [number, number][] = [];
  let text = '';
  const keep = (from: number, to: number) => {
    if (from >= to) return;
    map.push([text.length, from]);
    text += written.slice(from, to);
  };
  /** Ends of the sides being read, innermost last, and where reading goes on after each. */
  const stack: { end: number; resume: number }[] = [];
  let start = 0;
  let at = 0;
  for (;;) {
    const inner = stack.at(-1);
    if (inner !== undefined && at === inner.end) {
      keep(start, at);
      start = at = inner.resume;
      stack.pop();
      continue;
    }
    if (at >= written.length) break;
    const char = written[at];
    const commentEnd = char === '#' ? comments.get(at) : undefined;
    if (commentEnd !== undefined) {
      keep(start, at);
      start = at = commentEnd;
    } else if (char === '\\' && isEscapedBracket(written[at + 1], side === 'local' && stack.length > 0)) {
      keep(start, at);
      start = at + 1;
      at += 2;
    } else if (char === '[') {
      const close = matches.get(at);
      const end = close !== undefined && written[close + 1] === '(' ? matches.get(close + 1) : undefined;
      if (close !== undefined && end !== undefined && isInside(end, inner)) {
        keep(start, at);
        const resume = end + 1;
        stack.push(side === 'local' ? { end: close, resume } : { end, resume });
        start = at = side === 'local' ? at + 1 : close + 2;
      } else at++;
    } else at++;
  }
  keep(start, written.length);
  return { text, map: map.length === 0 ? [[0, 0]] : map };
}

/** Where a `[local](` stands whose `)` never comes, so that it is ordinary text: all but surely a slip. */
export function findUnclosedSides(written: string): readonly number[] {
  if (!written.includes('](')) return [];
  const matches = matchBrackets(written, findComments(written));
  return [...matches.values()].filter((close) => written.startsWith('](', close) && !matches.has(close + 1));
}

/** `\[` anywhere; `\]` only where a bare one would end the text in brackets. */
function isEscapedBracket(next: string | undefined, inBrackets: boolean): boolean {
  return next === '[' || (inBrackets && next === ']');
}

/** Brackets that reach out of the side being read belong to something else. */
function isInside(end: number, inner: { readonly end: number } | undefined): boolean {
  return inner === undefined || end < inner.end;
}

/** The offset in the written text of an offset in the text of a side. */
export function writtenOffset(sided: SidedText, offset: number): number {
  let [here, written] = sided.map[0] ?? [0, 0];
  for (const [from, to] of sided.map) {
    if (from > offset) break;
    here = from;
    written = to;
  }
  return written + offset - here;
}

/**
 * Start of each comment → offset after it. A marker is two or more `#`; one inside a bash expansion such as
 * `${path##…}`, or after a backslash, is not a marker, and one without a partner is ordinary text.
 */
function findComments(written: string): ReadonlyMap<number, number> {
  const comments = new Map<number, number>();
  let open: { readonly at: number; readonly length: number } | undefined;
  for (const { 0: run, index } of written.matchAll(/##+/g)) {
    if (written[index - 1] === '\\' || isExpansion(written, index)) continue;
    if (open === undefined) {
      open = { at: index, length: run.length };
      continue;
    }
    // `## one #### two ##`: what is longer by a marker ends one comment and begins the next.
    const isTwo = run.length >= open.length + 2;
    const end = index + (isTwo ? open.length : run.length);
    comments.set(open.at, end);
    open = isTwo ? { at: end, length: index + run.length - end } : undefined;
  }
  return comments;
}

/** Whether the text before `at` is the beginning of a bash parameter expansion such as `${name`. */
function isExpansion(written: string, at: number): boolean {
  let from = at;
  while (from > 0 && /[A-Za-z0-9_@*[\]]/.test(written[from - 1] as string)) from--;
  return written.slice(from - 2, from) === '${';
}

/** Offset of each bracket of `[]` and of `()` → offset of its partner, comments and escaped ones left out. */
function matchBrackets(written: string, comments: ReadonlyMap<number, number>): ReadonlyMap<number, number> {
  const matches = new Map<number, number>();
  const square: number[] = [];
  const round: number[] = [];
  for (let at = 0; at < written.length; at++) {
    const char = written[at];
    if (char === '#') at = (comments.get(at) ?? at + 1) - 1;
    else if (char === '\\') {
      if (/[[\]()]/.test(written[at + 1] ?? '')) at++;
    } else if (char === '[') square.push(at);
    else if (char === '(') round.push(at);
    else if (char === ']' || char === ')') {
      const open = (char === ']' ? square : round).pop();
      if (open !== undefined) matches.set(open, at);
    }
  }
  return matches;
}
