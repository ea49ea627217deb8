import type { DiagnosticCode } from './codes.ts';
import type { SourceFile } from './source-file.ts';

export type Severity = 'error' | 'warning';

/** A range of a file: `offset` and `length` count UTF-16 code units. */
export interface Location {
  readonly file: SourceFile;
  readonly offset: number;
  readonly length: number;
}

/** One thing to tell the user about their input or their cluster: what, where, and what to do. */
export interface Diagnostic {
  readonly code: DiagnosticCode;
  readonly severity: Severity;
  /** One sentence, no full stop, that names the offending value. */
  readonly message: string;
  readonly location?: Location | undefined;
  /** Other places that explain this one, such as the first of two duplicate keys. */
  readonly related?: readonly { readonly message: string; readonly location: Location }[] | undefined;
  /** What to type or change. */
  readonly hint?: string | undefined;
  /** The exception behind it, for `--verbose`; never printed otherwise. */
  readonly cause?: unknown;
}

/**
 * What a pure step of the line returns: all it found, and a value unless an error stands in the way.
 * Pure code never throws for a user's mistake.
 */
export type Checked<T> =
  | { readonly ok: true; readonly value: T; readonly diagnostics: readonly Diagnostic[] }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/** Carries diagnostics out of effectful code; `main()` prints them and exits with `exitCode`. */
export class DiagnosticError extends Error {
  override readonly name: string = 'DiagnosticError';
  readonly diagnostics: readonly Diagnostic[];
  readonly exitCode: 1 | 2 | 3;

  constructor(diagnostics: Diagnostic | readonly Diagnostic[], exitCode: 1 | 2 | 3) {
    const all = Array.isArray(diagnostics) ? diagnostics : [diagnostics];
    super(all.map((each) => each.message).join('; '));
    this.diagnostics = all;
    this.exitCode = exitCode;
  }
}

export function errorDiagnostic(
  code: DiagnosticCode,
  message: string,
  rest: Omit<Diagnostic, 'code' | 'severity' | 'message'> = {},
): Diagnostic {
  return { code, severity: 'error', message, ...rest };
}

export function warningDiagnostic(
  code: DiagnosticCode,
  message: string,
  rest: Omit<Diagnostic, 'code' | 'severity' | 'message'> = {},
): Diagnostic {
  return { code, severity: 'warning', message, ...rest };
}
