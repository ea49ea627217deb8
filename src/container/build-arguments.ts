import type { Config } from '../config/config.ts';

/** The identity's names in Dockerfiles: ours, and those of the labs' own. */
const identityNames = {
  user: ['NB_USER', 'CLUSTER_USER', 'LDAP_USERNAME'],
  uid: ['NB_UID', 'CLUSTER_USER_ID', 'LDAP_UID'],
  group: ['NB_GROUP', 'CLUSTER_GROUP_NAME', 'LDAP_GROUPNAME'],
  gid: ['NB_GID', 'CLUSTER_GROUP_ID', 'LDAP_GID'],
} as const;

/**
 * Values for the build arguments that a Dockerfile declares: the identity of `identity:` or `.env` under any of
 * the names the labs use, and `TOOLBOX_IMAGE`. They are passed by the environment, since values of `.env` are
 * secrets; a Dockerfile declares one by `ARG NAME`.
 */
export function buildArguments(config: Config, dockerfile: string): Record<string, string> {
  const declared = new Set<string>();
  for (const [, words] of dockerfile.matchAll(/^[ \t]*ARG[ \t]+(.+)$/gim)) {
    for (const word of words?.split(/\s+/) ?? []) declared.add(word.replace(/=.*$/s, ''));
  }
  const { variables } = config.dotenv;
  const identity = config.root.identity ?? config.kube.identity ?? undefined;
  const values: Record<string, string> = {};
  for (const [field, names] of Object.entries(identityNames) as [
    keyof typeof identityNames,
    readonly string[],
  ][]) {
    const value = identity?.[field] ?? names.map((name) => variables.get(name)).find(Boolean);
    if (value === undefined) continue;
    for (const name of names) if (declared.has(name)) values[name] = String(value);
  }
  const toolbox = config.root.toolbox_image ?? config.kube.toolbox_image;
  if (toolbox && declared.has('TOOLBOX_IMAGE')) values['TOOLBOX_IMAGE'] = toolbox;
  return values;
}
