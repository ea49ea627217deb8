import type { Context } from '../../context.ts';
import { ApiError } from '../../executors/kubernetes/api-error.ts';
import { refused } from '../../executors/kubernetes/namespace-api.ts';
import { quotas } from '../../executors/kubernetes/objects.ts';
import { ExitCode } from '../../exit-code.ts';
import { formatQuotaRows, readQuota } from '../../report/quota.ts';
import { layOut } from '../../report/table.ts';
import { openProject } from '../project.ts';
import { writeLines } from '../write-lines.ts';
import { openCluster } from './open-cluster.ts';

/** `make quota`: GPUs, cores, memory and what else the namespace's quotas bound: used, allowed and left. */
export async function showQuota(
  options: { readonly yes: boolean; readonly json: boolean },
  context: Context,
): Promise<ExitCode> {
  const config = await openProject(context);
  using cluster = await openCluster(config, { yes: options.yes }, context);
  const { api } = cluster;
  const { items } = await api.list(quotas, {}, context.signal).catch((error) => {
    throw error instanceof ApiError ? refused('the resource quotas cannot be listed', error) : error;
  });
  const rows = items.flatMap(readQuota);
  if (options.json) {
    await writeLines(context, rows, (row) => JSON.stringify({ type: 'quota', ...row }));
    return ExitCode.ok;
  }
  if (rows.length === 0) {
    context.stderr.write(`namespace ${api.namespace} has no quota: what its nodes have is the limit\n`);
    return ExitCode.ok;
  }
  const table = layOut(formatQuotaRows(rows), { color: false, isState: () => undefined });
  await writeLines(context, table, (line) => line);
  return ExitCode.ok;
}
