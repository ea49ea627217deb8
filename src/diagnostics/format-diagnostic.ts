import type { Diagnostic } from './diagnostic.ts';

/** A diagnostic as people read it: `file:line:column severity CODE: message`, then the hint. */
export function formatDiagnostic(diagnostic: Diagnostic, _options: { readonly color: boolean }): string {
  const { location, severity, code, message, hint } = diagnostic;
  const at =
    location === undefined
      ? ''
      : `${location.file.path}:${Object.values(location.file.position(location.offset)).join(':')} `;
  return `${at}${severity} ${code}: ${message}${hint === undefined ? '' : `\n  hint: ${hint}`}`;
}

/** A diagnostic as one JSON object. */
export function diagnosticToJson(diagnostic: Diagnostic): Record<string, unknown> {
  const { code, severity, message, location, hint } = diagnostic;
  const position = location?.file.position(location.offset);
  return {
    type: 'diagnostic',
    severity,
    code,
    message,
    ...(location && { file: location.file.path, ...position }),
    ...(hint && { hint }),
  };
}
