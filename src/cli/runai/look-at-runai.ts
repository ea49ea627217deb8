import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../../config/config.ts';
import type { Context } from '../../context.ts';
import { recallWorkload } from '../../executors/runai/launch.ts';
import { runaiExecutorName } from '../../executors/runai/runai-executor.ts';
import type { Outlook, Views } from '../cluster/print-cluster-status.ts';
import { openRunai } from './open-runai.ts';

/** Milliseconds between two looks at run:ai's listing. */
const watchInterval = 5000;

/** How trials stand on run:ai: its listing, and records for fingerprints and for what is gone from it. */
export async function lookAtRunai(config: Config, context: Context): Promise<Outlook> {
  const { executor, records } = await openRunai(config, context);
  const once = async (): Promise<Views> => {
    const there = await executor.list(context.signal);
    const known = await records.readAll();
    const views = new Map<string, { observation: NonNullable<ReturnType<typeof recallWorkload>> }>();
    for (const [name, listed] of there) {
      const observation = recallWorkload(listed, known.get(name));
      if (observation !== undefined) views.set(name, { observation });
    }
    for (const [name, record] of known) {
      if (views.has(name) || record.executor !== runaiExecutorName) continue;
      const gone = { name, state: 'missing', reason: 'deleted before it was seen to end' } as const;
      views.set(name, { observation: recallWorkload(undefined, record) ?? gone });
    }
    return views;
  };
  return {
    once,
    async *watch() {
      for (let last = ''; ; await sleep(watchInterval, undefined, { signal: context.signal })) {
        const views = await once();
        const text = JSON.stringify([...views]);
        if (text !== last) yield views;
        last = text;
      }
    },
  };
}
