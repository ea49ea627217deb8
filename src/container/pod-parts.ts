import type { CodePlacement } from './code-placement.ts';
import { codePartKey } from './code-placement.ts';
import { defaultGraceSeconds, podLayout } from './pod-layout.ts';

/** What of a trial's resolved fields the inside of the pod depends on. */
export interface ContainerInput {
  readonly project: string;
  /** The bash text that `run.sh` runs. */
  readonly command: string;
  readonly condaEnvironment: string;
  readonly fields: {
    readonly image: string;
    readonly toolbox_image?: string | null | undefined;
    readonly data?: readonly string[] | string | null | undefined;
    readonly outputs?: readonly string[] | string | null | undefined;
    /** Seconds. */
    readonly syncEverySeconds?: number | undefined;
    /** Seconds between SIGTERM and SIGKILL. */
    readonly graceSeconds?: number | undefined;
    readonly conda_home?: string | null | undefined;
    readonly ssh_host?: string | null | undefined;
    readonly ssh_port?: number | null | undefined;
    readonly startup_script?: string | null | undefined;
    readonly extra_startup_script?: string | null | undefined;
  };
  readonly code: CodePlacement;
  /** Present where `identity:` is: variables for the entrypoint (`NB_USER` …), and the group of volumes. */
  readonly identity?:
    | { readonly env: Readonly<Record<string, string>>; readonly gid?: number | undefined }
    | undefined;
  /** Whether there are `file:` entries, mounted at `podLayout.files`. */
  readonly hasFiles: boolean;
}

export interface PodMount {
  readonly volume: PodVolume['name'];
  readonly path: string;
  readonly readOnly?: boolean;
}

/** `scripts` and `files` are the renderer's to fill (ConfigMap, Secret); the others are said in full. */
export type PodVolume =
  | { readonly name: 'scripts' | 'files' }
  | { readonly name: 'work' | 'toolbox'; readonly emptyDir: true }
  | {
      readonly name: 'code';
      readonly configMaps: readonly { readonly name: string; readonly key: string }[];
      /** Whether they are Secrets. */
      readonly secret?: boolean;
    };

export interface InitContainer {
  readonly name: 'toolbox' | 'code' | 'sync';
  readonly image: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Whether the container needs the variables of `.env` (the bucket's credentials). */
  readonly secrets: boolean;
  readonly mounts: readonly PodMount[];
  /**
   * A native sidecar (`restartPolicy: Always`): started before the main container, stopped after it. It sees the
   * volumes of claims where the main container has them, to read from.
   */
  readonly sidecar: boolean;
}

/** What the container side adds to a pod, neutral of how manifests are written. */
export interface PodParts {
  /** `command` of the main container. */
  readonly command: readonly string[];
  /** `args` of the main container. */
  readonly args: readonly string[];
  /** Added to the main container's variables. */
  readonly env: Readonly<Record<string, string>>;
  readonly mounts: readonly PodMount[];
  /** In the order in which they run. */
  readonly initContainers: readonly InitContainer[];
  readonly volumes: readonly PodVolume[];
  readonly fsGroup?: number;
  readonly terminationGracePeriodSeconds?: number;
}

/**
 * What a trial's pod needs so that its command finds the toolbox, the code, the data and the user's
 * identity. Pure; the shape of each script's interface is at the top of the script.
 *
 * All texts are as the process shall see them: Kubernetes expands `$(NAME)` and `$$` in `command`, `args` and
 * `env`, so a renderer of manifests doubles every `$`.
 */
export function podParts(input: ContainerInput): PodParts {
  const { fields, code, identity } = input;
  const outputs = lines(fields.outputs);
  const data = lines(fields.data);
  const toolboxImage = fields.toolbox_image ?? undefined;
  const grace = outputs === '' ? fields.graceSeconds : (fields.graceSeconds ?? defaultGraceSeconds);
  const syncs = outputs !== '' && fields.syncEverySeconds !== undefined;

  const shared = { TOOLBOX_WORK: podLayout.work, TOOLBOX_PROJECT: input.project };
  const scripts: PodMount = { volume: 'scripts', path: podLayout.scripts, readOnly: true };
  const work: PodMount = { volume: 'work', path: podLayout.work };
  const toolbox: PodMount[] =
    toolboxImage === undefined ? [] : [{ volume: 'toolbox', path: podLayout.toolbox, readOnly: true }];
  const files: PodMount[] = input.hasFiles
    ? [{ volume: 'files', path: podLayout.files, readOnly: true }]
    : [];

  const initContainers: InitContainer[] = [];
  const volumes: PodVolume[] = [{ name: 'scripts' }, { name: 'work', emptyDir: true }];
  if (input.hasFiles) volumes.push({ name: 'files' });

  if (toolboxImage !== undefined) {
    volumes.push({ name: 'toolbox', emptyDir: true });
    initContainers.push({
      name: 'toolbox',
      image: toolboxImage,
      command: [`${podLayout.toolbox}/container/copy.sh`, '/kube-toolbox/toolbox'],
      env: {},
      secrets: false,
      mounts: [{ volume: 'toolbox', path: '/kube-toolbox/toolbox' }],
      sidecar: false,
    });
  }
  // What needs the toolbox runs in its image where there is one: the trial's own may lack everything.
  const helperImage = toolboxImage ?? fields.image;
  if (code.kind === 'snapshot') {
    const { from } = code;
    const parts = from.store === 'configmaps';
    if (parts) {
      volumes.push({
        name: 'code',
        configMaps: from.names.map((name, index) => ({ name, key: codePartKey(index) })),
        ...(from.secret === true && { secret: true }),
      });
    }
    initContainers.push({
      name: 'code',
      image: helperImage,
      command: ['sh', `${podLayout.scripts}/unpack.sh`],
      env: {
        ...shared,
        TOOLBOX_CODE_DIGEST: code.digest,
        ...(parts ? { TOOLBOX_CODE_PARTS: podLayout.codeParts } : { TOOLBOX_CODE_KEY: from.key }),
      },
      secrets: !parts,
      mounts: [
        scripts,
        work,
        ...(parts ? [{ volume: 'code', path: podLayout.codeParts, readOnly: true } as const] : []),
      ],
      sidecar: false,
    });
  }
  if (syncs) {
    initContainers.push({
      name: 'sync',
      image: helperImage,
      command: ['sh', `${podLayout.scripts}/sync.sh`],
      env: { ...shared, TOOLBOX_OUTPUTS: outputs, TOOLBOX_SYNC_EVERY: String(fields.syncEverySeconds) },
      secrets: true,
      mounts: [scripts, work],
      sidecar: true,
    });
  }

  const run = ['bash', `${podLayout.scripts}/run.sh`];
  return {
    command: identity === undefined ? run : ['sh', `${podLayout.scripts}/entrypoint.sh`, ...run],
    args: [input.command],
    env: {
      ...shared,
      ...identity?.env,
      TOOLBOX_CODE: code.kind,
      ...present({
        TOOLBOX_GIT_URL: code.kind === 'git' ? code.url : undefined,
        TOOLBOX_GIT_COMMIT: code.kind === 'git' ? code.commit : undefined,
        TOOLBOX_GIT_PREFIX: code.kind === 'git' ? code.prefix : undefined,
        TOOLBOX_SSH_HOST: fields.ssh_host,
        TOOLBOX_SSH_PORT: fields.ssh_port,
        TOOLBOX_CONDA_HOME: fields.conda_home,
        TOOLBOX_CONDA_ENV: input.condaEnvironment,
        TOOLBOX_STARTUP_SCRIPT: fields.startup_script,
        TOOLBOX_EXTRA_STARTUP_SCRIPT: fields.extra_startup_script,
        TOOLBOX_FILES: input.hasFiles ? podLayout.files : undefined,
        TOOLBOX_DATA: data === '' ? undefined : data,
        TOOLBOX_OUTPUTS: outputs === '' ? undefined : outputs,
        TOOLBOX_SYNC: syncs ? '1' : undefined,
        TOOLBOX_GRACE: grace,
      }),
    },
    mounts: [scripts, work, ...toolbox, ...files],
    initContainers,
    volumes,
    ...(identity?.gid === undefined ? {} : { fsGroup: identity.gid }),
    ...(grace === undefined ? {} : { terminationGracePeriodSeconds: grace }),
  };
}

/** A list field as one path a line, which is how a variable can hold it. */
function lines(value: readonly string[] | string | null | undefined): string {
  if (value === undefined || value === null) return '';
  return (typeof value === 'string' ? [value] : value).join('\n');
}

function present(variables: Readonly<Record<string, string | number | null | undefined>>) {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(variables)) {
    if (value !== undefined && value !== null) result[name] = String(value);
  }
  return result;
}
