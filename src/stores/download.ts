import { DiagnosticError, errorDiagnostic, warningDiagnostic } from '../diagnostics/diagnostic.ts';
import { runPool } from './budget.ts';
import { compareAtOnce, comparePair } from './compare-pair.ts';
import { DigestCache } from './digest-cache.ts';
import { downloadFile } from './file-download.ts';
import { findObjects } from './find-objects.ts';
import { InOrder } from './in-order.ts';
import { describeLocalFile, type LocalFile, statLocalFile } from './local-file.ts';
import type { ObjectInfo, ObjectStore } from './object-store.ts';
import { compareKeys } from './s3-listing.ts';
import { printable } from './safe-key.ts';
import { SafeTargets } from './safe-target.ts';
import { parseSelection } from './selection.ts';
import { type Comparison, decideAction } from './sync-plan.ts';
import { TemporaryFiles } from './temporary-files.ts';
import { TransferCounter, type TransferSummary } from './transfer-event.ts';
import { differs, guard, ownFailure } from './transfer-guard.ts';
import { makeLimits } from './transfer-limits.ts';
import type { TransferOptions } from './transfer-options.ts';

/**
 * Downloads the objects that `file` means to the paths that their keys are, below `root`. As for `uploadAll`; keys that
 * are no safe paths are skipped.
 */
export async function downloadAll(store: ObjectStore, options: TransferOptions): Promise<TransferSummary> {
  const { root, project = root, overwrite = false, dryRun = false, now = Date.now } = options;
  const selection = parseSelection(options.file, root, options);
  if (!selection.ok) throw new DiagnosticError(selection.diagnostics, 2);
  const counter = new TransferCounter(options.report ?? (() => {}));
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const objects = await findObjects(store, selection.value, signal);
  if (objects.length === 0) throw noSuchObject(options.file, store);

  const cache = new DigestCache(dryRun ? undefined : DigestCache.path(project), store.name);
  const planned: Pair[] = [];
  const targets = openTargets(root, !dryRun);
  const refuse = (key: string, why: string) => {
    const diagnostic = warningDiagnostic('S3_KEY_REFUSED', `skipped ${printable(key)}: ${why}`);
    counter.report({ type: 'skipped', diagnostic });
  };
  const folders = foldersOf(objects);
  const compareTools = { store, cache, signal };
  const settle = ({ info, path, file }: Pair, comparison: Comparison) => {
    const { key } = info;
    const action = decideAction(comparison, overwrite);
    if (action === 'transfer' || file === undefined) planned.push({ info, path, file });
    else if (action === 'skip') counter.report({ type: 'same', key, path });
    else counter.report({ type: 'different', key, path, diagnostic: differs(file, info, comparison) });
  };
  const undecided: Pair[] = [];
  const plan = (info: ObjectInfo) => {
    const { key } = info;
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
    if (comparison === 'undecided') undecided.push({ info, path, file });
    else settle({ info, path, file }, comparison);
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
    async (pair) => {
      const { key } = pair.info;
      const comparison = await guard(key, counter.report, () =>
        comparePair(pair.file, pair.info, compareTools),
      );
      if (comparison !== undefined) settle(pair, comparison);
    },
    (error) => stop.abort(error),
  );
  planned.sort((left, right) => compareKeys(left.info.key, right.info.key));
  const bytes = planned.reduce((sum, each) => sum + each.info.size, 0);
  counter.report({ type: 'planned', files: planned.length, bytes });
  if (dryRun) {
    for (const { info, path } of planned)
      counter.report({ type: 'would-download', key: info.key, path, bytes: info.size });
    return counter.summary;
  }

  const limits = options.limits ?? makeLimits();
  const onBytes = (count: number) => counter.report({ type: 'moved', bytes: count, files: 0 });
  const inOrder = new InOrder();
  const confirm = (path: string) => targets.confirm(path);
  const tools = { store, limits, temporaries: new TemporaryFiles(now), onBytes, confirm, signal };
  const moveInBulk = async (): Promise<ReadonlySet<string>> => {
    if (options.mover === undefined || planned.length === 0) return new Set();
    const { downloadInBulk } = await import('./bulk-transfer.ts');
    const files = planned.flatMap(({ info }) => {
      const target = targets.file(info.key);
      return 'refused' in target ? [] : [{ info, ...target }];
    });
    return await downloadInBulk(files, tools.temporaries, {
      mover: options.mover,
      store,
      cache,
      limits,
      signal,
    });
  };
  try {
    const done = await moveInBulk();
    await runPool(
      planned.entries(),
      limits.downloads,
      async ([index, { info: listed, path }]) => {
        if (done.has(listed.key)) {
          const { key, size } = listed;
          counter.report({ type: 'moved', bytes: size, files: 1 });
          inOrder.settle(index, () => counter.report({ type: 'downloaded', key, path, bytes: size }));
          return;
        }
        const downloaded = await guard(listed.key, counter.report, async () => {
          // Looked at again: something may be there by now.
          const target = targets.file(listed.key);
          if (!('refused' in target)) return await downloadFile(listed, target.path, target.existing, tools);
          refuse(listed.key, target.refused);
          return undefined;
        });
        counter.report({ type: 'moved', bytes: 0, files: 1 });
        if (downloaded === undefined) return inOrder.settle(index);
        const { info, digest } = downloaded;
        const file = statLocalFile(info.key, path);
        if (file !== undefined) cache.remember(file, digest, info.etag, true);
        inOrder.settle(index, () =>
          counter.report({ type: 'downloaded', key: info.key, path, bytes: info.size }),
        );
      },
      (error) => stop.abort(error),
    );
  } finally {
    inOrder.flush();
    cache.save();
  }
  return counter.summary;
}

/** A root that cannot be had is no bug, and fails everything. */
function openTargets(root: string, create: boolean): SafeTargets {
  try {
    return new SafeTargets(root, create);
  } catch (error) {
    throw new DiagnosticError(ownFailure(root, error), 1);
  }
}

interface Pair {
  readonly info: ObjectInfo;
  readonly path: string;
  readonly file: LocalFile | undefined;
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

function noSuchObject(text: string, store: ObjectStore): DiagnosticError {
  const diagnostic = errorDiagnostic('S3_NO_MATCH', `no key in ${store.name} matches "${printable(text)}"`, {
    hint: 'make list shows what is there',
  });
  return new DiagnosticError(diagnostic, 1);
}
