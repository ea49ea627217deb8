import { styleText } from 'node:util';
import type { Diagnostic, Location, Severity } from './diagnostic.ts';
import { printable } from './display-text.ts';
import { formatExcerpt } from './excerpt.ts';

export interface FormatOptions {
  /** True on a terminal that wants colours; see NO_COLOR. */
  readonly color: boolean;
}

type Style = Parameters<typeof styleText>[0];

/** Longer than any message that was written with care; what a server says may be longer. */
const maxMessage = 4_000;

/**
 * A diagnostic as people read it:
 *
 *     config/launch.yaml:5:5 error CONFIG_UNKNOWN_KEY: unknown key "gpu_cont" in model "median"
 *         gpu_cont: 1
 *         ~~~~~~~~
 *       hint: did you mean "gpu_count"?
 *
 * Ends without a line break. Text of the user's or a server's cannot reach the terminal as control characters.
 */
export function formatDiagnostic(diagnostic: Diagnostic, { color }: FormatOptions): string {
  const { location, severity, code, message, related = [], hint } = diagnostic;
  const paint = (style: Style, text: string) =>
    color ? styleText(style, text, { validateStream: false }) : text;
  const severe = severity === 'error' ? 'red' : 'yellow';
  const at = (place: Location) => paint('cyan', printable(formatLocation(place)));
  const head = [
    ...(location === undefined ? [] : [at(location)]),
    `${paint(['bold', severe], severity)} ${code}: ${paint('bold', sentence(message))}`,
  ].join(' ');
  const excerpt = location && formatExcerpt(location, (line) => paint(severe, line));
  const notes = related.map(
    (each) =>
      `  ${at(each.location)} ${sentence(each.message)}\n${formatExcerpt(each.location, (line) => paint('cyan', line))}`,
  );
  const tail = hint === undefined ? '' : `  ${paint('green', 'hint:')} ${sentence(hint)}\n`;
  return `${head}\n${excerpt ?? ''}${notes.join('')}${tail}`.trimEnd();
}

/** Several diagnostics, with a blank line between them and their number below. */
export function formatDiagnostics(diagnostics: readonly Diagnostic[], options: FormatOptions): string {
  const count = (severity: Severity) => diagnostics.filter((each) => each.severity === severity).length;
  const counts = [
    [count('error'), 'error'],
    [count('warning'), 'warning'],
  ] as const;
  const told = counts
    .filter(([number]) => number > 0)
    .map(([number, what]) => `${number} ${what}${number > 1 ? 's' : ''}`);
  const formatted = diagnostics.map((each) => formatDiagnostic(each, options));
  return [...formatted, ...(diagnostics.length > 1 ? [told.join(', ')] : [])].join('\n\n');
}

/** A diagnostic as one JSON object; positions count from 1. */
export function diagnosticToJson(diagnostic: Diagnostic): Record<string, unknown> {
  const { code, severity, message, location, related, hint } = diagnostic;
  return {
    type: 'diagnostic',
    severity,
    code,
    message,
    ...(location && placeToJson(location)),
    ...(related && {
      related: related.map((each) => ({ message: each.message, ...placeToJson(each.location) })),
    }),
    ...(hint !== undefined && { hint }),
  };
}

function placeToJson({ file, offset, length }: Location): Record<string, unknown> {
  const end = file.position(offset + length);
  return { file: file.path, ...file.position(offset), endLine: end.line, endColumn: end.column };
}

function formatLocation({ file, offset }: Location): string {
  const { line, column } = file.position(offset);
  return `${file.path}:${line}:${column}`;
}

/** Further lines of a message stay below its first. */
function sentence(text: string): string {
  const cut = text.length > maxMessage ? `${text.slice(0, maxMessage)}…` : text;
  return printable(cut.replaceAll('\r\n', '\n')).replaceAll('\n', '\n    ');
}
