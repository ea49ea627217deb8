import type { Context } from '../context.ts';
import { diagnosticToJson } from '../diagnostics/format-diagnostic.ts';
import { ExitCode } from '../exit-code.ts';
import { openBucket } from '../open-bucket.ts';
import { formatBytes } from '../report/format-bytes.ts';
import { count, counted } from '../report/transfer-progress.ts';
import { findObjects } from '../stores/find-objects.ts';
import { noMatch } from '../stores/no-match.ts';
import type { ObjectInfo, ObjectStore } from '../stores/object-store.ts';
import { type RemoveEvent, removeKeys } from '../stores/remove.ts';
import { printable } from '../stores/safe-key.ts';
import type { SelectionOptions } from '../stores/selection.ts';
import { defineCommand } from './command.ts';
import { selectFlags } from './data/data-flags.ts';
import { outliveReader } from './data/outlive-reader.ts';
import { selectToRemove } from './data/select.ts';
import { keepMemorySmall } from './keep-memory-small.ts';
import { confirm, valueOrAsk } from './prompt.ts';
import { reportDiagnostics } from './report-diagnostics.ts';

export const command = defineCommand({
  name: 'remove',
  flags: {
    ...selectFlags,
    yes: { kind: 'boolean', summary: 'remove without asking' },
    dry_run: { kind: 'boolean', summary: 'list what would be removed, and remove nothing' },
  },
  example: "make remove file='outputs/*-debug-*'",
  async run(options, context) {
    const file = await valueOrAsk(options.file, 'file', 'What to remove (a key or pattern): ', context);
    selectToRemove(file, options, context);
    keepMemorySmall();
    const { store } = await openBucket(context);
    try {
      return await removeMatching(store, { ...options, file }, context, async (objects) => {
        if (!options.yes) context.stderr.write(listing(objects));
        const bytes = objects.reduce((sum, object) => sum + object.size, 0);
        const question = `Remove ${counted(objects.length, 'object')}, ${formatBytes(bytes)}, from ${store.name}?`;
        const agreed = await confirm(question, options, context);
        if (agreed) outliveReader(context);
        else context.stderr.write('Nothing removed\n');
        return agreed;
      });
    } finally {
      store.close();
    }
  },
});

/**
 * Removes what matches, if `agree` says so.
 *
 * @throws DiagnosticError where nothing matches
 */
export async function removeMatching(
  store: ObjectStore,
  options: SelectionOptions & { readonly file: string; readonly dry_run: boolean; readonly json: boolean },
  context: Context,
  agree: (objects: readonly ObjectInfo[]) => Promise<boolean>,
): Promise<ExitCode> {
  const objects = await findObjects(store, selectToRemove(options.file, options, context), context.signal);
  if (objects.length === 0)
    throw await noMatch('key', `in ${store.name}`, { ...options, root: context.cwd }, async (all) => {
      return (await findObjects(store, all, context.signal)).length;
    });
  if (options.dry_run) {
    const lines = objects.map(({ key }) =>
      options.json ? JSON.stringify({ type: 'would-remove', key }) : `Would remove ${printable(key)}`,
    );
    context.stdout.write(`${lines.join('\n')}\n`);
    return ExitCode.ok;
  }
  if (!(await agree(objects))) return ExitCode.refused;
  return await removeAndReport(store, objects, options, context);
}

/** Removes the objects of a complete listing, with a line each. */
export async function removeAndReport(
  store: ObjectStore,
  objects: readonly ObjectInfo[],
  options: { readonly json: boolean },
  context: Context,
): Promise<ExitCode> {
  const report = (event: RemoveEvent) => {
    if (options.json) {
      const shown =
        event.type === 'failed' ? { ...event, diagnostic: diagnosticToJson(event.diagnostic) } : event;
      context.stdout.write(`${JSON.stringify(shown)}\n`);
    } else if (event.type === 'failed') reportDiagnostics([event.diagnostic], context);
    else context.stdout.write(`Removed ${printable(event.key)}\n`);
  };
  const keys = objects.map((object) => object.key);
  const summary = await removeKeys(store, keys, { report, signal: context.signal });
  if (options.json) context.stdout.write(`${JSON.stringify({ type: 'summary', ...summary })}\n`);
  else {
    const failed = summary.failed > 0 ? `; ${count(summary.failed)} failed` : '';
    context.stderr.write(`Removed ${counted(summary.removed, 'object')}${failed}\n`);
  }
  return summary.failed > 0 ? ExitCode.failed : ExitCode.ok;
}

const mostShown = 100;

function listing(objects: readonly ObjectInfo[]): string {
  const shown = objects
    .slice(0, mostShown)
    .map(({ key, size }) => `  ${printable(key)} (${formatBytes(size)})\n`);
  const rest = objects.length > mostShown ? `  … and ${count(objects.length - mostShown)} more\n` : '';
  return shown.join('') + rest;
}
