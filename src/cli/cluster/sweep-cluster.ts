import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '../../context.ts';
import { DiagnosticError, errorDiagnostic } from '../../diagnostics/diagnostic.ts';
import { ExitCode } from '../../exit-code.ts';
import { canAsk, confirm } from '../prompt.ts';

/** Where a sweep was started, kept in `.toolbox/cluster.json`. */
export interface SweepCluster {
  readonly context: string;
  readonly server: string;
  readonly namespace: string;
}

const file = '.toolbox/cluster.json';

/**
 * Refuses to go on where the current context is not the cluster the sweep was started on: half a sweep here and
 * half there, or the Jobs of another cluster taken for missing. The user may confirm, and that is kept.
 * A command that writes keeps where it went.
 *
 * @throws DiagnosticError KUBE_OTHER_CLUSTER (exit 2)
 */
export async function checkSweepCluster(
  asked: SweepCluster,
  options: { readonly yes: boolean; readonly isWriting: boolean },
  context: Context,
): Promise<void> {
  const kept = await read(context.cwd);
  if (kept !== undefined && !isSame(kept, asked)) {
    const question = `this sweep was started on ${describe(kept)}, and the current context leads to ${describe(asked)}`;
    const goesOn =
      (options.yes || canAsk(context)) && (await confirm(`${question}; go on there?`, options, context));
    if (!goesOn)
      throw new DiagnosticError(
        errorDiagnostic('KUBE_OTHER_CLUSTER', question, {
          hint: `kubectl config use-context ${kept.context}, or add yes=true to go on there`,
        }),
        ExitCode.usage,
      );
  }
  if (options.isWriting && (kept === undefined || !isSame(kept, asked))) await write(context.cwd, asked);
}

/** The server is what counts: the same cluster may have several contexts. */
function isSame(a: SweepCluster, b: SweepCluster): boolean {
  return a.server === b.server && a.namespace === b.namespace;
}

function describe({ context, namespace }: SweepCluster): string {
  return `context "${context}" (namespace ${namespace})`;
}

async function read(root: string): Promise<SweepCluster | undefined> {
  try {
    const { context, server, namespace } = JSON.parse(
      await readFile(join(root, file), 'utf8'),
    ) as Partial<SweepCluster>;
    if (context === undefined || server === undefined || namespace === undefined) return undefined;
    return { context, server, namespace };
  } catch {
    // None yet, or cut short: then nothing is known, and nothing refused.
    return undefined;
  }
}

async function write(root: string, cluster: SweepCluster): Promise<void> {
  await mkdir(join(root, '.toolbox'), { recursive: true });
  const whole = join(root, `${file}.${process.pid}.tmp`);
  await writeFile(whole, `${JSON.stringify(cluster, null, 2)}\n`);
  await rename(whole, join(root, file));
}
