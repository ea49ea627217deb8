import { executors } from '../../backends.ts';
import type { Context } from '../../context.ts';
import { type Diagnostic, warningDiagnostic } from '../../diagnostics/diagnostic.ts';
import { gather } from '../../executors/kubernetes/gather.ts';
import { launch } from '../../executors/kubernetes/launch.ts';
import type { LaunchStep } from '../../executors/kubernetes/launch-step.ts';
import { throwRefused } from '../../executors/kubernetes/namespace-api.ts';
import { prepareAll } from '../../executors/kubernetes/prepare-all.ts';
import { collectSupport, hasOtherSupport, supportYouth } from '../../executors/kubernetes/support-garbage.ts';
import { ExitCode } from '../../exit-code.ts';
import type { Overwrite } from '../../matrix/decide.ts';
import type { JobSpec } from '../../matrix/job-spec.ts';
import type { LaunchPlan } from '../../matrix/launch-plan.ts';
import { readPack } from '../../matrix/pack.ts';
import type { Only } from '../../matrix/select.ts';
import { usesPacks } from '../../matrix/uses-packs.ts';
import { DiskRecordStore } from '../../records/record-store.ts';
import { formatInterrupted, formatPacked, formatStep, formatSummary } from '../../report/launch-lines.ts';
import { LineBatch } from '../line-batch.ts';
import { chosenBy } from '../local/select-locally.ts';
import { openSweep } from '../render/open-sweep.ts';
import { reportDiagnostics } from '../report-diagnostics.ts';
import { EarlyListing } from './early-listing.ts';
import { planPacks } from './plan-packs.ts';
import { storeCode } from './store-code.ts';
import { waitForTrials } from './wait-for-trials.ts';

export interface LaunchJobsOptions {
  readonly where: string | undefined;
  readonly only: Only | undefined;
  readonly overwrite: Overwrite | undefined;
  readonly wait: boolean;
  readonly max_parallel: number | undefined;
  readonly yes: boolean;
  readonly json?: boolean;
}

/** From the project's files to one Job a trial: `make job`. */
export async function launchJobs(options: LaunchJobsOptions, context: Context): Promise<ExitCode> {
  const json = options.json === true;
  using early = new EarlyListing(context);
  const {
    config,
    matrix,
    plan,
    renderer,
    code: pinned,
  } = await openSweep(context, (read) => early.begin(read, options));
  const { cluster, listing } = early.begun;
  const { api, owner } = cluster;
  const { KubernetesExecutor } = await executors.kubernetes();
  const records = new DiskRecordStore(context.cwd, (warning) =>
    reportDiagnostics([warning], context, { json }),
  );
  const specs = chosenBy(options.where, { plan, matrix });
  const maxParallel = options.max_parallel ?? config.project.max_parallel;
  using lines = new LineBatch(context.stdout);
  const report = (step: LaunchStep) => {
    if (json) lines.write(JSON.stringify({ type: 'job', ...step, diagnostics: undefined }));
    else lines.write(...formatStep(step));
    if (step.diagnostics.length > 0) lines.flush();
    reportDiagnostics(step.diagnostics, context, { json });
  };
  const executor = new KubernetesExecutor({
    api,
    owner,
    renderer,
    before: () => storeCode(pinned, cluster, context),
    warn: (warning) => reportDiagnostics([warning], context, { json }),
  });
  const check = async (chosen: readonly JobSpec[], isReplacing: boolean) => {
    const prepared = prepareAll(executor, chosen).values();
    if (isReplacing) await Promise.all(prepared.map((each) => executor.tryCreate(each, context.signal)));
  };
  let isRefused = false;
  // The trials are made while the server makes its pages.
  const [listed, trials] = await Promise.all([
    listing.catch((error) => {
      isRefused = true;
      return throwRefused('the Jobs cannot be listed', error);
    }),
    gather(specs, () => !isRefused),
  ]);
  const { items } = listed;
  // Trials may run in packs that today's files know nothing of.
  const hasPacks =
    usesPacks(config) || items.some(({ metadata }) => readPack(metadata.annotations) !== undefined);
  const packs = hasPacks
    ? await planPacks(
        trials,
        items,
        cluster,
        config,
        { ...options, records, root: context.cwd, check },
        context,
      )
    : undefined;
  packs?.kept.forEach(report);
  for (const spec of packs?.specs ?? []) {
    const trials = readPack(spec.fields.annotations) ?? [];
    if (!json)
      for (const { name } of trials) lines.write(formatPacked(name, spec.name, packs?.changed.get(name)));
  }
  const launched = await launch(packs?.specs ?? trials, {
    executor,
    listing:
      packs === undefined
        ? listing
        : Promise.resolve({
            ...listed,
            items: items.filter(({ metadata }) => !packs.retired.has(metadata.uid)),
          }),
    records,
    root: context.cwd,
    // What is packed has been decided about.
    overwrite: packs === undefined ? options.overwrite : 'true',
    only: packs === undefined ? options.only : undefined,
    maxParallel,
    concurrency: config.project.concurrency,
    report,
    notice: (sentence) => {
      lines.flush();
      context.stderr.write(`${sentence}\n`);
    },
    interrupted(made, all) {
      lines.flush();
      context.stderr.write(`${formatInterrupted(made, all, options.overwrite === 'true')}\n`);
    },
    now: context.now(),
    signal: context.signal,
  });
  // The same cluster by another address: nothing had to be created, and the sweep is here all the same.
  if (items.length > 0) await cluster.keep();
  const { steps } = launched;
  // Those of packs that are left as they are, `launch` has not seen.
  const kept = packs?.kept ?? [];
  const { holders, ...rest } = launched;
  const summary = {
    ...rest,
    outside: holders.length === 0 ? [] : outsideOf(plan, holders),
    steps: { ...steps, kept: steps.kept + kept.length },
    changed: launched.changed + kept.filter(({ changed }) => changed.length > 0).length,
  };
  if (json)
    lines.write(JSON.stringify({ type: 'summary', ...summary, applied: undefined, lacking: undefined }));
  lines.flush();
  if (!json) context.stderr.write(`${formatSummary(summary)}\n`);
  for (const title of summary.lacking) reportDiagnostics([warnOfLacking(title)], context, { json });
  // An older .env has left a Secret that replaced Jobs, or Jobs that a TTL has removed, were the last to use.
  if (
    summary.steps.replaced + summary.steps.created > 0 &&
    (await hasOtherSupport(api, owner, summary.applied, context.signal))
  )
    await collectSupport(api, owner, { keep: summary.applied, youth: supportYouth }, context.signal);
  const code = summary.steps.rejected + summary.steps.left > 0 ? ExitCode.refused : ExitCode.ok;
  if (!options.wait) return code;
  const waited = await waitForTrials(cluster, specs, { json, maxParallel, records }, context);
  return waited === ExitCode.ok ? code : waited;
}

/** Of these Jobs, those that are no trials of the whole plan: of files as they were before. */
function outsideOf(plan: LaunchPlan, jobs: readonly string[]): readonly string[] {
  const others = new Set(jobs);
  for (const { name } of plan.commands()) others.delete(name);
  return [...others];
}

function warnOfLacking(title: string): Diagnostic {
  return warningDiagnostic('KUBE_NEED_GONE', `pods wait for ${title}, which is not there`, {
    hint: 'what it was made of has changed since: make job overwrite=true where=… creates such a Job anew',
  });
}
