import type { Checked } from '../diagnostics/diagnostic.ts';
import { errorDiagnostic } from '../diagnostics/diagnostic.ts';

/** A file of the project that goes into a workload. */
export interface ProjectFile {
  /** Relative to the project, `/` between folders, no `..`. */
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly executable: boolean;
}

/** Reads an entry of `file:`, a file or all files of a folder, sorted by path; given by the caller, who may read files. */
export type ReadProjectFiles = (entry: string) => Checked<readonly ProjectFile[]>;

/** What a Secret or ConfigMap may hold, in bytes of its values; a real server takes exactly this much. */
export const maxDataBytes = 1024 * 1024;
/**
 * The same for a ConfigMap of `build/`: `kubectl apply` keeps the whole object once more in an annotation, which
 * may have 256 KiB, and base64 or escapes make a third more of it.
 */
export const maxAppliedBytes = 160 * 1024;
/** What a key, its quotes and an entry of the list of paths come to. */
const keyBytes = 512;
/** All files of one workload together: what a cluster's store should be asked to keep for a sweep. */
export const maxFileBytes = 8 * maxDataBytes;

/** A piece of a file as one key of an object. */
interface Part {
  readonly key: string;
  /** Where it appears below the mount. */
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly executable: boolean;
}

/** What one Secret or ConfigMap holds. */
export interface FileObject {
  readonly secret: boolean;
  readonly parts: readonly Part[];
}

export interface PackedFiles {
  readonly objects: readonly FileObject[];
  /** Paths of files that come in pieces `PATH.part-000` …, to be joined in the pod. */
  readonly split: readonly string[];
  /** Paths of files that are in Secrets. */
  readonly secret: readonly string[];
}

/**
 * Distributes files over as few objects as their order allows, each within the limit; a file that is larger
 * comes in pieces.
 *
 * @param isSecret what must be kept in a Secret
 */
export function packFiles(
  files: readonly ProjectFile[],
  isSecret: (file: ProjectFile) => boolean,
): Checked<PackedFiles> {
  const total = files.reduce((sum, file) => sum + file.bytes.length, 0);
  if (total > maxFileBytes) {
    const largest = files.reduce((most, each) => (each.bytes.length > most.bytes.length ? each : most));
    return {
      ok: false,
      diagnostics: [
        errorDiagnostic(
          'RENDER_FILES_TOO_LARGE',
          `\`file:\` has ${mebibytes(total)} in ${files.length} files, more than the ${mebibytes(maxFileBytes)} that objects of the cluster can hold; the largest is ${largest.path} (${mebibytes(largest.bytes.length)})`,
          { hint: 'put large files into the bucket (make upload) and name them in `data:`' },
        ),
      ],
    };
  }
  const split: string[] = [];
  const secretPaths: string[] = [];
  const open: { secret: boolean; parts: Part[]; size: number }[] = [];
  const keys = new Set<string>();
  for (const file of files) {
    const secret = isSecret(file);
    if (secret) secretPaths.push(file.path);
    const room = secret ? maxDataBytes : maxAppliedBytes;
    const most = secret ? maxDataBytes : maxAppliedBytes - keyBytes;
    const pieces = Math.max(1, Math.ceil(file.bytes.length / most));
    if (pieces > 1) split.push(file.path);
    for (let piece = 0; piece < pieces; piece++) {
      const suffix = pieces === 1 ? '' : `.part-${String(piece).padStart(3, '0')}`;
      const bytes = file.bytes.subarray(piece * most, (piece + 1) * most);
      const path = `${file.path}${suffix}`;
      // The server counts values only; the annotation has the names, too.
      const size = bytes.length + (secret ? 0 : Math.min(keyBytes, path.length + 16));
      let object = open.find((each) => each.secret === secret && each.size + size <= room);
      if (object === undefined) {
        object = { secret, parts: [], size: 0 };
        open.push(object);
      }
      object.size += size;
      object.parts.push({ key: keyFor(path, keys), path, bytes, executable: file.executable });
    }
  }
  return { ok: true, value: { objects: open, split, secret: secretPaths }, diagnostics: [] };
}

/** `config/launch.yaml` → `config_launch.yaml`: keys take letters, digits, `-`, `_`, `.` only. */
function keyFor(path: string, taken: Set<string>): string {
  const base = path
    .replace(/[^\w.-]/g, '_')
    .replace(/^\.\./, '__')
    .slice(-200);
  let key = base;
  for (let number = 2; taken.has(key); number++) key = `${base}-${number}`;
  taken.add(key);
  return key;
}

/** Names that hold keys and passwords by custom. */
const secretName =
  /(?:^|\/)(?:\.env(?:\..*)?|.*\.(?:pem|key|p12|pfx)|id_[a-z0-9]+|\.netrc|\.npmrc|\.pypirc|\.git-credentials|.*credentials.*)$|(?:^|\/)\.(?:ssh|aws|kube|docker|gnupg)\//i;

/**
 * Whether a file belongs into a Secret: by its name, or because a value of `.env` stands in it. Values under 8
 * bytes are not looked for; they would be found everywhere.
 */
export function holdsSecret(file: ProjectFile, values: Iterable<string>): boolean {
  if (secretName.test(file.path)) return true;
  const bytes = Buffer.from(file.bytes.buffer, file.bytes.byteOffset, file.bytes.byteLength);
  for (const value of values) if (value.length >= 8 && bytes.includes(value)) return true;
  return false;
}

/** The text of bytes that are UTF-8 and fit for people to read in a manifest; else `undefined`. */
export function asText(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return /[\0-\x08\x0b\x0c\x0e-\x1f]/.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

/** Bytes of a text in the JSON that Go writes, which is what `kubectl apply` keeps. */
export function appliedBytes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text)) + 5 * (text.match(/[<>&\u2028\u2029]/g)?.length ?? 0);
}

/** A text in pieces that `kubectl apply` can keep each. */
export function splitText(text: string): readonly string[] {
  const pieces: string[] = [];
  for (let rest = text; rest !== ''; ) {
    let length = Math.min(rest.length, maxAppliedBytes);
    while (appliedBytes(rest.slice(0, length)) > maxAppliedBytes) length = Math.ceil(length / 2);
    // Not between the halves of a character.
    if (/[\ud800-\udbff]/.test(rest.charAt(length - 1)) && length < rest.length) length -= 1;
    pieces.push(rest.slice(0, length));
    rest = rest.slice(length);
  }
  return pieces;
}

function mebibytes(bytes: number): string {
  return `${(bytes / maxDataBytes).toFixed(1)} MiB`;
}
