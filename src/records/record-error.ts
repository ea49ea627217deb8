import { type Diagnostic, errorDiagnostic } from '../diagnostics/diagnostic.ts';

const explanations: Readonly<Record<string, readonly [what: string, hint: string]>> = {
  ENOSPC: ['the disk is full', 'make room, then go on with: make local resume=true'],
  EDQUOT: ['your disk quota is used up', 'make room, then go on with: make local resume=true'],
  EACCES: ['permission denied', 'look who owns it: ls -ld .toolbox'],
  EPERM: ['operation not permitted', 'look who owns it: ls -ld .toolbox'],
  EROFS: ['the file system is read-only', 'run in a folder that can be written'],
  ENOTDIR: ['a file stands where a folder is needed', 'move it away: ls -l .toolbox'],
  EEXIST: ['a file stands where a folder is needed', 'move it away: ls -l .toolbox'],
  EISDIR: ['a folder stands where a file is needed', 'move it away: ls -l .toolbox'],
  EMFILE: ['too many open files', 'raise the limit with ulimit -n, or use fewer jobs='],
};

/** Why records or logs cannot be written (or read), in words. */
export function describeFileError(
  path: string,
  error: unknown,
  verb: 'write' | 'read' = 'write',
): Diagnostic {
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? '';
  const [what, hint] = explanations[code] ?? [
    error instanceof Error ? error.message : String(error),
    undefined,
  ];
  return errorDiagnostic('LOCAL_UNWRITABLE', `cannot ${verb} ${path}: ${what}`, { hint, cause: error });
}
