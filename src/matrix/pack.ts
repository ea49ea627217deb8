import { sha256 } from '../sha256.ts';
import type { JobSpec } from './job-spec.ts';
import { maxNameLength } from './legal-name.ts';
import { quoteForShell } from './shell-quote.ts';

/** Annotation of a packed workload: its trials as JSON, in the order of their exit codes. */
const packAnnotation = 'kube-toolbox/pack';

/** One trial of a pack, as the annotation has it. */
export interface PackedTrial {
  readonly name: string;
  readonly fingerprint: JobSpec['fingerprint'];
}

/**
 * Puts trials that ask for `pack: N` together, up to N of the same fields in one workload, in their order; others
 * stay as they are. A pack is a job spec like any other: it asks for the cores, memory and disk of all its trials
 * and the GPUs of one, and its command runs them side by side. The same trials make a pack of the same name.
 */
export function packTrials(specs: Iterable<JobSpec>): readonly JobSpec[] {
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
  return packed.map((each) => (Array.isArray(each) ? packOf(each) : each));
}

/** The trials of a workload, from its annotations; `undefined` where it is no pack. */
export function readPack(
  annotations: Readonly<Record<string, string>> | undefined,
): readonly PackedTrial[] | undefined {
  const text = annotations?.[packAnnotation];
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as readonly PackedTrial[];
  } catch {
    return undefined;
  }
}

/** What must be the same for trials to share a pod; data, outputs and variables may differ. */
function packKey({ fields }: JobSpec): string {
  const { data: _, outputs: __, ...shared } = fields;
  return JSON.stringify(shared);
}

function packOf(members: readonly JobSpec[]): JobSpec {
  const [first] = members;
  if (first === undefined || members.length === 1) return first as JobSpec;
  const { fields } = first;
  const count = members.length;
  const trials = members.map(({ name, fingerprint }): PackedTrial => ({ name, fingerprint }));
  const suffix = `-pack-${sha256(JSON.stringify(trials.map(({ name }) => name))).slice(0, 8)}`;
  const name = `${first.name.slice(0, maxNameLength - suffix.length).replace(/-+$/, '')}${suffix}`;
  return {
    name,
    trial: { index: first.trial.index, model: '', dataset: '', hparam: [], name },
    side: first.side,
    command: packCommand(members),
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

/**
 * The bash text that runs trials side by side. Each line they print has their name in front; exit codes go, as a
 * JSON list, to where Kubernetes reads a container's last words. Ends with 0 when all did.
 */
export function packCommand(members: readonly JobSpec[]): string {
  const starts = members.map((member) => {
    const variables = Object.entries({ ...member.env, ...trialVariables(member) })
      .map(([key, value]) => `${key}=${quoteForShell(value)}`)
      .join(' ');
    return `(
  trap : TERM INT HUP
  export ${variables}
  bash -c ${quoteForShell(member.command)} 2>&1 | prefixed ${member.name}
  exit "\${PIPESTATUS[0]}"
) &
pids+=($!)`;
  });
  return `names=(${members.map(({ name }) => name).join(' ')}) pids=() codes='' failed=0
prefixed() {
  trap '' TERM INT HUP
  while IFS= read -r line || [ -n "$line" ]; do printf '[%s] %s\\n' "$1" "$line"; done
}
# The trials get signals themselves; this waits for how they end.
trap : TERM INT HUP
${starts.join('\n')}
for index in "\${!pids[@]}"; do
  pid=\${pids[$index]}
  while :; do
    wait "$pid"
    code=$?
    kill -0 "$pid" 2>/dev/null || break
  done
  # A signal may end the wait at the very moment that the trial ends.
  wait "$pid" 2>/dev/null
  again=$?
  [ $again -eq 127 ] || code=$again
  printf '[%s] kube-toolbox: ended with exit code %s\\n' "\${names[$index]}" "$code"
  codes="$codes\${codes:+,}$code"
  [ "$code" -eq 0 ] || failed=1
done
printf '[%s]' "$codes" 2>/dev/null >"\${TOOLBOX_LAST_WORDS:-/dev/termination-log}" || :
exit $failed
`;
}

function trialVariables({ name, trial }: JobSpec): Readonly<Record<string, string>> {
  return {
    TOOLBOX_NAME: name,
    TOOLBOX_MODEL: trial.model,
    TOOLBOX_DATASET: trial.dataset,
    TOOLBOX_HPARAM: JSON.stringify(Object.fromEntries(trial.hparam.map(({ key, text }) => [key, text]))),
  };
}
