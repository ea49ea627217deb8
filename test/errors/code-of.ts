import { diagnosticCodes } from '../../src/diagnostics/codes.ts';

/** The code that a case is named after: `config-unknown-key`, or `config-unknown-key-in-runai.test.ts`. */
export function codeOf(name: string): string | undefined {
  const upper = name
    .replace(/\.test\.ts$/, '')
    .replaceAll('-', '_')
    .toUpperCase();
  return Object.keys(diagnosticCodes)
    .filter((code) => upper === code || upper.startsWith(`${code}_`))
    .sort((a, b) => b.length - a.length)[0];
}
