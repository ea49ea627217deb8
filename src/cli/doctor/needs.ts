import type { ResolvedFields } from '../../config/resolved-fields.ts';
import type { LaunchPlan } from '../../matrix/launch-plan.ts';
import { parseQuantity } from '../../render/legal-values.ts';
import { affinityOf } from '../../render/placement.ts';
import { resourcesOf } from '../../render/resources.ts';

/** What the trials of a plan ask of a cluster, each thing once. */
export interface Needs {
  readonly pullSecrets: readonly string[];
  readonly claims: readonly string[];
  /** Fields whose lists and selectors of nodes differ from each other's. */
  readonly placements: readonly ResolvedFields[];
  /** The most any one trial asks of each resource, as quotas name it: `requests.cpu`, `limits.memory`. */
  readonly largest: ReadonlyMap<string, string | number>;
}

/** Trials looked at: a sweep of more repeats itself. */
const enough = 20_000;

/** A trial that any node will do for. */
const nowhere = JSON.stringify([undefined, {}]);

export function needsOf(plan: LaunchPlan): Needs {
  const pullSecrets = new Set<string>();
  const claims = new Set<string>();
  const placements = new Map<string, ResolvedFields>();
  const largest = new Map<string, string | number>();
  let last: ResolvedFields | undefined;
  for (let index = 0; index < Math.min(plan.length, enough); index += 1) {
    const { fields } = plan.at(index);
    if (fields === last) continue;
    last = fields;
    for (const name of fields.image_pull_secrets) pullSecrets.add(name);
    for (const name of Object.keys(fields.volumes)) claims.add(name);
    const scratch = fields.identity?.scratch?.claim;
    if (scratch !== undefined) claims.add(scratch);
    const placement = JSON.stringify([affinityOf(fields), fields.node_selector]);
    if (placement !== nowhere) placements.set(placement, fields);
    addAmounts(largest, fields);
  }
  return {
    pullSecrets: [...pullSecrets],
    claims: [...claims],
    placements: [...placements.values()],
    largest,
  };
}

function addAmounts(largest: Map<string, string | number>, fields: ResolvedFields): void {
  const { requests, limits } = resourcesOf(fields);
  const pods = fields.workers + 1;
  const add = (name: string, amount: string | number): void => {
    const [, number = '0', unit = ''] = /^([\d.]+)(.*)$/.exec(String(amount)) ?? [];
    const total = `${Number(number) * pods}${unit}`;
    const known = largest.get(name);
    if (known === undefined || quantityOf(total) > quantityOf(known)) largest.set(name, total);
  };
  for (const [name, amount] of Object.entries(requests)) {
    add(`requests.${name}`, amount);
    // A quota may name requests of these three without saying so.
    if (['cpu', 'memory', 'ephemeral-storage'].includes(name)) add(name, amount);
  }
  for (const [name, amount] of Object.entries(limits)) if (!name.includes('/')) add(`limits.${name}`, amount);
  largest.set('pods', Math.max(pods, Number(largest.get('pods') ?? 0)));
  largest.set('count/pods', Math.max(pods, Number(largest.get('count/pods') ?? 0)));
  largest.set('count/jobs.batch', 1);
}

function quantityOf(amount: string | number): number {
  return parseQuantity(amount) ?? 0;
}
