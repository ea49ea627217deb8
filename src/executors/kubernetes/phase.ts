import type { Observation } from '../executor.ts';
import type { Condition } from './objects.ts';

export type Phase =
  | 'waiting'
  | 'suspended'
  | 'queued'
  | 'starting'
  | 'pulling'
  | 'image error'
  | 'config error'
  | 'crashing'
  | 'running'
  | 'succeeded'
  | 'failed'
  | 'out of memory'
  | 'evicted'
  | 'timeout'
  | 'deleting';

/** How a Job or a pod stands, for a person. */
export type Judgement = Omit<Observation, 'name' | 'fingerprint'> & { readonly phase: Phase };

export function holds(conditions: readonly Condition[] | undefined, type: string): Condition | undefined {
  return conditions?.find((each) => each.type === type && each.status === 'True');
}

export function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= 200 ? line : `${line.slice(0, 199)}…`;
}
