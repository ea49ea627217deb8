import type { Context } from '../../context.ts';
import { DiagnosticError } from '../../diagnostics/diagnostic.ts';
import { hintFor } from '../../diagnostics/nearest-name.ts';
import { isApiError } from '../../executors/kubernetes/api-error.ts';
import { inOrder } from '../../executors/kubernetes/in-order.ts';
import { judgeJob } from '../../executors/kubernetes/job-state.ts';
import { keepPack } from '../../executors/kubernetes/keep-pack.ts';
import { throwRefused } from '../../executors/kubernetes/namespace-api.ts';
import {
  type Job,
  jobs,
  type KubeObject,
  type Pod,
  pods,
  type Resource,
} from '../../executors/kubernetes/objects.ts';
import { OutcomeMemory } from '../../executors/kubernetes/outcome-memory.ts';
import { isOurs, ownerSelector } from '../../executors/kubernetes/owner.ts';
import { deletionPatience, removeObject } from '../../executors/kubernetes/remove-object.ts';
import { keepOutcome } from '../../executors/kubernetes/retire-job.ts';
import {
  collectSupport,
  findUnusedSupport,
  supportYouth,
} from '../../executors/kubernetes/support-garbage.ts';
import { ExitCode } from '../../exit-code.ts';
import { parseGlob } from '../../glob.ts';
import { hasFailed } from '../../matrix/decide.ts';
import { readPack } from '../../matrix/pack.ts';
import { DiskRecordStore } from '../../records/record-store.ts';
import { formatStopped } from '../../report/launch-lines.ts';
import type { DeleteOptions } from '../delete-options.ts';
import { openProject, usesRunai } from '../project.ts';
import { confirm } from '../prompt.ts';
import { reportDiagnostics } from '../report-diagnostics.ts';
import { openPlace } from './last-launch.ts';
import { type Cluster, openCluster } from './open-cluster.ts';

interface Target {
  readonly resource: Resource<KubeObject>;
  readonly object: KubeObject;
  /** As kubectl names it: `job.batch/NAME`. */
  readonly title: string;
  readonly state: string;
}

/** Lists this user's workloads of this project, asks, and removes them with what they own. */
export async function deleteWorkloads(options: DeleteOptions, context: Context): Promise<ExitCode> {
  const json = options.json === true;
  if (await usesRunai(context)) {
    const { deleteRunaiWorkloads } = await import('../runai/delete-workloads.ts');
    return await deleteRunaiWorkloads(await openProject(context), options, context);
  }
  const config = await openPlace(context);
  using cluster = await openCluster(config, { yes: options.yes }, context);
  const { api, owner } = cluster;
  const labels = ownerSelector(owner);
  const { signal } = context;
  const list = async <T extends KubeObject>(resource: Resource<T>): Promise<readonly T[]> =>
    // A listing is whole or an error; nothing is ever deleted from half of one.
    (
      await api
        .list(resource, { labels }, signal)
        .catch((error) => throwRefused(`the ${resource.plural} cannot be listed`, error))
    ).items;
  const jobList = options.what === 'pods' ? [] : await list<Job>(jobs);
  const podList = options.what === 'all' || options.what === 'pods' ? await list<Pod>(pods) : [];
  const glob = options.name === undefined ? undefined : parseGlob(options.name);
  const ours = [...jobTargets(jobList, options.what), ...podTargets(podList)].filter(({ object }) =>
    isOurs(object, owner),
  );
  const targets = ours.filter(
    ({ object }) => glob === undefined || namesOf(object).some((name) => glob.matches(name)),
  );
  const isAll = options.what === 'all' && glob === undefined;
  // What Jobs have left that a TTL has removed, or a launch that was killed.
  if (targets.length === 0 && isAll) {
    const unused = await findUnusedSupport(api, owner, { keep: new Set(), youth: 0 }, signal).catch(
      (error) => (isApiError(error, 'Forbidden') ? [] : throwRefused('what is left cannot be listed', error)),
    );
    targets.push(...unused.map((each) => ({ ...each, state: 'nothing uses it' })));
  }
  if (targets.length === 0) {
    context.stderr.write(
      `${describeWanted(options)} of user=${owner.user}, project=${owner.project} in namespace ${api.namespace}: nothing to delete\n`,
    );
    const hint =
      options.name && hintFor(options.name, new Set(ours.flatMap(({ object }) => namesOf(object))));
    if (hint) context.stderr.write(`  hint: ${hint}\n`);
    return ExitCode.ok;
  }
  // Whoever has not said yes is to see what it would be.
  if (!json || !options.yes)
    for (const { title, state } of targets) context.stderr.write(`${title}  ${state}\n`);
  const count = targets.length === 1 ? 'this 1 object' : `these ${targets.length} objects`;
  if (!(await confirm(`Delete ${count} in namespace ${api.namespace}?`, { yes: options.yes }, context))) {
    context.stderr.write('nothing was deleted\n');
    return ExitCode.refused;
  }
  const records = new DiskRecordStore(context.cwd, (warning) =>
    reportDiagnostics([warning], context, { json }),
  );
  const outcomes = new OutcomeMemory(api, records);
  let stuck = 0;
  let deleted = 0;
  await inOrder(
    targets,
    config.project.concurrency,
    async ({ resource, object, title }) => {
      const { name, uid } = object.metadata;
      try {
        // How its trials ended is known when a pack is gone, too, as it is where each has a Job of its own.
        if (resource === jobs) {
          await keepPack(object, { api, records, root: context.cwd, signal });
          const { observation } = judgeJob(object);
          if (readPack(object.metadata.annotations) === undefined && hasFailed(observation.state))
            await keepOutcome(object, { api, records, root: context.cwd, signal });
          else await outcomes.see(object, observation, signal);
        }
        await removeObject(api, resource, { name, uid }, signal);
        deleted += 1;
        // Who clears away what has failed means to keep what has succeeded beside it in a pack.
        if (resource === jobs && options.what !== 'failed-jobs') await outcomes.seeDeleted(object);
        return { title, diagnostics: [] };
      } catch (error) {
        if (error instanceof DiagnosticError && error.diagnostics[0]?.code === 'KUBE_STUCK')
          return { title, diagnostics: error.diagnostics };
        return throwRefused(`${title} cannot be deleted`, error);
      }
    },
    ({ title, diagnostics }) => {
      if (diagnostics.length > 0) stuck += 1;
      else
        context.stdout.write(
          json ? `${JSON.stringify({ type: 'deleted', object: title })}\n` : `${title} deleted\n`,
        );
      reportDiagnostics(diagnostics, context, { json });
    },
  )
    .then(() => waitForPods(cluster, new Set(targets.map(({ object }) => object.metadata.uid)), context))
    .catch((error) => {
      if (signal.aborted) context.stderr.write(`${formatStopped(deleted, targets.length, 'object')}\n`);
      throw error;
    });
  // Whoever removes everything removes what is young, too; else it may be what a sweep is about to use.
  const youth = isAll ? 0 : supportYouth;
  const { removed, left } = await collectSupport(api, owner, { keep: new Set(), youth }, signal);
  for (const title of removed) context.stderr.write(`${title} deleted, nothing uses it any more\n`);
  for (const title of left) context.stderr.write(`${title} is left: you may not delete it\n`);
  return stuck > 0 ? ExitCode.refused : ExitCode.ok;
}

/** A Job is gone at once, and its pods go on until their grace period is over: they still hold GPUs and quota. */
async function waitForPods(
  { api, owner }: Cluster,
  deleted: ReadonlySet<string>,
  context: Context,
): Promise<void> {
  const { policy } = api.client;
  const start = policy.now();
  for (let wait = 50; ; wait = Math.min(wait * 2, 2000)) {
    const { items } = await api
      .list(pods, { labels: ownerSelector(owner) }, context.signal)
      .catch((error) => throwRefused('the pods cannot be listed', error));
    const left = items.filter(({ metadata }) =>
      metadata.ownerReferences?.some(({ uid }) => deleted.has(uid)),
    );
    if (left.length === 0) return;
    if (policy.now() - start > deletionPatience) {
      context.stderr.write(`${left.length} pods are still ending: ${left.map(nameOf).join(', ')}\n`);
      return;
    }
    await policy.sleep(wait, context.signal);
  }
}

/** What was looked for and is not there: `no failed Jobs`, `no pods named "x"`. */
function describeWanted({ what, name }: DeleteOptions): string {
  const kind = { all: 'workloads', jobs: 'Jobs', pods: 'pods', 'failed-jobs': 'failed Jobs' }[what];
  return `no ${kind}${name === undefined ? '' : ` named "${name}"`}`;
}

function nameOf({ metadata }: KubeObject): string {
  return metadata.name;
}

function jobTargets(list: readonly Job[], what: DeleteOptions['what']): readonly Target[] {
  return list.flatMap((object) => {
    const { observation } = judgeJob(object);
    if (what === 'failed-jobs' && !hasFailed(observation.state)) return [];
    const state =
      observation.reason === undefined ? observation.state : `${observation.state}: ${observation.reason}`;
    const [, ...trials] = namesOf(object);
    const held = trials.length === 0 ? '' : `, with ${trials.join(', ')}`;
    return [{ resource: jobs, object, title: `job.batch/${object.metadata.name}`, state: `${state}${held}` }];
  });
}

/** What an object can be called by: its name, and those of the trials packed into it. */
function namesOf({ metadata }: KubeObject): readonly string[] {
  return [metadata.name, ...(readPack(metadata.annotations) ?? []).map(({ name }) => name)];
}

/** Pods of Jobs go with their Jobs. */
function podTargets(list: readonly Pod[]): readonly Target[] {
  return list
    .filter((object) => object.metadata.ownerReferences?.some((owner) => owner.kind === 'Job') !== true)
    .map((object) => ({
      resource: pods,
      object,
      title: `pod/${object.metadata.name}`,
      state: object.status?.phase ?? '',
    }));
}
