import type { ResolvedFields } from '../config/resolved-fields.ts';
import { sha256 } from '../sha256.ts';
import type { Fingerprint, Side } from './job-spec.ts';

/** What a fingerprint is taken of. */
export interface Fingerprinted {
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
  /** An encoding of model, dataset and hyperparameters, which a trial gets in `TOOLBOX_*`. */
  readonly identity: string;
  readonly fields: ResolvedFields;
}

/** The values a part is made of; compared by identity first, so values that trials share cost nothing. */
type Part = (trial: Fingerprinted) => readonly unknown[];

/**
 * A hash of what a trial would do, as a whole and by part. Values of `.env` are secrets and do not take part,
 * not even hashed: only the names of its variables do. Fields that say where and when a trial runs rather
 * than what it does (labels, node lists, priorities, retries, timeouts) are left out; so are image, resources
 * and files in a local run, which has no use for them.
 *
 * @param secretNames names of the variables of `.env`
 * @param code reference to the code, such as a commit; absent where nobody knows
 */
export function makeFingerprint(
  side: Side,
  secretNames: Iterable<string>,
  code: string | undefined,
): (trial: Fingerprinted) => Fingerprint {
  const secrets = [...secretNames].sort();
  const hidden = new Set(secrets);
  const parts: Record<string, (trial: Fingerprinted) => string> = {
    command: remember(({ command, fields }) =>
      side === 'local'
        ? [command]
        : [command, fields.startup_script, fields.extra_startup_script, fields.conda_home, fields.code],
    ),
    env: remember(
      ({ identity, env }) => [identity, env],
      ([identity, env]) => [
        identity,
        secrets,
        Object.entries(env as Fingerprinted['env'])
          .filter(([name]) => !hidden.has(name))
          .sort(byName),
      ],
    ),
  };
  if (side === 'remote') {
    parts['image'] = remember(({ fields }) => [fields.image]);
    parts['resources'] = remember(({ fields }) => resourceFields.map((name) => fields[name]));
    parts['files'] = remember(({ fields }) => [fields.file]);
  }
  parts['data'] = remember(({ fields }) => [fields.data]);
  parts['outputs'] = remember(({ fields }) => [fields.outputs]);
  parts['code'] = remember(() => [code]);
  const all = Object.entries(parts);
  return (trial) => {
    let whole: string = side;
    const short: Record<string, string> = {};
    for (const [name, hashOf] of all) {
      const hex = hashOf(trial);
      // 128 bits of each are plenty, and less to hash.
      whole += hex.slice(0, 32);
      short[name] = hex.slice(0, 12);
    }
    return { hash: sha256(whole), parts: short };
  };
}

const resourceFields = [
  'gpu_count',
  'special_gpu',
  'cpu_count',
  'memory',
  'ephemeral_storage',
  'limit_ratio',
  'shm_size',
  'volumes',
  'workers',
  'server',
  'identity',
  'runai',
] as const satisfies readonly (keyof ResolvedFields)[];

/** Neighbouring trials share most parts: one made of the same values as the last has its hash already. */
function remember(
  part: Part,
  encode: (values: readonly unknown[]) => unknown = canonical,
): (trial: Fingerprinted) => string {
  let last: readonly unknown[] | undefined;
  let lastHash = '';
  return (trial) => {
    const values = part(trial);
    if (last === undefined || !areSame(values, last)) {
      last = values;
      lastHash = sha256(JSON.stringify(encode(values)));
    }
    return lastHash;
  };
}

function areSame(some: readonly unknown[], others: readonly unknown[]): boolean {
  for (let i = 0; i < some.length; i++) if (some[i] !== others[i]) return false;
  return true;
}

/** The same value with the keys of its mappings in one order: a file's order of keys changes nothing. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .sort(byName)
    .map(([key, item]) => [key, canonical(item)]);
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
