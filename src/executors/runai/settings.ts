import type { WrittenFields } from '../../config/written-fields.ts';
import {
  type Checked,
  type Diagnostic,
  errorDiagnostic,
  type Location,
} from '../../diagnostics/diagnostic.ts';

/** What `runai:` may say; see schemas/fields.schema.json. */
export type RunaiFields = NonNullable<WrittenFields['runai']>;

/** What `identity:` may say; see schemas/fields.schema.json. */
type IdentityFields = NonNullable<WrittenFields['identity']>;

/** The fields of a workload that settings are made of. */
export interface RunaiSources {
  readonly runai?: RunaiFields | null | undefined;
  readonly identity?: IdentityFields | null | undefined;
  readonly run_as_user?: number | null | undefined;
  readonly run_as_group?: number | null | undefined;
  readonly host_ipc?: boolean | undefined;
}

/** Who the pod's user is, from `identity:`, or the variables of `.env`. */
interface RunaiIdentity {
  readonly user: string | undefined;
  readonly uid: string | undefined;
  readonly group: string | undefined;
  readonly gid: string | undefined;
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
  readonly runAsUser: string | undefined;
  readonly runAsGroup: string | undefined;
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
  /** What is given the command as one text; `undefined`: the shell, with `-c`. */
  readonly entrypoint: readonly string[] | undefined;
  readonly workingDir: string | undefined;
  readonly venv: string | undefined;
  /** Literal variables of every workload. */
  readonly env: Readonly<Record<string, string>>;
  /** Names of those that `.env` itself sets, which wins over any `env:`. */
  readonly fixedEnv: ReadonlySet<string>;
}

/** Variables by which another lab's images make their user; their script reads them as they are. */
const clusterNames = ['CLUSTER_USER', 'CLUSTER_USER_ID', 'CLUSTER_GROUP_NAME', 'CLUSTER_GROUP_ID'] as const;

/** `.env` names that configure the submission, or this machine, and are of no use inside the pod as secrets. */
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
  ...clusterNames,
  'EXTRA_SECRET_KEYS',
  'GITHUB_SSH_KEY_PATH',
  'GITHUB_SSH_PUBLIC_KEY_PATH',
  'CUDA_VISIBLE_DEVICES',
]);

/** What a `.env` that names its user as the lab's does may leave out. */
const labDefaults: Readonly<Partial<Record<string, string>>> = {
  SCRATCH_MOUNT_PATH: '/mloscratch',
  UV_PYTHON_VERSION: '3.11',
  TZ: 'Europe/Zurich',
};

/** What a lab's set-up passes on by itself; `EXTRA_SECRET_KEYS` adds to it. */
const labSecretKeys = [
  'WANDB_API_KEY',
  'HF_TOKEN',
  'SSH_PRIVATE_KEY_B64',
  'SSH_PUBLIC_KEY',
  'SSH_KNOWN_HOSTS',
  'GIT_USER_NAME',
  'GIT_USER_EMAIL',
  'GITHUB_TOKEN',
] as const;

/** What `make download` and its like read, in a pod as here. */
const objectStoreName = /^(S3|AWS)_/;

/**
 * Keys of `.env` that become variables of the pod through the Secret, those without a value left out. A file with
 * `EXTRA_SECRET_KEYS`, even an empty one, says which: these, the lab's and the object store's. Otherwise all but
 * settings.
 */
function secretKeysOf(dotenv: ReadonlyMap<string, string>): readonly string[] {
  const extra = dotenv.get('EXTRA_SECRET_KEYS')?.split(',');
  const listed = extra && new Set([...labSecretKeys, ...extra.map((key) => key.trim())]);
  const isSecret = (key: string) =>
    listed === undefined ? !settingNames.has(key) : listed.has(key) || objectStoreName.test(key);
  return [...dotenv.keys()].filter((key) => isSecret(key) && dotenv.get(key) !== '').sort();
}

/**
 * Brings the files' fields and the lab's `.env` names together; the files win.
 *
 * @param dotenv variables of `.env`, with the SSH keys already filled in
 * @param namespace kube.yaml's
 */
export function resolveRunaiSettings(
  sources: RunaiSources,
  dotenv: ReadonlyMap<string, string>,
  namespace: string | undefined,
  location?: Location,
): Checked<RunaiSettings> {
  const fields = sources.runai ?? {};
  const diagnostics: Diagnostic[] = [];
  const defaults = dotenv.get('LDAP_USERNAME') ? labDefaults : {};
  const variable = (name: string) => dotenv.get(name) || defaults[name];
  const needed = (value: string | undefined, what: string, hint: string): string => {
    if (value === undefined)
      diagnostics.push(errorDiagnostic('RUNAI_SETTING_MISSING', `run:ai needs ${what}`, { hint, location }));
    return value ?? '';
  };

  const project = fields.project ?? variable('RUNAI_PROJECT') ?? namespace;
  const scratch = sources.identity?.scratch;
  const claim = fields.pvc ?? scratch?.claim ?? variable('SCRATCH_PVC');
  const mount = fields.mount ?? scratch?.mount ?? variable('SCRATCH_MOUNT_PATH') ?? '/scratch';
  const number = (name: string): string | undefined => {
    const value = variable(name);
    if (value === undefined || /^\d+$/.test(value)) return value;
    const hint = `set it to what \`id\` prints on the lab's machines`;
    diagnostics.push(errorDiagnostic('RUNAI_SETTING_MISSING', `${name} in .env is not a number`, { hint }));
    return undefined;
  };
  const written = (value: number | null | undefined) => (value == null ? undefined : String(value));
  const identity: RunaiIdentity = {
    user: sources.identity?.user ?? variable('LDAP_USERNAME'),
    uid: written(sources.identity?.uid) ?? written(sources.run_as_user) ?? number('LDAP_UID'),
    group: sources.identity?.group ?? variable('LDAP_GROUPNAME'),
    gid: written(sources.identity?.gid) ?? written(sources.run_as_group) ?? number('LDAP_GID'),
  };
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
    secretKeys: secretKeysOf(dotenv),
    runAsUser: written(sources.run_as_user) ?? identity.uid,
    runAsGroup: written(sources.run_as_group) ?? identity.gid,
    claims: claim === undefined ? [] : [{ claim, path: mount }],
    nodePools: fields.node_pools ?? [],
    preemptiblePools: fields.preemptible_pools ?? ['h100', 'h200'],
    hostIpc: fields.host_ipc ?? sources.host_ipc ?? false,
    largeShm: fields.large_shm ?? false,
    allowPrivilegeEscalation: fields.allow_privilege_escalation ?? true,
    imagePullPolicy: fields.image_pull_policy ?? 'Always',
    annotations: fields.annotations ?? {},
    extendedResources: fields.extended_resources ?? {},
    extraArgs: fields.extra_args ?? [],
    shell: fields.shell ?? '/bin/zsh',
    entrypoint: fields.entrypoint,
    workingDir: fields.working_dir,
    venv: fields.venv,
    env: identityVariables(identity, sources.identity ?? {}, variable, mount),
    fixedEnv: new Set([...dotenv].filter(([, value]) => value !== '').map(([name]) => name)),
  };
  return diagnostics.length > 0 ? { ok: false, diagnostics } : { ok: true, value: settings, diagnostics };
}

/** The literal variables that the identity-mirroring entrypoint reads, and the caches it keeps on scratch. */
function identityVariables(
  identity: RunaiIdentity,
  fields: IdentityFields,
  variable: (name: string) => string | undefined,
  mount: string,
): Readonly<Record<string, string>> {
  const { user } = identity;
  const hfHome = fields.hf_home ?? variable('HF_HOME');
  const site = Object.fromEntries(
    ['UV_PYTHON_VERSION', 'TZ', ...clusterNames].map((name) => [name, variable(name)]),
  );
  if (user === undefined) return defined({ HF_HOME: hfHome, ...site });
  const homeRoot = fields.scratch?.home_root ?? variable('SCRATCH_HOME_ROOT') ?? `${mount}/homes`;
  const home = fields.working_dir ?? variable('WORKING_DIR') ?? `${homeRoot}/${user}`;
  return defined({
    HOME: `/home/${user}`,
    NB_USER: user,
    NB_UID: identity.uid,
    NB_GROUP: identity.group,
    NB_GID: identity.gid,
    WORKING_DIR: home,
    SCRATCH_HOME: home,
    SCRATCH_HOME_ROOT: homeRoot,
    EPFML_LDAP: user,
    HF_HOME: hfHome ?? `${mount}/hf_cache`,
    ...site,
    GIT_CONFIG_GLOBAL: `${home}/.gitconfig`,
    UV_CACHE_DIR: `${home}/.cache/uv`,
    UV_PYTHON_INSTALL_DIR: `${home}/.uv`,
    NB_SHELL: fields.shell,
    SCRATCH_SEED_USER: fields.seed_user,
    GRANT_SUDO: fields.sudo === true ? 'yes' : undefined,
  });
}

function defined(values: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
