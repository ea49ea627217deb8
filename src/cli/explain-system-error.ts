import path from 'node:path';
import { type Diagnostic, errorDiagnostic } from '../diagnostics/diagnostic.ts';

const inTheWay = 'something of another kind has this name: move it away';
const noRights = 'ask for rights on it, or on the folder it is in (ls -ld shows them)';
const hints: Readonly<Record<string, string>> = {
  EACCES: noRights,
  EPERM: noRights,
  EROFS: 'this file system can only be read: work on a copy of the project elsewhere',
  ENOSPC: 'the disk is full (df -h); what was done stays done',
  EDQUOT: 'your quota on this disk is used up; what was done stays done',
  EEXIST: inTheWay,
  EISDIR: inTheWay,
  ENOTDIR: inTheWay,
  EMFILE: 'too many files are open at once: ulimit -n',
  ENFILE: 'too many files are open on this machine',
  EIO: 'the disk or its network does not answer as it should',
  ESTALE: 'the folder was removed, or its server started again: change into it anew',
};

/**
 * What the operating system refused of a file or a folder, where no command has better words for it; `undefined`
 * for any other error, which is a bug.
 */
export function explainSystemError(error: unknown, cwd: string): Diagnostic | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, syscall, path: file } = error as NodeJS.ErrnoException;
  // Making folders one in another, Node says this of a file system that can only be read, too.
  const hint = code === 'ENOENT' && syscall === 'mkdir' ? noRights : hints[code ?? ''];
  // Of a write, the error does not say to which file; others without one may be about a process or a socket.
  const isOfDisk = code === 'ENOSPC' || code === 'EDQUOT' || code === 'EIO';
  if (hint === undefined || syscall === undefined || (file === undefined && !isOfDisk)) return undefined;
  // `EISDIR: illegal operation on a directory, open '/a/b'`
  const what = /^\w+: (.+?), \w+/.exec(error.message)?.[1] ?? error.message;
  const name = file === undefined ? '' : `${nameIn(cwd, file)}: `;
  return errorDiagnostic('CLI_FILE_REFUSED', `${name}${what} (${syscall}, ${code})`, { hint, cause: error });
}

function nameIn(cwd: string, file: string): string {
  const inside = path.relative(cwd, file);
  return inside === '' || inside.startsWith('..') ? file : inside;
}
