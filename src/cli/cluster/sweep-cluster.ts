import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '../../context.ts';
import {
  type Diagnostic,
  DiagnosticError,
  errorDiagnostic,
  warningDiagnostic,
} from '../../diagnostics/diagnostic.ts';
import { ExitCode } from '../../exit-code.ts';
import { sweepClusterPath } from '../../records/sweep-cluster-path.ts';
import { canAsk, confirm } from '../prompt.ts';
import { reportDiagnostics } from '../report-diagnostics.ts';

interface Place {
  readonly context: string;
  readonly server: string;
  readonly namespace: string;
}

/** Where a sweep was started, kept in `.toolbox/cluster.json`. */
export interface SweepCluster extends Place {
  /** Whose it is, to find it again where the files have mistakes; older versions have not kept it. */
  readonly user?: string | undefined;
  readonly project?: string | undefined;
}

/**
 * Refuses to go on where the files and the kubeconfig do not lead to the cluster the sweep was started on: half a sweep
 * here and half there, or the Jobs of another cluster taken for missing. The user may confirm.
 *
 * @returns keeps this cluster, for when something of the sweep is known to be on it; `undefined` where it is kept, or
 *   the command does not write
 * @throws DiagnosticError KUBE_OTHER_CLUSTER (exit 2)
 */
export async function checkSweepCluster(
  asked: SweepCluster,
  options: { readonly yes: boolean; readonly isWriting: boolean },
  context: Context,
): Promise<(() => Promise<void>) | undefined> {
  const kept = await readSweepCluster(context.cwd);
  if (kept === undefined) return () => write(context.cwd, asked);
  const other = compare(kept, asked);
  if (other === undefined) return undefined;
  // Whoever says yes to a deletion may not know that it is elsewhere.
  if (options.yes) reportDiagnostics([warningDiagnostic(other.code, other.message)], context);
  const goesOn =
    (options.yes || canAsk(context)) && (await confirm(`${other.message}; go on there?`, options, context));
  if (!goesOn) throw new DiagnosticError(other, ExitCode.usage);
  return options.isWriting ? () => write(context.cwd, asked) : undefined;
}

/** What is to be said where the sweep was started elsewhere; `undefined` where it was not. */
export async function findOtherCluster(asked: Place, root: string): Promise<Diagnostic | undefined> {
  const kept = await readSweepCluster(root);
  return kept === undefined ? undefined : compare(kept, asked);
}

/** The server is what counts: the same cluster may have several contexts. */
function compare(kept: Place, asked: Place): Diagnostic | undefined {
  const on = 'make job yes=true starts it anew';
  if (kept.server === asked.server) {
    if (kept.namespace === asked.namespace) return undefined;
    return errorDiagnostic(
      'KUBE_OTHER_CLUSTER',
      `this sweep was started in namespace "${kept.namespace}", and config/kube.yaml says "${asked.namespace}"`,
      { hint: `write namespace: ${kept.namespace} again, or go on in "${asked.namespace}": ${on} there` },
    );
  }
  const back =
    kept.context === asked.context
      ? 'fetch the kubeconfig of that cluster'
      : `kubectl config use-context ${kept.context}`;
  return errorDiagnostic(
    'KUBE_OTHER_CLUSTER',
    `this sweep was started on ${describe(kept)}, and the kubeconfig leads to ${describe(asked)}`,
    { hint: `${back}, or go on at ${asked.server}: ${on} there` },
  );
}

function describe({ context, server, namespace }: Place): string {
  return `${server} (context "${context}", namespace ${namespace})`;
}

/** `undefined` where no sweep has been started. */
export async function readSweepCluster(root: string): Promise<SweepCluster | undefined> {
  try {
    const { context, server, namespace, user, project } = JSON.parse(
      await readFile(join(root, sweepClusterPath), 'utf8'),
    ) as Partial<SweepCluster>;
    if (context === undefined || server === undefined || namespace === undefined) return undefined;
    return { context, server, namespace, user, project };
  } catch {
    // None yet, or cut short: then nothing is known, and nothing refused.
    return undefined;
  }
}

async function write(root: string, cluster: SweepCluster): Promise<void> {
  await mkdir(join(root, '.toolbox'), { recursive: true });
  const whole = join(root, `${sweepClusterPath}.${process.pid}.tmp`);
  await writeFile(whole, `${JSON.stringify(cluster, null, 2)}\n`);
  await rename(whole, join(root, sweepClusterPath));
}
