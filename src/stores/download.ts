import { DiagnosticError, errorDiagnostic, warningDiagnostic } from '../diagnostics/diagnostic.ts';
import { runPool } from './budget.ts';
import { clearLost } from './clear-lost.ts';
import { DigestCache } from './digest-cache.ts';
import { downloadFile } from './file-download.ts';
import { findObjects } from './find-objects.ts';
import { findFolding } from './folding.ts';
import { InOrder } from './in-order.ts';
import { statLocalFile } from './local-file.ts';
import { inTheWay } from './make-folder.ts';
import { noMatch } from './no-match.ts';
import type { ObjectInfo, ObjectStore } from './object-store.ts';
import { planDownload } from './plan-download.ts';
import { printable } from './safe-key.ts';
import { SafeTargets } from './safe-target.ts';
import { parseSelection } from './selection.ts';
import { TemporaryFiles } from './temporary-files.ts';
import { TransferCounter, type TransferSummary } from './transfer-event.ts';
import { guard, ownFailure } from './transfer-guard.ts';
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
  const onKeys = (keys: number) => counter.report({ type: 'looked', keys, files: 0, bytes: 0 });
  const objects = await findObjects(store, selection.value, signal, onKeys);
  const targets = openTargets(root, project, !dryRun && objects.length > 0);
  const temporaries = new TemporaryFiles(now);
  const clear = (toFetch: readonly ObjectInfo[]) => {
    if (!dryRun) clearLost(store, selection.value, { objects, planned: toFetch }, { targets, temporaries });
  };
  if (objects.length === 0) {
    clear([]);
    throw await noMatch('key', `in ${store.name}`, options, async (all) => {
      return (await findObjects(store, all, signal)).length;
    });
  }

  const cache = new DigestCache(dryRun ? undefined : DigestCache.path(project), store.name);
  const fold = () =>
    dryRun ? undefined : (options.findFolding ?? findFolding)(root, selection.value.folder);
  const planned = await planDownload(objects, {
    ...{ selection: selection.value, store, targets, cache, counter, overwrite, findFolding: fold, signal },
    stop: (error) => stop.abort(error),
  });
  const bytes = planned.reduce((sum, each) => sum + each.size, 0);
  counter.report({ type: 'planned', files: planned.length, bytes });
  if (dryRun) {
    for (const { key, size } of planned) {
      const target = targets.file(key);
      if (!('refused' in target))
        counter.report({ type: 'would-download', key, path: target.path, bytes: size });
    }
    return counter.summary;
  }

  clear(planned);
  const limits = options.limits ?? makeLimits();
  const onBytes = (count: number, kept = 0) =>
    counter.report({ type: 'moved', bytes: count, files: 0, kept });
  const inOrder = new InOrder();
  const confirm = (path: string) => targets.confirm(path);
  const tools = { store, limits, temporaries, onBytes, confirm, signal };
  const moveInBulk = async (): Promise<ReadonlySet<string>> => {
    if (options.mover === undefined || planned.length === 0) return new Set();
    const { downloadInBulk } = await import('./bulk-transfer.ts');
    const files = planned.flatMap((info) => {
      const target = targets.file(info.key);
      return 'refused' in target ? [] : [{ info, ...target }];
    });
    return await downloadInBulk(files, temporaries, {
      mover: options.mover,
      store,
      cache,
      limits,
      confirm,
      signal,
    });
  };
  try {
    const done = await moveInBulk();
    await runPool(
      planned.entries(),
      limits.downloads,
      async ([index, listed]) => {
        const downloaded = await guard(listed.key, counter.report, async () => {
          // Looked at again: something may be there by now.
          const target = targets.file(listed.key);
          if ('refused' in target) {
            const why = `skipped ${printable(listed.key)}: ${target.refused}`;
            counter.report({ type: 'skipped', diagnostic: warningDiagnostic('S3_KEY_REFUSED', why) });
            return undefined;
          }
          const { path, existing } = target;
          if (done.has(listed.key)) return { info: listed, path };
          const { info, digest, written } = await downloadFile(listed, path, existing, tools);
          const file = statLocalFile(info.key, path);
          // What another process put there meanwhile is not what was downloaded.
          const ours = file?.ino === written.ino && file.mtimeMs === written.mtimeMs;
          if (ours && file.size === written.size) cache.remember(file, digest, info.etag, true);
          return { info, path };
        });
        const moved = downloaded !== undefined && done.has(listed.key) ? listed.size : 0;
        counter.report({ type: 'moved', bytes: moved, files: 1 });
        if (downloaded === undefined) return inOrder.settle(index);
        const { info, path } = downloaded;
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
function openTargets(root: string, project: string, create: boolean): SafeTargets {
  try {
    const obstacle = inTheWay(root, project);
    if (obstacle === undefined) return new SafeTargets(root, create, project);
    const message = `${obstacle}, so nothing can be put into it`;
    const hint = 'local_path= takes a folder; what file= means is put below it';
    throw new DiagnosticError(errorDiagnostic('S3_FILE_FAILED', message, { hint }), 1);
  } catch (error) {
    throw error instanceof DiagnosticError ? error : new DiagnosticError(ownFailure(root, error), 1);
  }
}
