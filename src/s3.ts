import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { DiagnosticError, errorDiagnostic } from './diagnostics/diagnostic.ts';
import { nearestName } from './diagnostics/nearest-name.ts';
import { ExitCode } from './exit-code.ts';
import { openBucket } from './open-bucket.ts';
import { findObjects } from './stores/find-objects.ts';
import type { ObjectInfo, ObjectStore } from './stores/object-store.ts';
import { parseRemoval } from './stores/parse-removal.ts';
import { type RemoveEvent, type RemoveSummary, removeKeys } from './stores/remove.ts';
import { parseSelection } from './stores/selection.ts';
import type { TransferEvent, TransferSummary } from './stores/transfer-event.ts';
import { transferRoot } from './stores/transfer-root.ts';

export { DiagnosticError } from './diagnostics/diagnostic.ts';
export type { ObjectInfo } from './stores/object-store.ts';
export type { RemoveEvent, RemoveSummary } from './stores/remove.ts';
export type { TransferEvent, TransferSummary } from './stores/transfer-event.ts';

// Said before anything fails for it, which would be far from whoever imports this.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 19))
  throw new Error(`kube-toolbox needs Node 22.19 or newer and runs in ${process.versions.node}`);

/** What all functions take. */
export interface BucketOptions {
  /** The project's folder, which holds `.env`; relative paths below it are the keys. Default: the current folder. */
  readonly cwd?: string;
  /** Settings, which win over those of `.env`. Default: `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Only keys that one of these patterns matches. */
  readonly include?: readonly string[];
  /** No keys that one of these patterns matches. */
  readonly exclude?: readonly string[];
  /** Stops the work soon; the promise rejects with its reason. */
  readonly signal?: AbortSignal;
}

export interface TransferOptions extends BucketOptions {
  /** Where the files are, instead of `cwd`. */
  readonly localPath?: string;
  /** Replaces what is there and differs. Default: it is left and counted as `different`. */
  readonly overwrite?: boolean;
  /** Reports what would be done, and changes nothing. */
  readonly dryRun?: boolean;
  /** Called with everything that happens. */
  readonly onEvent?: (event: TransferEvent) => void;
}

export interface RemoveOptions extends BucketOptions {
  /** Called with every key that is removed or is not. */
  readonly onEvent?: (event: RemoveEvent) => void;
}

/**
 * Uploads a file, a folder or a pattern to the bucket that the environment or `.env` names. Files that are there and
 * the same are skipped, by size and content digest.
 *
 * @param file as for `make upload file=`: `data/1.txt`, `data/`, `data/*.csv` (`*` also matches `/`)
 * @returns how many files were moved, the same, different and left, skipped, failed
 * @throws DiagnosticError where nothing could be done: settings, no such file, no answer, no right
 */
export async function upload(file: string, options: TransferOptions = {}): Promise<TransferSummary> {
  refuseMistakes(file, options, allTransferOptions);
  const { uploadAll } = await import('./stores/upload.ts');
  return await withStore(options, async (store) => await uploadAll(store, transferOptions(file, options)));
}

/**
 * Downloads a file, a folder or a pattern. A file appears under its name only when it is whole and its digest right.
 * Otherwise as {@link upload}.
 */
export async function download(file: string, options: TransferOptions = {}): Promise<TransferSummary> {
  refuseMistakes(file, options, allTransferOptions);
  const { downloadAll } = await import('./stores/download.ts');
  return await withStore(options, async (store) => await downloadAll(store, transferOptions(file, options)));
}

/**
 * The objects that match, complete and in the order of their keys; empty where none does.
 *
 * @throws DiagnosticError as for {@link upload}
 */
export async function find(file: string, options: BucketOptions = {}): Promise<ObjectInfo[]> {
  refuseMistakes(file, options, bucketOptions);
  return await withStore(
    options,
    async (store) => await findObjects(store, selectionOf(file, options), signalOf(options)),
  );
}

/**
 * Removes the objects that match, without asking. Nothing is removed unless the listing is complete;
 * where none matches there is nothing to do.
 *
 * @throws DiagnosticError as for {@link upload}
 */
export async function remove(file: string, options: RemoveOptions = {}): Promise<RemoveSummary> {
  refuseMistakes(file, options, removeOptions);
  return await withStore(options, async (store) => {
    const signal = signalOf(options);
    const objects = await findObjects(store, selectionOf(file, options, parseRemoval), signal);
    const keys = objects.map((object) => object.key);
    return await removeKeys(store, keys, { report: options.onEvent ?? (() => {}), signal });
  });
}

async function withStore<T>(options: BucketOptions, work: (store: ObjectStore) => Promise<T>): Promise<T> {
  const cwd = folderOf(options);
  // Else its .env would be missed, and the settings in it.
  if (statSync(cwd, { throwIfNoEntry: false })?.isDirectory() !== true) {
    const message = `the option "cwd" is to be a folder, and ${cwd} is none`;
    throw new DiagnosticError(errorDiagnostic('CLI_BAD_VALUE', message), ExitCode.usage);
  }
  const { store } = await openBucket({ cwd, env: options.env ?? process.env });
  try {
    return await work(store);
  } finally {
    store.close();
  }
}

function transferOptions(file: string, options: TransferOptions) {
  const { include, exclude, overwrite = false, dryRun = false, onEvent, localPath } = options;
  const project = folderOf(options);
  return {
    file,
    root: transferRoot(project, localPath),
    project,
    include,
    exclude,
    overwrite,
    dryRun,
    signal: signalOf(options),
    ...(onEvent !== undefined && { report: onEvent }),
  };
}

function selectionOf(file: string, options: BucketOptions, parse = parseSelection) {
  const selection = parse(file, folderOf(options), options);
  if (!selection.ok) throw new DiagnosticError(selection.diagnostics, 2);
  return selection.value;
}

const isText = (value: unknown) => typeof value === 'string';
const isTexts = (value: unknown) => Array.isArray(value) && value.every(isText);
const isFunction = (value: unknown) => typeof value === 'function';
const isBoolean = (value: unknown) => typeof value === 'boolean';

type Kinds = Readonly<Record<string, readonly [string, (value: unknown) => boolean]>>;

const bucketOptions: Kinds = {
  cwd: ['a text', isText],
  env: ['an object', (value) => typeof value === 'object' && value !== null],
  include: ['a list of patterns', isTexts],
  exclude: ['a list of patterns', isTexts],
  signal: ['an AbortSignal', (value) => value instanceof AbortSignal],
};
const removeOptions: Kinds = { ...bucketOptions, onEvent: ['a function', isFunction] };
const allTransferOptions: Kinds = {
  ...removeOptions,
  localPath: ['a text', isText],
  overwrite: ['true or false', isBoolean],
  dryRun: ['true or false', isBoolean],
};

/** What the compiler tells those who use one: a misspelt option would be lost without a word. */
function refuseMistakes(file: unknown, options: object, known: Kinds): void {
  const names = Object.keys(known);
  for (const [name, value] of Object.entries(options)) {
    const [kind, fits] = known[name] ?? [];
    if (kind === undefined || fits === undefined) {
      const near = nearestName(name, names);
      const hint = near === undefined ? `there are ${names.join(', ')}` : `did you mean "${near}"?`;
      throw new DiagnosticError(
        errorDiagnostic('CLI_UNKNOWN_FLAG', `there is no option "${name}"`, { hint }),
        ExitCode.usage,
      );
    }
    if (value !== undefined && !fits(value))
      throw new DiagnosticError(
        errorDiagnostic('CLI_BAD_VALUE', `the option "${name}" is to be ${kind}`),
        ExitCode.usage,
      );
  }
  if (typeof file !== 'string' || file === '')
    throw new DiagnosticError(
      errorDiagnostic('CLI_MISSING_VALUE', 'the first argument is to be a path, key or pattern', {
        hint: "for example: 'data/'",
      }),
      ExitCode.usage,
    );
}

function folderOf(options: BucketOptions): string {
  return resolve(options.cwd ?? '.');
}

function signalOf(options: BucketOptions): AbortSignal {
  return options.signal ?? new AbortController().signal;
}
