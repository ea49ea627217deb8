import type { ResolvedFields } from '../config/resolved-fields.ts';
import { type Checked, type Diagnostic, errorDiagnostic } from '../diagnostics/diagnostic.ts';

/** Who the pod's user is, and the volume with their files. */
export interface PodIdentity {
  /** Literal variables for the entrypoint. What comes from `.env` is not here: it is in the Secret under names that the entrypoint knows. */
  readonly env: Readonly<Record<string, string>>;
  readonly gid: number | undefined;
  readonly scratch: { readonly claim: string; readonly mount: string } | undefined;
}

/** Settings of the entrypoint: its variable, and the names in `.env` that it understands too. */
const names = {
  user: ['NB_USER', 'CLUSTER_USER', 'LDAP_USERNAME'],
  uid: ['NB_UID', 'CLUSTER_USER_ID', 'LDAP_UID'],
  group: ['NB_GROUP', 'CLUSTER_GROUP_NAME', 'LDAP_GROUPNAME'],
  gid: ['NB_GID', 'CLUSTER_GROUP_ID', 'LDAP_GID'],
} as const;

/** What the entrypoint takes; of the fields the schema knows. */
const account = /^[A-Za-z_][\w.-]{0,31}$/;
const number = /^[1-9]\d{0,9}$/;
const legal = { user: account, uid: number, group: account, gid: number };

/** The value itself is a secret. */
function refuse(variable: string, field: keyof typeof legal): Diagnostic {
  const what = legal[field] === number ? 'a number above 0' : 'a name of letters, digits, ".", "_" and "-"';
  return errorDiagnostic('RENDER_IDENTITY_INVALID', `${variable} in .env is not ${what}`, {
    hint: `mend it, or set ${field} in \`identity:\` of config/kube.yaml`,
  });
}

/**
 * The identity of `identity:`, completed from `.env`. Names of claims and mount paths from `.env`, and the
 * group's number, are part of the manifest, because Kubernetes needs them there; all else stays in the Secret.
 */
export function identityOf(
  identity: NonNullable<ResolvedFields['identity']>,
  dotenv: ReadonlyMap<string, string>,
): Checked<PodIdentity> {
  const env: Record<string, string> = {};
  const missing: string[] = [];
  const wrong: Diagnostic[] = [];
  for (const [field, variables] of Object.entries(names) as [keyof typeof names, readonly string[]][]) {
    const value = identity[field];
    const name = variables.find((each) => dotenv.get(each));
    if (value !== undefined) env[variables[0] ?? field] = String(value);
    else if (name === undefined) missing.push(field);
    else if (!legal[field].test(dotenv.get(name) ?? '')) wrong.push(refuse(name, field));
  }
  if (wrong.length > 0) return { ok: false, diagnostics: wrong };
  if (missing.length > 0) {
    const from = missing.map((field) => names[field as keyof typeof names][2]).join(', ');
    return {
      ok: false,
      diagnostics: [
        errorDiagnostic('RENDER_IDENTITY_MISSING', `\`identity:\` has no ${missing.join(', ')}`, {
          hint: `set it in config/kube.yaml, or ${from} in .env`,
        }),
      ],
    };
  }
  const optional = {
    SCRATCH_HOME_ROOT: identity.scratch?.home_root,
    WORKING_DIR: identity.working_dir,
    HF_HOME: identity.hf_home,
    SCRATCH_SEED_USER: identity.seed_user,
    NB_SHELL: identity.shell,
    GRANT_SUDO: identity.sudo === true ? 'yes' : undefined,
  };
  for (const [name, value] of Object.entries(optional)) if (value !== undefined) env[name] = value;
  const gid = identity.gid ?? Number(names.gid.map((name) => dotenv.get(name)).find(Boolean));
  const claim = identity.scratch?.claim ?? (dotenv.get('SCRATCH_PVC') || undefined);
  const mount = identity.scratch?.mount ?? (dotenv.get('SCRATCH_MOUNT_PATH') || '/scratch');
  return {
    ok: true,
    diagnostics: [],
    value: {
      env,
      gid: Number.isInteger(gid) ? gid : undefined,
      scratch: claim === undefined ? undefined : { claim, mount },
    },
  };
}
