import type { Config } from '../../config/config.ts';
import type { Context } from '../../context.ts';
import type { Observation } from '../../executors/executor.ts';
import { recallWorkload } from '../../executors/runai/launch.ts';
import type { DiskRecordStore } from '../../records/record-store.ts';
import { openRunai } from './open-runai.ts';

/** How trials stand on run:ai, by name: its listing, and records for what is gone from it. */
export async function observeOnRunai(
  config: Config,
  records: DiskRecordStore,
  context: Context,
): Promise<(name: string) => Observation | undefined> {
  const { executor } = await openRunai(config, context);
  const there = await executor.list(context.signal);
  return (name) => recallWorkload(there.get(name), records.readListed(name));
}
