import type { WrittenFields } from '../../config/written-fields.ts';
import {
  type Checked,
  type Diagnostic,
  errorDiagnostic,
  type Location,
} from '../../diagnostics/diagnostic.ts';

/** What `runai:` may say; see schemas/fields.schema.json. */
export type RunaiFields = NonNullable<WrittenFields['runai']>;

/** Who the pod runs as, from `identity:` or the variables of `.env`. */
export interface RunaiIdentity {
  readonly user?: string | undefined;
  readonly uid?: number | undefined;
  readonly group?: string | undefined;
  readonly gid?: number | undefined;
}

/** Everything about run:ai that holds for all workloads of a project. */
export interface RunaiSettings {
  readonly project: string;
  /** Where the Secret lives. */
  readonly namespace: string;
  /** Default image, `undefined` where neither file nor `.env` names one. */
  readonly image: string | undefined;
  readonly secretName: string;
  /** Keys of the Secret that become variables, sorted. */
  readonly secretKeys: readonly string[];
  readonly runAsUser: number | undefined;
  readonly runAsGroup: number | undefined;
  readonly claims: readonly { readonly claim: string; readonly path: string }[];
  readonly nodePools: readonly string[];
  /** Pools on which run:ai takes interactive workloads only as preemptible. */
  readonly preemptiblePools: readonly string[];
  readonly hostIpc: boolean;
  readonly largeShm: boolean;
  readonly allowPrivilegeEscalation: boolean;
  readonly imagePullPolicy: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly extendedResources: Readonly<Record<string, string>>;
  readonly extraArgs: readonly string[];
  readonly shell: string;
  readonly workingDir: string | undefined;
  readonly venv: string | undefined;
  /** Literal variables of every workload. */
  readonly env: Readonly<Record<string, string>>;
}

/** `.env` names that configure the submission and are of no use inside the pod as secrets. */
const settingNames = new Set([
  'LDAP_USERNAME',
  'LDAP_UID',
  'LDAP_GROUPNAME',
  'LDAP_GID',
  'RUNAI_PROJECT',
  'K8S_NAMESPACE',
  'RUNAI_IMAGE',
  'RUNAI_SECRET_NAME',
  'SCRATCH_PVC',
  'SCRATCH_MOUNT_PATH',
  'SCRATCH_HOME_ROOT',
  'WORKING_DIR',
  'HF_HOME',
  'UV_PYTHON_VERSION',
  'TZ',
  'EXTRA_SECRET_KEYS',
  'GITHUB_SSH_KEY_PATH',
  'GITHUB_SSH_PUBLIC_KEY_PATH',
]);

/**
 * Brings `runai:` and the lab's `.env` names together; the file wins. `namespace` is kube.yaml's.
 *
 * @param dotenv variables of `.env`, with the SSH keys already filled in
 */
export function resolveRunaiSettings(
  fields: RunaiFields,
  identity: RunaiIdentity,
  dotenv: ReadonlyMap<string, string>,
  namespace: string | undefined,
  location?: Location,
): Checked<RunaiSettings> {
  const diagnostics: Diagnostic[] = [];
  const variable = (name: string) => dotenv.get(name) || undefined;
  const needed = (value: string | undefined, what: string, hint: string): string => {
    if (value === undefined)
      diagnostics.push(errorDiagnostic('RUNAI_SETTING_MISSING', `run:ai needs ${what}`, { hint, location }));
    return value ?? '';
  };

  const project = fields.project ?? variable('RUNAI_PROJECT') ?? namespace;
  const claim = fields.pvc ?? variable('SCRATCH_PVC');
  const mount = fields.mount ?? variable('SCRATCH_MOUNT_PATH') ?? '/scratch';
  const settings: RunaiSettings = {
    project: needed(
      project,
      'a project',
      'write runai: {project: …} in config/kube.yaml, or RUNAI_PROJECT in .env',
    ),
    namespace: needed(
      namespace ?? variable('K8S_NAMESPACE') ?? project,
      'a namespace',
      'write namespace: in config/kube.yaml',
    ),
    image: variable('RUNAI_IMAGE'),
    secretName: fields.secret_name ?? variable('RUNAI_SECRET_NAME') ?? `${project ?? 'runai'}-env`,
    secretKeys: [...dotenv.keys()].filter((key) => !settingNames.has(key) && dotenv.get(key) !== '').sort(),
    runAsUser: identity.uid,
    runAsGroup: identity.gid,
    claims: claim === undefined ? [] : [{ claim, path: mount }],
    nodePools: fields.node_pools ?? [],
    preemptiblePools: fields.preemptible_pools ?? ['h100', 'h200'],
    hostIpc: fields.host_ipc ?? false,
    largeShm: fields.large_shm ?? false,
    allowPrivilegeEscalation: fields.allow_privilege_escalation ?? true,
    imagePullPolicy: fields.image_pull_policy ?? 'Always',
    annotations: fields.annotations ?? {},
    extendedResources: fields.extended_resources ?? {},
    extraArgs: fields.extra_args ?? [],
    shell: fields.shell ?? '/bin/zsh',
    workingDir: fields.working_dir,
    venv: fields.venv,
    env: identityVariables(identity, variable, mount),
  };
  return diagnostics.length > 0 ? { ok: false, diagnostics } : { ok: true, value: settings, diagnostics };
}

/** The literal variables that the identity-mirroring entrypoint reads, and the caches it keeps on scratch. */
function identityVariables(
  identity: RunaiIdentity,
  variable: (name: string) => string | undefined,
  mount: string,
): Readonly<Record<string, string>> {
  const { user } = identity;
  const written = Object.fromEntries(
    ['HF_HOME', 'UV_PYTHON_VERSION', 'TZ'].flatMap((name) => {
      const value = variable(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
  if (user === undefined) return written;
  const homeRoot = variable('SCRATCH_HOME_ROOT') ?? `${mount}/homes`;
  const home = variable('WORKING_DIR') ?? `${homeRoot}/${user}`;
  return {
    HOME: `/home/${user}`,
    NB_USER: user,
    ...(identity.uid === undefined ? {} : { NB_UID: String(identity.uid) }),
    ...(identity.group === undefined ? {} : { NB_GROUP: identity.group }),
    ...(identity.gid === undefined ? {} : { NB_GID: String(identity.gid) }),
    WORKING_DIR: home,
    SCRATCH_HOME: home,
    SCRATCH_HOME_ROOT: homeRoot,
    EPFML_LDAP: user,
    HF_HOME: `${mount}/hf_cache`,
    ...written,
    GIT_CONFIG_GLOBAL: `${home}/.gitconfig`,
    UV_CACHE_DIR: `${home}/.cache/uv`,
    UV_PYTHON_INSTALL_DIR: `${home}/.uv`,
  };
}
