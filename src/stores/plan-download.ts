import { warningDiagnostic } from '../diagnostics/diagnostic.ts';
import { runPool } from './budget.ts';
import { compareAtOnce, comparePair } from './compare-pair.ts';
import type { DigestCache } from './digest-cache.ts';
import { type Fold, findClashes } from './folding.ts';
import { describeLocalFile, type LocalFile, whyPrivate } from './local-file.ts';
import type { ObjectInfo, ObjectStore } from './object-store.ts';
import { compareKeys } from './s3-listing.ts';
import { printable } from './safe-key.ts';
import type { SafeTargets } from './safe-target.ts';
import type { Selection } from './selection.ts';
import { type Comparison, decideAction } from './sync-plan.ts';
import type { TransferCounter } from './transfer-event.ts';
import { differs, guard, ownFailure } from './transfer-guard.ts';

interface Tools {
  readonly selection: Selection;
  readonly store: ObjectStore;
  readonly targets: SafeTargets;
  readonly cache: DigestCache;
  readonly counter: TransferCounter;
  readonly overwrite: boolean;
  /** Finds out what the file system takes for one name; `undefined`: each name is its own. */
  readonly findFolding: () => Fold | undefined;
  readonly signal: AbortSignal;
  readonly stop: (error: unknown) => void;
}

/**
 * Which objects are to be fetched, in the order of their keys; of all others it is told why not. Nothing is kept of an
 * object but what the listing says of it: there may be millions.
 */
export async function planDownload(objects: readonly ObjectInfo[], tools: Tools): Promise<ObjectInfo[]> {
  const { selection, store, targets, cache, counter, overwrite, signal } = tools;
  const planned: ObjectInfo[] = [];
  const undecided: { readonly info: ObjectInfo; readonly file: LocalFile }[] = [];
  const folders = foldersOf(objects);
  const refuse = (key: string, why: string) => {
    const diagnostic = warningDiagnostic('S3_KEY_REFUSED', `skipped ${printable(key)}: ${why}`);
    counter.report({ type: 'skipped', diagnostic });
  };
  const settle = (info: ObjectInfo, file: LocalFile | undefined, comparison: Comparison) => {
    const action = decideAction(comparison, overwrite);
    if (action === 'transfer' || file === undefined) planned.push(info);
    else if (action === 'skip') counter.report({ type: 'same', key: info.key, path: file.path });
    else {
      const diagnostic = differs(file, info, comparison);
      counter.report({ type: 'different', key: info.key, path: file.path, diagnostic });
    }
  };
  const plan = (info: ObjectInfo) => {
    const { key } = info;
    const why = whyPrivate(key, selection);
    if (why !== undefined) return refuse(key, why);
    if (key.endsWith('/')) {
      const folder = info.size > 0 ? { refused: 'it is a folder with content' } : targets.folder(key);
      if ('refused' in folder) refuse(key, folder.refused);
      return;
    }
    const target = folders.has(`${key}/`) ? { refused: 'it is a file and a folder' } : targets.file(key);
    if ('refused' in target) return refuse(key, target.refused);
    const { path, existing } = target;
    const file = existing === undefined ? undefined : describeLocalFile(key, path, existing);
    const comparison = compareAtOnce(file, info, cache);
    if (comparison === 'undecided' && file !== undefined) undecided.push({ info, file });
    else settle(info, file, comparison);
  };
  for (const info of objects) {
    try {
      plan(info);
    } catch (error) {
      for (const diagnostic of ownFailure(info.key, error))
        counter.report({ type: 'failed', key: info.key, diagnostic });
    }
  }
  await runPool(
    undecided,
    32,
    async ({ info, file }) => {
      const compare = () => comparePair(file, info, { store, cache, signal });
      const comparison = await guard(info.key, counter.report, compare);
      counter.report({ type: 'looked', keys: 0, files: 1, bytes: info.size });
      if (comparison !== undefined) settle(info, file, comparison);
    },
    tools.stop,
  );
  if (undecided.length > 0) planned.sort((left, right) => compareKeys(left.key, right.key));
  // Only what is written can meet another, so that nothing is asked where there is nothing to do.
  const fold = planned.length === 0 ? undefined : tools.findFolding();
  if (fold === undefined) return planned;
  const clashes = findClashes(keysOf(objects), folders, fold);
  return planned.filter(({ key }) => {
    const other = clashes.get(key);
    if (other !== undefined) refuse(key, `${printable(other)} is the same name to this file system`);
    return other === undefined;
  });
}

function* keysOf(objects: readonly ObjectInfo[]): Generator<string> {
  for (const { key } of objects) if (!key.endsWith('/')) yield key;
}

/** Every folder that some key lies in, with its `/`. */
function foldersOf(objects: readonly ObjectInfo[]): ReadonlySet<string> {
  const folders = new Set<string>();
  for (const { key } of objects) {
    for (let cut = key.lastIndexOf('/', key.length - 2); cut > 0; cut = key.lastIndexOf('/', cut - 1)) {
      const folder = key.slice(0, cut + 1);
      if (folders.has(folder)) break;
      folders.add(folder);
    }
  }
  return folders;
}
