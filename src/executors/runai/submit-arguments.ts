import { encodePayload, formatScript } from './payload.ts';
import type { RunaiSettings } from './settings.ts';

/** One workload for run:ai, neutral of where its parts were written. */
export interface RunaiWorkload {
  readonly name: string;
  /** `interactive` holds a pod for a person, `training` runs one trial, and with workers it is distributed. */
  readonly kind: 'interactive' | 'training';
  readonly image: string;
  /** May be a fraction of one GPU. */
  readonly gpus: number;
  /** Cores and GiB; `undefined` leaves the choice to the cluster. */
  readonly cpus?: number | undefined;
  readonly memory?: number | undefined;
  /** Pods beside the first; `undefined` is an ordinary, single-pod workload. */
  readonly workers?: number | undefined;
  /** Retries before a training workload has failed. */
  readonly retries: number;
  /** Seconds. */
  readonly timeout?: number | undefined;
  /** What to run; `undefined` for an interactive pod that waits until its time is over. */
  readonly command?: string | undefined;
  readonly ports: readonly (number | string)[];
  /** Claims beside the scratch volume of the settings. */
  readonly claims: readonly { readonly claim: string; readonly path: string }[];
  readonly env: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** How long an interactive pod waits when nobody says: what run:ai clusters commonly allow. */
const interactiveSeconds = 12 * 60 * 60;

/** What joins the pods of a distributed workload over RDMA where `runai.annotations` does not say. */
const networkAnnotation = { 'k8s.v1.cni.cncf.io/networks': 'kube-system/roce' };
const rdmaResource = { 'rdma/rdma': '1' };

/** The whole command line of one submission, `runai` first. Holds no secret value. */
export function formatSubmitArguments(workload: RunaiWorkload, settings: RunaiSettings): readonly string[] {
  const distributed = workload.workers !== undefined;
  const interactive = workload.kind === 'interactive';
  const preemptible =
    interactive && settings.nodePools.some((pool) => settings.preemptiblePools.includes(pool));
  const annotations = {
    ...(distributed ? networkAnnotation : {}),
    ...workload.annotations,
    ...settings.annotations,
  };
  const resources = { ...(distributed ? rdmaResource : {}), ...settings.extendedResources };
  const script = formatScript(workload.command ?? `sleep ${workload.timeout ?? interactiveSeconds}`, {
    shell: settings.shell,
    workingDir: settings.workingDir,
    venv: settings.venv,
    timeout: workload.command === undefined ? undefined : workload.timeout,
  });

  return [
    'runai',
    ...(distributed ? ['submit-dist', 'pytorch'] : ['submit']),
    ...option('--name', workload.name),
    ...option('--project', settings.project),
    ...option('--image', workload.image),
    ...option('--gpu', workload.gpus),
    ...option('--run-as-uid', settings.runAsUser),
    ...option('--run-as-gid', settings.runAsGroup),
    ...[...settings.claims, ...workload.claims].flatMap(({ claim, path }) => ['--pvc', `${claim}:${path}`]),
    ...option('--image-pull-policy', settings.imagePullPolicy),
    ...option('--allow-privilege-escalation', String(settings.allowPrivilegeEscalation)),
    ...option('--cpu', workload.cpus),
    ...option('--memory', workload.memory === undefined ? undefined : `${workload.memory}G`),
    ...(interactive ? ['--interactive'] : ['--backoff-limit', String(workload.retries)]),
    ...workload.ports.flatMap((port) => ['--port', String(port)]),
    ...(settings.hostIpc ? ['--host-ipc'] : []),
    ...(settings.largeShm ? ['--large-shm'] : []),
    ...settings.nodePools.flatMap((pool) => ['--node-pools', pool]),
    ...(preemptible ? ['--preemptible'] : []),
    ...option('--workers', workload.workers),
    ...pairs('--annotation', annotations),
    ...pairs('--extended-resource', resources),
    ...pairs('--environment', literalVariables(workload, settings)),
    ...settings.secretKeys.flatMap((key) => ['--environment', `${key}=SECRET:${settings.secretName},${key}`]),
    ...settings.extraArgs,
    '--',
    ...(settings.entrypoint ?? [settings.shell, '-c']),
    encodePayload(script, settings.shell),
  ];
}

/** `.env` wins over what the files say, and a variable is given once. */
function literalVariables(
  workload: RunaiWorkload,
  settings: RunaiSettings,
): Readonly<Record<string, string>> {
  const secret = new Set(settings.secretKeys);
  const own = Object.entries(workload.env).filter(
    ([name]) => !secret.has(name) && !(settings.fixedEnv.has(name) && Object.hasOwn(settings.env, name)),
  );
  return { ...settings.env, ...Object.fromEntries(own) };
}

function option(flag: string, value: string | number | undefined): readonly string[] {
  return value === undefined ? [] : [flag, String(value)];
}

function pairs(flag: string, values: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(values).flatMap(([key, value]) => [flag, `${key}=${value}`]);
}
