import { lstatSync, readdirSync, readFileSync, realpathSync, type Stats, statSync } from 'node:fs';
import path from 'node:path';
import {
  type Checked,
  type Diagnostic,
  errorDiagnostic,
  warningDiagnostic,
} from '../../diagnostics/diagnostic.ts';
import { hintToRename, misnamed } from '../../misnamed.ts';
import { whyStaysHere } from '../../records/toolbox-folder.ts';
import { maxFileBytes, type ProjectFile, type ReadProjectFiles } from '../../render/project-files.ts';
import { describeSpecial } from '../../special-file.ts';

/** Entries that nobody has written: where they are missing, nothing is said. */
const defaults = new Set(['.env', 'config/launch.yaml', 'config/kube.yaml']);

/**
 * Reads entries of `file:` below a folder: a file, or all files of a folder, links followed. What leads out of the
 * project is refused, and nothing is read of more than a workload can hold.
 */
export function readProjectFiles(root: string): ReadProjectFiles {
  const realRoot = realpathSync(root);
  return (entry): Checked<readonly ProjectFile[]> => {
    const relative = path.normalize(entry).replace(/\/+$/, '');
    const whole = path.resolve(root, relative);
    try {
      if (path.isAbsolute(entry) || isOutside(path.relative(root, whole)))
        return refuse(
          `\`file:\` has ${entry}, which is outside of the project`,
          'name a path below the project',
        );
      if (relative === '.') return refuse('`file:` has the whole project', 'use `code: snapshot` for that');
      const skipped: Diagnostic[] = [];
      const skip = (name: string, kind: string) => {
        if (name === relative)
          throw new Refused(`\`file:\` has ${name}, which is ${kind} and no file`, noBytes);
        skipped.push(skippedFile(`\`file:\` has ${name}, which is ${kind} and is left out`));
      };
      const found = [...walk(whole, relative, realRoot, new Set(), skip)];
      const size = found.reduce((sum, { stats }) => sum + stats.size, 0);
      if (size > maxFileBytes)
        return tooLarge(
          `\`file:\` has ${entry} with ${Math.ceil(size / 1024 ** 2)} MiB, more than the ${maxFileBytes / 1024 ** 2} MiB that objects of the cluster can hold`,
        );
      const value = found.map(({ file, name, stats }) => ({
        path: name,
        bytes: readFileSync(file),
        executable: (stats.mode & 0o100) !== 0,
      }));
      return { ok: true, value, diagnostics: skipped };
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' && defaults.has(relative)) return { ok: true, value: [], diagnostics: [] };
      if (error instanceof Refused) return refuse(message, error.hint);
      const why = code === 'ENOENT' ? 'is not there' : `cannot be read (${code ?? message})`;
      const hint = /[*?[]/.test(entry)
        ? 'patterns are not taken here: name each file, or a folder'
        : 'make it, or remove it from `file:`';
      return refuse(`\`file:\` has ${entry}, which ${why}`, hint, error);
    }
  };
}

interface Found {
  readonly file: string;
  /** Relative to the project, with `/`. */
  readonly name: string;
  readonly stats: Stats;
}

/** What must not reach a pod, or cannot. */
class Refused extends Error {
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

const noBytes = 'remove it, or name what is beside it file by file';

/** A warning of what lies in a folder and cannot be copied. */
export function skippedFile(message: string): Diagnostic {
  return warningDiagnostic('RENDER_FILE_SKIPPED', message, { hint: noBytes });
}

/** @param skip is told of what is neither a file nor a folder */
function* walk(
  file: string,
  name: string,
  realRoot: string,
  above: ReadonlySet<string>,
  skip: (name: string, kind: string) => void,
): Generator<Found> {
  const real = realPathOf(file, name);
  if (isOutside(path.relative(realRoot, real)))
    throw new Refused(
      `\`file:\` has ${name}, a link that leads out of the project`,
      'put the file itself there, not a link to it',
    );
  const whyHere = whyStaysHere(realRoot, real);
  if (whyHere !== undefined)
    throw new Refused(`\`file:\` has ${name}, which ${whyHere}`, 'remove it from `file:`');
  const stats = statSync(real);
  const special = describeSpecial(stats);
  if (special !== undefined) skip(name, special);
  else if (stats.isFile()) yield { file: real, name, stats };
  // A folder that holds a link to itself has no end.
  else if (stats.isDirectory() && !above.has(real)) {
    for (const child of readdirSync(real).sort())
      yield* walk(path.join(file, child), `${name}/${child}`, realRoot, new Set([...above, real]), skip);
  }
}

function realPathOf(file: string, name: string): string {
  try {
    return realpathSync(file);
  } catch (error) {
    const bytes = misnamed(path.dirname(file), path.basename(file));
    const escaped = path.join(path.dirname(name), bytes ?? '');
    if (bytes !== undefined)
      throw new Refused(`\`file:\` has ${escaped}, whose name is not valid UTF-8`, hintToRename(escaped));
    const isLink = lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() === true;
    if (!isLink || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new Refused(
      `\`file:\` has ${name}, a link to something that is not there`,
      'make it, or remove the link',
    );
  }
}

function isOutside(relative: string): boolean {
  return relative === '..' || relative.startsWith('../') || path.isAbsolute(relative);
}

function refuse(
  message: string,
  hint: string,
  cause?: unknown,
): { ok: false; diagnostics: readonly Diagnostic[] } {
  return { ok: false, diagnostics: [errorDiagnostic('RENDER_FILE_MISSING', message, { hint, cause })] };
}

function tooLarge(message: string): { ok: false; diagnostics: readonly Diagnostic[] } {
  const hint = 'put large files into the bucket (make upload) and name them in `data:`';
  return { ok: false, diagnostics: [errorDiagnostic('RENDER_FILES_TOO_LARGE', message, { hint })] };
}
