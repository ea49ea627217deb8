import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from '../../context.ts';
import type { Observation } from '../../executors/executor.ts';
import { inOrder } from '../../executors/kubernetes/in-order.ts';
import { recallWorkload } from '../../executors/runai/launch.ts';
import { runaiExecutorName } from '../../executors/runai/runai-executor.ts';
import { hasFailed } from '../../matrix/decide.ts';
import { interactivePod } from '../../render/interactive-pod.ts';
import type { Look, Outlook } from '../cluster/print-cluster-status.ts';
import type { ProjectPlan } from '../project.ts';
import { maxProcesses, openRunai } from './open-runai.ts';
import { continueSweep } from './submit-trials.ts';

/** Milliseconds between two looks at run:ai's listing. */
const watchInterval = 5000;

/** Workloads that are asked about one by one; the others of a large sweep wait, or failed, for the same reasons. */
const maxExplained = 16;

/** How trials stand on run:ai: its listing, and records for fingerprints and for what is gone from it. */
export async function lookAtRunai({ config, plan }: ProjectPlan, context: Context): Promise<Outlook> {
  const runai = await openRunai(config, context);
  const { executor, records } = runai;
  const { signal } = context;
  const names = new Set([...plan].map(({ name }) => name));
  const explained = new Map<string, string | undefined>();
  const explain = async (views: Map<string, { observation: Observation }>): Promise<void> => {
    const unclear = [...views.values()]
      .map(({ observation }) => observation)
      .filter(({ state }) => state === 'pending' || hasFailed(state))
      .slice(0, maxExplained);
    await inOrder(
      unclear,
      maxProcesses,
      async (observation) => {
        const { name, state } = observation;
        // How it failed does not change; what it waits for does.
        const key = hasFailed(state) ? `${name} ${observation.startedAt}` : undefined;
        const reason =
          key !== undefined && explained.has(key) ? explained.get(key) : await executor.explain(name, signal);
        if (key !== undefined) explained.set(key, reason);
        return { observation, reason };
      },
      ({ observation, reason }) => {
        if (reason !== undefined) views.set(observation.name, { observation: { ...observation, reason } });
      },
    );
  };
  const once = async (): Promise<Look> => {
    // Whoever looks keeps the sweep going.
    await continueSweep(runai, plan, { json: false }, config, context);
    const there = await executor.list(context.signal);
    const known = await records.readAll();
    const views = new Map<string, { observation: Observation }>();
    const { name: first } = interactivePod(config);
    const interactive = [...there.values()].filter(
      ({ name }) => name === first || name.startsWith(`${first}-`),
    );
    for (const [name, listed] of there) {
      // The listing holds other people's, too.
      if (!names.has(name)) continue;
      const observation = recallWorkload(listed, known.get(name));
      if (observation !== undefined) views.set(name, { observation });
    }
    await explain(views);
    for (const [name, record] of known) {
      if (views.has(name) || !names.has(name) || record.executor !== runaiExecutorName) continue;
      const gone = { name, state: 'missing', reason: 'deleted before it was seen to end' } as const;
      views.set(name, { observation: recallWorkload(undefined, record) ?? gone });
    }
    return { views, interactive };
  };
  return {
    once,
    async *watch() {
      for (let last = ''; ; await sleep(watchInterval, undefined, { signal: context.signal })) {
        const look = await once();
        const text = JSON.stringify([...look.views, ...look.interactive]);
        if (text !== last) yield look;
        last = text;
      }
    },
  };
}
