import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { DiagnosticError, errorDiagnostic } from '../diagnostics/diagnostic.ts';

/** @throws DiagnosticError where the project has none */
export async function readDockerfile(cwd: string, name: string): Promise<string> {
  try {
    return await readFile(path.join(cwd, name), 'utf8');
  } catch (error) {
    throw new DiagnosticError(
      errorDiagnostic('CONTAINER_NO_DOCKERFILE', `there is no ${name} in ${cwd}`, {
        hint: 'make image-init writes one for conda, uv or poetry',
        cause: error,
      }),
      2,
    );
  }
}
