import type { DiagnosticCode } from '../diagnostics/codes.ts';
import { DiagnosticError, errorDiagnostic } from '../diagnostics/diagnostic.ts';

/**
 * - `missing`: no such object or upload
 * - `changed`: the object is not the version that was asked for
 * - `settings`: nothing will work until a setting is mended (credentials, bucket, endpoint)
 * - `unreachable`: no answer within the deadline
 * - `broken`: answers that cannot be trusted, again and again
 * - `refused`: the server said no to this one request
 */
export type StoreErrorKind = 'missing' | 'changed' | 'settings' | 'unreachable' | 'broken' | 'refused';

/** Everything a store may throw for what the world did. */
export class StoreError extends DiagnosticError {
  readonly kind: StoreErrorKind;

  constructor(
    kind: StoreErrorKind,
    code: DiagnosticCode,
    message: string,
    rest: { hint?: string | undefined; cause?: unknown; exitCode?: 1 | 2 | 3 } = {},
  ) {
    const { exitCode, ...details } = rest;
    super(errorDiagnostic(code, message, details), exitCode ?? (kind === 'settings' ? 3 : 1));
    this.kind = kind;
  }

  /** Whether every other request would fail the same way. */
  get fatal(): boolean {
    return this.kind === 'settings' || this.kind === 'unreachable';
  }
}
