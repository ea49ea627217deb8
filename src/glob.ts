/**
 * Patterns over keys: `*` matches any text, `/` too; `?` one character; `[abc]`, `[a-z]`, `[!a]` or `[^a]` one of a
 * set; `\` takes the next character as it is. A `[` that is never closed is an ordinary character.
 *
 * The match walks the text once and keeps, as bits, how many tokens of the pattern may be matched so far, so no
 * pattern makes it slow: time is text length × ⌈tokens / 32⌉.
 */
export interface Glob {
  readonly text: string;
  /** What every match begins with, for the listing. */
  readonly prefix: string;
  matches(key: string): boolean;
}

export function isGlob(text: string): boolean {
  return /[*?[\\]/.test(text);
}

export function parseGlob(text: string): Glob {
  const { tokens, loops } = tokenize(text);
  const words = (tokens.length >> 5) + 1;
  const loopBits = new Uint32Array(words);
  for (const position of loops) setBit(loopBits, position);
  const masks = new Map<string, Uint32Array>();

  const maskOf = (character: string): Uint32Array => {
    let mask = masks.get(character);
    if (mask === undefined) {
      mask = new Uint32Array(words);
      for (const [position, token] of tokens.entries()) if (token.accepts(character)) setBit(mask, position);
      masks.set(character, mask);
    }
    return mask;
  };

  return {
    text,
    prefix: literalPrefix(tokens, loops),
    matches(key) {
      const state = new Uint32Array(words);
      state[0] = 1;
      for (const character of key) {
        const mask = maskOf(character);
        let carry = 0;
        for (let word = 0; word < words; word++) {
          const before = state[word] ?? 0;
          const stepped = before & (mask[word] ?? 0);
          state[word] = (stepped << 1) | carry | (before & (loopBits[word] ?? 0));
          carry = stepped >>> 31;
        }
      }
      return ((state[tokens.length >> 5] ?? 0) & (1 << (tokens.length & 31))) !== 0;
    },
  };
}

interface Token {
  readonly literal: string | undefined;
  accepts(character: string): boolean;
}

/** Tokens without the stars, and the positions before which a star stands. */
function tokenize(text: string): { tokens: Token[]; loops: Set<number> } {
  const characters = [...text];
  const tokens: Token[] = [];
  const loops = new Set<number>();
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? '';
    const set = character === '[' ? parseSet(characters, at) : undefined;
    if (character === '*') loops.add(tokens.length);
    else if (character === '?') tokens.push({ literal: undefined, accepts: () => true });
    else if (set !== undefined) {
      tokens.push(set.token);
      at = set.end;
    } else if (character === '\\' && at + 1 < characters.length) {
      at++;
      tokens.push(literal(characters[at] ?? ''));
    } else tokens.push(literal(character));
  }
  return { tokens, loops };
}

function literal(character: string): Token {
  return { literal: character, accepts: (other) => other === character };
}

/** `]` right after the opening is a member, as in the shell. */
function parseSet(characters: readonly string[], start: number): { token: Token; end: number } | undefined {
  let at = start + 1;
  const negated = characters[at] === '!' || characters[at] === '^';
  if (negated) at++;
  const singles = new Set<string>();
  const ranges: [number, number][] = [];
  for (let first = true; at < characters.length; first = false) {
    const from = characters[at] ?? '';
    if (from === ']' && !first) {
      const accepts = (character: string) => {
        const code = character.codePointAt(0) ?? 0;
        const member = singles.has(character) || ranges.some(([low, high]) => low <= code && code <= high);
        return member !== negated;
      };
      return { token: { literal: undefined, accepts }, end: at };
    }
    const to = characters[at + 2];
    if (characters[at + 1] === '-' && to !== undefined && to !== ']') {
      ranges.push([from.codePointAt(0) ?? 0, to.codePointAt(0) ?? 0]);
      at += 3;
    } else {
      singles.add(from);
      at++;
    }
  }
  return undefined;
}

function literalPrefix(tokens: readonly Token[], loops: ReadonlySet<number>): string {
  let prefix = '';
  for (const [position, token] of tokens.entries()) {
    if (loops.has(position) || token.literal === undefined) break;
    prefix += token.literal;
  }
  return prefix;
}

function setBit(bits: Uint32Array, position: number): void {
  bits[position >> 5] = (bits[position >> 5] ?? 0) | (1 << (position & 31));
}
