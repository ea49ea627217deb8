import type { ResolvedFields } from '../config/resolved-fields.ts';
import { podLayout } from '../container/pod-layout.ts';
import type { InitContainer, PodMount, PodParts, PodVolume } from '../container/pod-parts.ts';
import { type EnvVar, keepDollars, literalEnv } from './environment.ts';
import type { PodIdentity } from './identity.ts';
import { multiNodeEnv, serviceName } from './multi-node.ts';
import { annotationNames } from './owner-labels.ts';
import { affinityOf } from './placement.ts';
import { formatGib, resourcesOf } from './resources.ts';
import { sharedVolumes, sideContainers } from './side-containers.ts';

/** Where the trial's command is mounted, as a file. */
export const commandFolder = '/kube-toolbox/trial';

/** What `run.sh` is told to run: the mounted text, by `container/run-command.sh`. */
export const runMountedCommand = `. ${podLayout.scripts}/run-command.sh ${commandFolder}/command.sh`;

/** A source of a projected volume: `{ configMap: … }`, `{ secret: … }`. */
export type VolumeSource = Readonly<Record<string, unknown>>;

export interface PodViewInput {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  readonly fields: ResolvedFields;
  readonly image: string;
  readonly parts: PodParts;
  readonly identity: PodIdentity | undefined;
  /** The pod's variables from `.env`; only names are used here. */
  readonly secret: ReadonlyMap<string, string>;
  /** Name of the Secret that holds them; `undefined` where there are none. */
  readonly secretName: string | undefined;
  readonly pullSecrets: readonly string[];
  /** Where the text of the command is: on the pod itself, or in ConfigMaps where it is too long for that. */
  readonly commandConfigMaps: readonly string[] | undefined;
  readonly scriptsConfigMap: string;
  readonly fileSources: readonly VolumeSource[];
  /** `TOOLBOX_REGION` and `TOOLBOX_REGIONS`, where a policy pack has buckets by region. */
  readonly regionEnv: readonly EnvVar[];
  /** Pods of the trial; 1 but for multi-node trials. */
  readonly nodes: number;
}

/** What `templates/pod-spec.yaml.hbs` is given. `undefined` where there is nothing to write. */
export type PodView = Readonly<Record<string, unknown>>;

/**
 * Makes the views of a sweep's pods. What depends on fields that neighbouring trials share is made once and
 * frozen, which tells the templates that it is worth remembering, too.
 */
export class PodViews {
  #last: { readonly input: PodViewInput; readonly common: PodView } | undefined;

  of(input: PodViewInput): PodView {
    if (this.#last === undefined || !isAlike(this.#last.input, input))
      this.#last = { input, common: commonView(input) };
    const { fields, parts, name, nodes } = input;
    const env = [...literalEnv(input.env, parts.env, input.secret), ...input.regionEnv];
    return {
      ...this.#last.common,
      subdomain: nodes > 1 ? serviceName(name) : undefined,
      // Who says a port of their own means it.
      env:
        nodes > 1 ? [...env, ...multiNodeEnv(name, nodes, fields).filter(isNotIn(env, input.secret))] : env,
    };
  }
}

function isNotIn(env: readonly EnvVar[], secret: ReadonlyMap<string, string>) {
  const names = new Set([...env.map(({ name }) => name), ...secret.keys()]);
  return ({ name }: EnvVar) => !names.has(name);
}

/** Fields that change what is in variables, and nothing else of a pod. */
const variableFields = new Set<keyof ResolvedFields>(['outputs', 'data']);

/** Whether two pods differ in their name and variables at most. */
function isAlike(a: PodViewInput, b: PodViewInput): boolean {
  if (
    a.secretName !== b.secretName ||
    a.commandConfigMaps?.join() !== b.commandConfigMaps?.join() ||
    a.scriptsConfigMap !== b.scriptsConfigMap ||
    a.fileSources !== b.fileSources ||
    a.identity !== b.identity ||
    // Init containers have variables too.
    a.parts.initContainers.length + b.parts.initContainers.length > 0 ||
    a.parts.volumes.length !== b.parts.volumes.length ||
    a.parts.terminationGracePeriodSeconds !== b.parts.terminationGracePeriodSeconds
  )
    return false;
  if (a.fields === b.fields) return true;
  const names = Object.keys(a.fields) as (keyof ResolvedFields)[];
  if (names.length !== Object.keys(b.fields).length) return false;
  return names.every((name) => a.fields[name] === b.fields[name] || variableFields.has(name));
}

function commonView(input: PodViewInput): PodView {
  const { fields, parts, identity } = input;
  const names = new VolumeNames();
  const volumes: object[] = [];
  const mounts: object[] = [];

  for (const volume of parts.volumes)
    volumes.push(partVolume(volume, names.of('toolbox', volume.name), input));
  volumes.push(commandVolume(names.of('toolbox', 'trial'), input.commandConfigMaps));
  const ourMount = (mount: PodMount) => ({
    name: names.of('toolbox', mount.volume),
    mountPath: mount.path,
    ...(mount.readOnly === true && { readOnly: true }),
  });
  mounts.push(...parts.mounts.map(ourMount));
  mounts.push({ name: names.of('toolbox', 'trial'), mountPath: commandFolder, readOnly: true });

  const shm = fields.shm_size;
  volumes.push({
    name: names.of('toolbox', 'shm'),
    emptyDir: { medium: 'Memory', ...(shm !== undefined && { sizeLimit: formatGib(shm) }) },
  });
  mounts.push({ name: names.of('toolbox', 'shm'), mountPath: '/dev/shm' });

  const claims = new Map(
    Object.entries(fields.volumes).map(([claim, path]) => [`${claim}\0${path}`, { claim, path }]),
  );
  if (identity?.scratch !== undefined) {
    const { claim, mount } = identity.scratch;
    claims.set(`${claim}\0${mount}`, { claim, path: mount });
  }
  const claimMounts: { readonly name: string; readonly mountPath: string }[] = [];
  const declared = new Set<string>();
  for (const { claim, path } of claims.values()) {
    const name = names.of('claim', claim);
    if (!declared.has(claim)) volumes.push({ name, persistentVolumeClaim: { claimName: claim } });
    declared.add(claim);
    claimMounts.push({ name, mountPath: path });
  }
  mounts.push(...claimMounts);
  for (const shared of sharedVolumes(fields.server)) {
    volumes.push({ name: names.of('shared', shared.name), emptyDir: {} });
    mounts.push({ name: names.of('shared', shared.name), mountPath: shared.path });
  }

  const { requests, limits } = resourcesOf(fields);
  const helper = helperResources(fields);
  const envFrom = input.secretName === undefined ? undefined : [{ secretRef: { name: input.secretName } }];
  const ours = (each: InitContainer) => {
    const env = [
      ...Object.entries(each.env).map(([name, value]) => ({ name, value: keepDollars(value) })),
      ...(each.secrets ? input.regionEnv : []),
    ];
    return {
      name: each.name,
      image: each.image,
      ...(each.sidecar && { restartPolicy: 'Always' }),
      command: each.command,
      ...(env.length > 0 && { env }),
      ...(each.secrets && envFrom !== undefined && { envFrom }),
      resources: each.sidecar ? helper.sidecar : helper.init,
      volumeMounts: [
        ...each.mounts.map(ourMount),
        ...(each.sidecar ? claimMounts.map((mount) => ({ ...mount, readOnly: true })) : []),
      ],
    };
  };
  const initContainers = [
    ...parts.initContainers.filter(({ sidecar }) => !sidecar).map(ours),
    ...sideContainers(fields, { image: input.image, envFrom }, (shared) => names.of('shared', shared)),
    // Last, since they are stopped in reverse, and what a server takes to end is taken from the upload's time.
    ...parts.initContainers.filter(({ sidecar }) => sidecar).map(ours),
  ];

  const security = {
    ...(typeof fields.run_as_user === 'number' && { runAsUser: fields.run_as_user }),
    ...(typeof fields.run_as_group === 'number' && { runAsGroup: fields.run_as_group }),
    // A shared volume may have millions of files, whose group is right already.
    ...(parts.fsGroup !== undefined && {
      fsGroup: parts.fsGroup,
      fsGroupChangePolicy: 'OnRootMismatch',
    }),
  };
  return {
    serviceAccount: fields.service_account ?? undefined,
    priorityClass: fields.priority_class ?? undefined,
    scheduler: fields.scheduler_name ?? undefined,
    nodeSelector: filled(fields.node_selector),
    affinity: filled(affinityOf(fields)),
    tolerations: filled(fields.tolerations),
    hostIpc: fields.host_ipc,
    securityContext: filled(security),
    gracePeriod: parts.terminationGracePeriodSeconds,
    imagePullSecrets: filled(input.pullSecrets.map((name) => ({ name }))),
    initContainers: filled(initContainers),
    image: input.image,
    command: filled(parts.command.map(keepDollars)),
    args: filled(parts.args.map(keepDollars)),
    ports: filled(fields.ports),
    envFrom: filled(envFrom),
    requests: Object.freeze(requests),
    limits: Object.freeze(limits),
    volumeMounts: Object.freeze(mounts),
    volumes: Object.freeze(volumes),
  };
}

/**
 * What the toolbox's own containers ask for: a namespace with a quota refuses a pod in which one of them says
 * nothing. An init container runs before the main one and may have as much without the pod's asking for more; a
 * sidecar's share is added.
 */
function helperResources(fields: ResolvedFields) {
  const { limit_ratio, cpu_count, memory, ephemeral_storage } = fields;
  return {
    init: resourcesOf({ limit_ratio, cpu_count, memory, ephemeral_storage }),
    sidecar: resourcesOf({ limit_ratio, cpu_count: 0.25, memory: 0.5, ephemeral_storage: 1 }),
  };
}

/** A volume of the pod's scripts. */
function partVolume(volume: PodVolume, name: string, input: PodViewInput): object {
  if ('emptyDir' in volume) return { name, emptyDir: {} };
  if ('configMaps' in volume) {
    const sources = volume.configMaps.map((each) => ({
      [volume.secret === true ? 'secret' : 'configMap']: {
        name: each.name,
        items: [{ key: each.key, path: each.key }],
      },
    }));
    return { name, projected: { sources } };
  }
  if (volume.name === 'scripts') return { name, configMap: { name: input.scriptsConfigMap } };
  return { name, projected: { sources: input.fileSources } };
}

function commandVolume(name: string, configMaps: readonly string[] | undefined): object {
  if (configMaps !== undefined)
    return { name, projected: { sources: configMaps.map((each) => ({ configMap: { name: each } })) } };
  const fieldRef = { fieldPath: `metadata.annotations['${annotationNames.command}']` };
  return { name, downwardAPI: { items: [{ path: 'command.sh', fieldRef }] } };
}

/** A frozen copy, so that templates remember it; `undefined` of what is absent or empty. */
function filled(value: object | null | undefined): object | undefined {
  if (value === null || value === undefined) return undefined;
  const copy = Array.isArray(value) ? [...value] : { ...value };
  return Object.keys(copy).length === 0 ? undefined : Object.freeze(copy);
}

/** Names of volumes, legal and distinct: a claim may be called `shm`, and may have dots. */
class VolumeNames {
  readonly #names = new Map<string, string>();
  readonly #taken = new Set<string>();

  of(kind: 'toolbox' | 'claim' | 'shared', written: string): string {
    const id = `${kind} ${written}`;
    const known = this.#names.get(id);
    if (known !== undefined) return known;
    const base =
      written
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '-')
        .replace(/^-+|-+$/g, '')
        .slice(0, 50)
        .replace(/-+$/, '') || kind;
    let name = base;
    for (let number = 2; this.#taken.has(name); number++) name = `${base}-${number}`;
    this.#taken.add(name);
    this.#names.set(id, name);
    return name;
  }
}
