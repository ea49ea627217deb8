import { sha256 } from '../sha256.ts';
import type { JobSpec } from './job-spec.ts';
import { maxNameLength } from './legal-name.ts';
import { packCommand } from './pack-command.ts';

/** Annotation of a packed workload: its trials as JSON, in the order of their exit codes. */
const packAnnotation = 'kube-toolbox/pack';

/** One trial of a pack, as the annotation has it. */
export interface PackedTrial {
  readonly name: string;
  readonly model: string;
  readonly dataset: string;
  readonly hparam: Readonly<Record<string, string>>;
  readonly fingerprint: JobSpec['fingerprint'];
}

/**
 * Puts trials that ask for `pack: N` together, up to N of the same fields in one workload, in their order; others
 * stay as they are. A pack is a job spec like any other: it asks for the cores, memory and disk of all its trials
 * and the GPUs of one, and its command runs them side by side. The same trials make a pack of the same name.
 *
 * @param envOf the variables that a trial has besides those of the pod
 */
export function packTrials(
  specs: Iterable<JobSpec>,
  envOf: (spec: JobSpec) => Readonly<Record<string, string>>,
): readonly JobSpec[] {
  const packed: (JobSpec | JobSpec[])[] = [];
  const open = new Map<string, JobSpec[]>();
  for (const spec of specs) {
    const { pack, workers } = spec.fields;
    if (pack <= 1 || workers > 0) {
      packed.push(spec);
      continue;
    }
    const key = packKey(spec);
    const group = open.get(key);
    if (group !== undefined && group.length < pack) group.push(spec);
    else {
      const started = [spec];
      open.set(key, started);
      packed.push(started);
    }
  }
  return packed.map((each) => (Array.isArray(each) ? packOf(each, envOf) : each));
}

/** The trials of a workload, from its annotations; `undefined` where it is no pack. */
export function readPack(
  annotations: Readonly<Record<string, string>> | undefined,
): readonly PackedTrial[] | undefined {
  const text = annotations?.[packAnnotation];
  if (text === undefined) return undefined;
  try {
    const trials: unknown = JSON.parse(text);
    // Whoever may change our Jobs may write anything there.
    return Array.isArray(trials) && trials.every(isPackedTrial) ? trials : undefined;
  } catch {
    return undefined;
  }
}

function isPackedTrial(value: unknown): value is PackedTrial {
  const { name, fingerprint } = (value ?? {}) as Partial<PackedTrial>;
  return typeof name === 'string' && typeof fingerprint?.hash === 'string';
}

/** What must be the same for trials to share a pod; data, outputs and variables may differ. */
function packKey({ fields }: JobSpec): string {
  const { data: _, outputs: __, ...shared } = fields;
  return JSON.stringify(shared);
}

function packOf(
  members: readonly JobSpec[],
  envOf: (spec: JobSpec) => Readonly<Record<string, string>>,
): JobSpec {
  const [first] = members;
  if (first === undefined || members.length === 1) return first as JobSpec;
  const { fields } = first;
  const count = members.length;
  const trials = members.map(
    ({ name, trial, fingerprint }): PackedTrial => ({
      name,
      model: trial.model,
      dataset: trial.dataset,
      hparam: Object.fromEntries(trial.hparam.map(({ key, text }) => [key, text])),
      fingerprint,
    }),
  );
  const suffix = `-pack-${sha256(JSON.stringify(trials.map(({ name }) => name))).slice(0, 8)}`;
  const name = `${first.name.slice(0, maxNameLength - suffix.length).replace(/-+$/, '')}${suffix}`;
  return {
    name,
    trial: { index: first.trial.index, model: '', dataset: '', hparam: [], name },
    side: first.side,
    command: packCommand(members, envOf),
    env: {},
    fields: {
      ...fields,
      cpu_count: fields.cpu_count * count,
      memory: fields.memory * count,
      ephemeral_storage: fields.ephemeral_storage * count,
      data: union(members.map((each) => each.fields.data)),
      outputs: union(members.map((each) => each.fields.outputs)),
      annotations: { ...fields.annotations, [packAnnotation]: JSON.stringify(trials) },
    },
    fingerprint: { hash: sha256(trials.map((each) => each.fingerprint.hash).join()), parts: {} },
  };
}

function union(lists: readonly (readonly string[])[]): readonly string[] {
  return [...new Set(lists.flat())];
}
