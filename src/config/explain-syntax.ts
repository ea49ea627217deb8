import { Lexer, type YAMLError } from 'yaml';
import { type Diagnostic, errorDiagnostic } from '../diagnostics/diagnostic.ts';
import { quoted } from '../diagnostics/quoted.ts';
import type { SourceFile } from '../diagnostics/source-file.ts';

/** Letters of a line: patterns take a time that grows with its square, and people see a mistake in less. */
const looksAt = 500;

/** An error of the yaml library in words: what was mistyped, at its own place, and what to type. */
export function explainSyntax(file: SourceFile, error: YAMLError): Diagnostic {
  const [start, end] = error.pos;
  const offset = skipBlanks(file.text, Math.min(start, file.text.length));
  const length = Math.max(1, Math.min(end, lineEnd(file.text, offset)) - offset);
  if (error.code === 'TAG_RESOLVE_FAILED') {
    return errorDiagnostic('CONFIG_TAG', 'YAML tags are not used here', {
      location: { file, offset, length },
      hint: 'remove the tag, or put quotes around a text that starts with "!"',
    });
  }
  const line = file.line(file.position(offset).line).slice(0, looksAt);
  const rest = file.text.slice(offset, lineEnd(file.text, offset)).slice(0, looksAt);
  const mistake = { file, error, offset, line, rest };
  let slip: Slip | undefined;
  for (const explain of slips) slip ??= explain(mistake);
  return errorDiagnostic('CONFIG_SYNTAX', slip?.message ?? lowerFirst(error.message), {
    location: { file, offset: slip?.offset ?? offset, length: slip?.length ?? length },
    hint: slip?.hint,
    ...(slip?.related && { related: slip.related }),
  });
}

interface Mistake {
  readonly file: SourceFile;
  readonly error: YAMLError;
  /** Where the library has noticed it, which may be lines below the slip. */
  readonly offset: number;
  /** The line of that place, and what of it comes from there on; long ones are cut. */
  readonly line: string;
  readonly rest: string;
}

type Slip = Pick<Diagnostic, 'message' | 'related'> & {
  readonly hint: string;
  /** Where it is, if not where it was noticed. */
  readonly offset?: number;
  readonly length?: number;
};

/** What people mistype, each told by the error and the text around it; the first that fits counts. */
const slips: readonly ((mistake: Mistake) => Slip | undefined)[] = [
  openQuote,
  commandInBrackets,
  openBracket,
  textNotIndented,
  noSpaceAfterColon,
  noColon,
  listBelowValue,
  tooDeep,
  secondColon,
  noComma,
  textAfterQuotes,
  textBesideBlock,
  closesNothing,
  reservedStart,
  unknownEscape,
  tab,
  otherColumn,
];

function openQuote({ file, error, offset }: Mistake): Slip | undefined {
  const quote = /closing (["'])quote/.exec(error.message)?.[1];
  if (quote === undefined) return undefined;
  let opening = offset;
  for (const [lexeme, start] of lexemes(file)) {
    opening = start;
    if (/^["']/.test(lexeme) && start + lexeme.length >= Math.min(error.pos[0], file.text.length)) break;
  }
  return {
    message: `this ${quote} is never closed`,
    hint: `add ${quote} at the end of the text, or put other quotes around it`,
    offset: opening,
    length: 1,
  };
}

/** Where the command language meets YAML. */
function commandInBrackets({ line, error }: Mistake): Slip | undefined {
  const isTest = error.code === 'UNEXPECTED_TOKEN' && /command:\s+\[[^\]]*\]\s*[^\s\]}]/.test(line);
  if (!isTest && !/:\s+\[[^\]]*\]\(/.test(line)) return undefined;
  const hint = 'start the command on its own line below "command: >-"';
  return { message: 'YAML reads "[" as the start of a list', hint };
}

function openBracket({ file, error, offset, rest }: Mistake): Slip | undefined {
  if (error.code !== 'BAD_INDENT' || !/^Flow /.test(error.message)) return undefined;
  const open: [bracket: string, at: number][] = [];
  for (const [lexeme, start] of lexemes(file)) {
    if (start >= error.pos[0]) break;
    if (lexeme === '{' || lexeme === '[') open.push([lexeme, start]);
    else if (lexeme === '}' || lexeme === ']') open.pop();
  }
  const [bracket, at] = open.at(-1) ?? [];
  if (bracket === undefined || at === undefined) return undefined;
  const closing = bracket === '{' ? '}' : ']';
  const other = /^[\]}]/.exec(rest)?.[0];
  return {
    message: `this "${bracket}" is never closed`,
    hint: `add "${closing}" ${other === undefined ? 'after the last value' : `before the "${other}"`}`,
    offset: at,
    length: 1,
    ...(other !== undefined && {
      related: [{ message: `"${other}" cannot close it`, location: { file, offset, length: 1 } }],
    }),
  };
}

/** `command: >-`, and its text in the same column as the key. */
function textNotIndented({ file, error, offset, rest }: Mistake): Slip | undefined {
  if (!isKeyWithoutValue(error)) return undefined;
  const above = file.text.slice(0, offset).trimEnd().split('\n').at(-1) ?? '';
  const [, key, style] = /(\S+)\s*:\s+([>|][-+\d]*)(?:\s+#.*)?$/.exec(above) ?? [];
  if (key === undefined) return undefined;
  return {
    message: `the text of "${key}: ${style}" is not indented`,
    hint: `begin its lines with more spaces than the line of ${quoted(key)}`,
    length: rest.trimEnd().length,
  };
}

function noSpaceAfterColon({ error, rest }: Mistake): Slip | undefined {
  const [, key, value] = /^([\w.-]+):([^\s:].*)$/.exec(rest) ?? [];
  if (!isKeyWithoutValue(error) || key === undefined || value === undefined) return undefined;
  const hint = `write ${quoted(`${key}: ${value.trimEnd()}`)}`;
  return { message: 'no space after the ":"', hint, length: rest.trimEnd().length };
}

function noColon({ error, rest }: Mistake): Slip | undefined {
  if (!isKeyWithoutValue(error)) return undefined;
  const hint = 'write "key: value", with a space after the ":"';
  return { message: 'a key without a ":" after it', hint, length: rest.trimEnd().length || 1 };
}

function listBelowValue({ error, rest }: Mistake): Slip | undefined {
  if (error.code !== 'BLOCK_AS_IMPLICIT_KEY' || !rest.startsWith('- ')) return undefined;
  return {
    message: 'a list below a key that has a value already',
    hint: 'write all values as one list, such as "key: [1, 2]"',
    length: rest.trimEnd().length,
  };
}

/** The library tells of the value above, as if the line were to go on with it. */
function tooDeep({ file, error, offset, line, rest }: Mistake): Slip | undefined {
  if (error.code !== 'BLOCK_AS_IMPLICIT_KEY' || /:(\s|$)/.test(rest)) return undefined;
  const below = skipBlanks(file.text, offset + rest.length);
  const key = /^\s*(?:- )?(.+?):/.exec(line)?.[1];
  if (key === undefined || below >= file.text.length) return undefined;
  return {
    message: `this line is indented deeper than ${quoted(key)} above it, which has a value already`,
    hint: `start it in the same column as ${quoted(key)}`,
    offset: below,
    length: lineEnd(file.text, below) - below,
  };
}

function secondColon({ error }: Mistake): Slip | undefined {
  if (error.code !== 'BLOCK_AS_IMPLICIT_KEY') return undefined;
  const hint = 'put the value in quotes, or start it on its own line below ">-"';
  return { message: 'a second ": " in one line', hint };
}

function noComma({ error, rest }: Mistake): Slip | undefined {
  if (error.code !== 'BLOCK_IN_FLOW' || !/:\s/.test(rest)) return undefined;
  return { message: 'a "," is missing between two entries', hint: 'write {key: value, key: value}' };
}

function textAfterQuotes({ file, error, offset, rest }: Mistake): Slip | undefined {
  const before = file.text.slice(0, offset).trimEnd().at(-1) ?? '';
  if (error.code !== 'UNEXPECTED_TOKEN' || !/["'\]}]/.test(before) || /^[\]}]/.test(rest)) return undefined;
  const hint = 'put other quotes around the whole value, or start it on its own line below ">-"';
  return {
    message: `the value ends with this ${before}, and more follows`,
    hint,
    length: rest.trimEnd().length,
  };
}

function textBesideBlock({ file, error, offset }: Mistake): Slip | undefined {
  const [, style] = /\s([>|])[-+\d]*\s+$/.exec(file.text.slice(lineStart(file.text, offset), offset)) ?? [];
  if (error.code !== 'UNEXPECTED_TOKEN' || style === undefined) return undefined;
  const hint = `start the text on the line below, indented, or put quotes around it with its "${style}"`;
  return { message: `YAML reads "${style}" as the beginning of a text on the lines below`, hint };
}

function closesNothing({ error, rest }: Mistake): Slip | undefined {
  if (error.code !== 'UNEXPECTED_TOKEN' || !/^[\]}]/.test(rest)) return undefined;
  return { message: `this "${rest[0]}" closes nothing`, hint: 'remove it' };
}

function reservedStart({ error, rest }: Mistake): Slip | undefined {
  if (error.code !== 'BAD_SCALAR_START') return undefined;
  const hint = 'put quotes around it, or start it on its own line below ">-"';
  return {
    message: `a text without quotes cannot start with "${rest[0]}"`,
    hint,
    length: rest.trimEnd().length,
  };
}

function unknownEscape({ error, rest }: Mistake): Slip | undefined {
  if (error.code !== 'BAD_DQ_ESCAPE') return undefined;
  const written = rest.slice(0, 2);
  const hint = `write \\${written}, or put single quotes around the text`;
  return { message: `${written} means nothing in double quotes`, hint, length: written.length };
}

function tab({ error }: Mistake): Slip | undefined {
  if (error.code !== 'TAB_AS_INDENT') return undefined;
  return { message: 'a tab cannot indent YAML', hint: 'use spaces', offset: error.pos[0], length: 1 };
}

function otherColumn({ error, rest }: Mistake): Slip | undefined {
  if (error.code !== 'BAD_INDENT') return undefined;
  return {
    message: 'this line starts in another column than those it belongs to',
    hint: 'lines of one mapping or list start in the same column',
    length: rest.trimEnd().length || 1,
  };
}

function isKeyWithoutValue({ code }: YAMLError): boolean {
  return code === 'MULTILINE_IMPLICIT_KEY' || code === 'MISSING_CHAR';
}

/** Each piece of the text with its offset. */
function* lexemes(file: SourceFile): Generator<readonly [lexeme: string, start: number]> {
  let start = 0;
  for (const lexeme of new Lexer().lex(file.text)) {
    // Three marks of the lexer itself stand for no text.
    if (/^[\u0002\u0018\u001f]$/.test(lexeme)) continue;
    yield [lexeme, start];
    start += lexeme.length;
  }
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (/\s/.test(text[at] ?? '')) at++;
  return at < text.length ? at : from;
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}

function lineEnd(text: string, offset: number): number {
  const end = text.indexOf('\n', offset);
  return end === -1 ? text.length : end;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
