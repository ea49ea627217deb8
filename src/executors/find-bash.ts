import { DiagnosticError, errorDiagnostic } from '../diagnostics/diagnostic.ts';
import { ExitCode } from '../exit-code.ts';
import { type Environment, findOnPath } from './local-python.ts';

/** Absolute path of bash. @throws DiagnosticError LOCAL_NO_BASH */
export function findBash(env: Environment): string {
  const bash = findOnPath('bash', env);
  if (bash !== undefined) return bash;
  throw new DiagnosticError(
    errorDiagnostic('LOCAL_NO_BASH', 'there is no bash on PATH, and trials run in bash', {
      hint: 'install it, for example: apt-get install bash',
    }),
    ExitCode.failed,
  );
}
