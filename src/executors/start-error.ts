import { existsSync } from 'node:fs';
import { type Diagnostic, errorDiagnostic } from '../diagnostics/diagnostic.ts';
import type { JobSpec } from '../matrix/job-spec.ts';

/** Why a trial did not begin. */
export class StartError extends Error {
  override readonly name = 'StartError';
  readonly diagnostic: Diagnostic;

  constructor(diagnostic: Diagnostic) {
    super(diagnostic.message);
    this.diagnostic = diagnostic;
  }
}

/** The error in the user's words. */
export function describeStartError(spec: JobSpec, root: string, error: unknown): Diagnostic {
  const { code, message } = error as NodeJS.ErrnoException;
  if (!existsSync(root)) {
    return errorDiagnostic('LOCAL_NO_FOLDER', `the project's folder ${root} is gone`, {
      hint: 'go to the project again: cd',
      cause: error,
    });
  }
  const hint =
    code === 'EAGAIN'
      ? 'too many processes: see ulimit -u, or use fewer jobs='
      : code === 'E2BIG'
        ? 'the environment is too large: take variables out of .env or env'
        : code === 'ENAMETOOLONG'
          ? 'put it into a file, and the path of that into the configuration'
          : undefined;
  return errorDiagnostic('LOCAL_CANNOT_START', `cannot start ${spec.name}: ${message}`, {
    hint,
    cause: error,
  });
}
