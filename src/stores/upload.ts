import { DiagnosticError } from '../diagnostics/diagnostic.ts';
import { runPool } from './budget.ts';
import { compareAsListed } from './compare-as-listed.ts';
import { compareAtOnce, comparePair } from './compare-pair.ts';
import { DigestCache } from './digest-cache.ts';
import { uploadFile } from './file-upload.ts';
import { findObjects } from './find-objects.ts';
import { InOrder } from './in-order.ts';
import { findLocalFiles, type LocalFile } from './local-file.ts';
import { noMatch } from './no-match.ts';
import type { ObjectStore } from './object-store.ts';
import { compareKeys } from './s3-listing.ts';
import { parseSelection } from './selection.ts';
import { type Comparison, decideAction } from './sync-plan.ts';
import { TransferCounter, type TransferSummary } from './transfer-event.ts';
import { differs, guard } from './transfer-guard.ts';
import { makeLimits } from './transfer-limits.ts';
import type { TransferOptions } from './transfer-options.ts';
import { UploadJournal } from './upload-journal.ts';

/**
 * Uploads the files that `file` means to the keys that their paths are. What is there and the same is skipped, what
 * differs is left unless `overwrite`. Failures of single files are reported and counted; what would fail all of them is
 * thrown, as a DiagnosticError.
 */
export async function uploadAll(store: ObjectStore, options: TransferOptions): Promise<TransferSummary> {
  const { root, project = root, overwrite = false, dryRun = false } = options;
  const selection = parseSelection(options.file, root, options);
  if (!selection.ok) throw new DiagnosticError(selection.diagnostics, 2);
  const counter = new TransferCounter(options.report ?? (() => {}));
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);

  const cache = new DigestCache(dryRun ? undefined : DigestCache.path(project), store.name);
  const { local, remote, same } = await compareAsListed(store, {
    root,
    selection: selection.value,
    cache,
    onKeys: (keys) => counter.report({ type: 'looked', keys, files: 0, bytes: 0 }),
    signal,
  });
  for (const diagnostic of local.ignored) counter.report({ type: 'ignored', diagnostic });
  for (const diagnostic of local.refused) counter.report({ type: 'skipped', diagnostic });
  for (const each of local.unreadable) counter.report({ type: 'failed', ...each });
  const met = [local.files, local.ignored, local.refused, local.unreadable];
  if (met.every((each) => each.length === 0))
    throw await noMatch('file', `below ${root}`, options, async (all) => {
      return (await findLocalFiles(root, all, signal)).files.length;
    });

  const planned: LocalFile[] = [];
  const compareTools = { store, cache, signal };
  const settle = (file: LocalFile, comparison: Comparison) => {
    const { key, path } = file;
    const action = decideAction(comparison, overwrite);
    if (action === 'transfer') planned.push(file);
    else if (action === 'skip') counter.report({ type: 'same', key, path });
    else {
      const diagnostic = differs(file, remote.get(key), comparison);
      counter.report({ type: 'different', key, path, diagnostic });
    }
  };
  const undecided = local.files.filter((file) => {
    const comparison = same.has(file.key) ? 'same' : compareAtOnce(file, remote.get(file.key), cache);
    if (comparison !== 'undecided') settle(file, comparison);
    return comparison === 'undecided';
  });
  await runPool(
    undecided,
    32,
    async (file) => {
      const compare = () => comparePair(file, remote.get(file.key), compareTools);
      const comparison = await guard(file.key, counter.report, compare);
      counter.report({ type: 'looked', keys: 0, files: 1, bytes: file.size });
      if (comparison !== undefined) settle(file, comparison);
    },
    (error) => stop.abort(error),
  );
  planned.sort((left, right) => compareKeys(left.key, right.key));
  const bytes = planned.reduce((sum, file) => sum + file.size, 0);
  counter.report({ type: 'planned', files: planned.length, bytes });
  if (dryRun) {
    for (const { key, path, size } of planned)
      counter.report({ type: 'would-upload', key, path, bytes: size });
    return counter.summary;
  }

  const journal = new UploadJournal(project, store);
  const limits = options.limits ?? makeLimits();
  const onBytes = (count: number) => counter.report({ type: 'moved', bytes: count, files: 0 });
  const inOrder = new InOrder();
  const tools = { store, limits, journal, onBytes, signal };
  const moveInBulk = async (): Promise<ReadonlySet<string>> => {
    if (options.mover === undefined || planned.length === 0) return new Set();
    const { uploadInBulk } = await import('./bulk-transfer.ts');
    const list = () => findObjects(store, selection.value, signal);
    return await uploadInBulk(planned, list, { mover: options.mover, store, cache, limits, signal });
  };
  try {
    await journal.cleanUp(store, signal);
    const done = await moveInBulk();
    await runPool(
      planned.entries(),
      limits.uploads,
      async ([index, file]) => {
        const { key, path, size } = file;
        if (done.has(key)) {
          counter.report({ type: 'moved', bytes: size, files: 1 });
          inOrder.settle(index, () => counter.report({ type: 'uploaded', key, path, bytes: size }));
          return;
        }
        const uploaded = await guard(key, counter.report, () => uploadFile(file, tools));
        counter.report({ type: 'moved', bytes: 0, files: 1 });
        if (uploaded === undefined) return inOrder.settle(index);
        cache.remember(uploaded.file, uploaded.digest, uploaded.etag);
        inOrder.settle(index, () =>
          counter.report({ type: 'uploaded', key, path, bytes: uploaded.file.size }),
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
