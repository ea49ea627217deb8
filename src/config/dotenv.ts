import { type Diagnostic, errorDiagnostic, warningDiagnostic } from '../diagnostics/diagnostic.ts';
import type { SourceFile } from '../diagnostics/source-file.ts';

/** The variables of `.env` in file order, and where each was written. Values are secrets: never print one. */
export interface DotEnv {
  readonly variables: ReadonlyMap<string, string>;
  /** `undefined` where there is no such file. */
  readonly file: SourceFile | undefined;
}

/** What could be read, and what is wrong with the rest; no diagnostic holds any part of a value. */
export interface ParsedDotEnv {
  readonly dotenv: DotEnv;
  readonly diagnostics: readonly Diagnostic[];
}

/** `export `, a name, `=`, with blanks around each. */
const opening = /[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*/y;
const skipped = /[ \t]*(?:#[^\n]*)?\r?(?:\n|$)/y;
const lineEnd = /[^\n]*(?:\n|$)/y;

/** The grammar is in docs/env.md. Reads the whole file whatever is wrong with a line. */
export function parseDotEnv(file: SourceFile | undefined): ParsedDotEnv {
  const variables = new Map<string, string>();
  const diagnostics: Diagnostic[] = [];
  const { text = '' } = file ?? {};
  if (file === undefined) return { dotenv: { variables, file }, diagnostics };

  const report = (offset: number, message: string, hint: string) =>
    diagnostics.push(
      errorDiagnostic('CONFIG_ENV_LINE', message, { location: { file, offset, length: 0 }, hint }),
    );

  let at = 0;
  while (at < text.length) {
    const next = after(skipped, text, at);
    if (next !== undefined) {
      at = next;
      continue;
    }
    opening.lastIndex = at;
    const match = opening.exec(text);
    if (match === null) {
      report(at, 'this line is not KEY=VALUE', 'a name has letters, digits and _; a comment starts with #');
      at = after(lineEnd, text, at) ?? text.length;
      continue;
    }
    const [whole, name = ''] = match;
    const value = readValue(text, at + whole.length);
    if ('problem' in value) {
      report(at + whole.length, `${name}: ${value.problem}`, value.hint);
      at = after(lineEnd, text, at) ?? text.length;
      continue;
    }
    if (value.text.includes('\0')) report(at, `${name} holds a NUL character`, 'no program could read it');
    if (variables.has(name)) {
      const location = { file, offset: at, length: 0 };
      diagnostics.push(
        warningDiagnostic('CONFIG_ENV_REPEATED', `${name} is set twice`, {
          location,
          hint: 'the last one counts',
        }),
      );
    }
    variables.set(name, value.text);
    at = value.end;
  }
  return { dotenv: { variables, file }, diagnostics };
}

type Value =
  | { readonly text: string; readonly end: number }
  | { readonly problem: string; readonly hint: string };

function readValue(text: string, start: number): Value {
  const quote = text[start];
  if (quote === '"' || quote === "'") return readQuoted(text, start, quote);
  const end = after(lineEnd, text, start) ?? text.length;
  const line = text.slice(start, end).replace(/\r?\n$/, '');
  // "#" opens a comment at the start or after a blank; within a word it is a letter like any other.
  return { text: line.replace(/(^|[ \t])#.*$/s, '').trim(), end };
}

function readQuoted(text: string, start: number, quote: string): Value {
  let close = start + 1;
  while (close < text.length && text[close] !== quote) close += quote === '"' && text[close] === '\\' ? 2 : 1;
  if (close >= text.length) {
    return unclosed(quote);
  }
  const end = after(skipped, text, close + 1);
  // What closes it lines further down, and goes on, was to open another value.
  if (end === undefined && text.slice(start, close).includes('\n')) return unclosed(quote);
  if (end === undefined) {
    const hint =
      quote === '"'
        ? 'write \\" for a quote inside the quotes'
        : "write the value in double quotes to hold a '";
    return { problem: `something follows the closing ${quote}`, hint };
  }
  const inside = text.slice(start + 1, close).replaceAll('\r\n', '\n');
  return { text: quote === '"' ? withoutEscapes(inside) : inside, end };
}

function unclosed(quote: string): Value {
  return { problem: `the ${quote} is never closed`, hint: `add ${quote} at the end of the value` };
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\', $: '$' };

/** Other backslashes stay as they are: `C:\data` needs no care. */
function withoutEscapes(text: string): string {
  return text.replaceAll(/\\([nrt"\\$])/g, (_, letter: string) => escapes[letter] ?? letter);
}

/** Where a sticky pattern ends, or `undefined` where it does not match. */
function after(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}
