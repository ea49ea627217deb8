/** Where pods may look for the repository when the clone here does not say. */
export interface RepositoryFallback {
  readonly sshHost: string;
  readonly sshPort: number;
  /** `gitlab_user`. */
  readonly owner: string;
  readonly project: string;
}

/**
 * The address a pod clones from: `origin` without its credentials, or, where that is a folder of this machine
 * or missing, the project's repository on `ssh_host`. An address of the form `host:path` stays as it is: the
 * port of `ssh_host` reaches it through ssh's configuration.
 */
export function repositoryUrl(origin: string | undefined, fallback: RepositoryFallback): string {
  const { sshHost, sshPort, owner, project } = fallback;
  const there = `ssh://git@${sshHost}:${sshPort}/${owner}/${project}.git`;
  if (origin === undefined || origin === '') return there;
  if (/^(https?|git):\/\//i.test(origin)) {
    const url = URL.canParse(origin) ? new URL(origin) : undefined;
    if (url === undefined) return there;
    url.username = '';
    url.password = '';
    url.search = '';
    url.hash = '';
    return url.href;
  }
  if (/^(git\+)?ssh:\/\//i.test(origin)) return origin.replace(/^([^/]*\/\/[^/@:]*):[^/@]*@/, '$1@');
  // `user@host:path`, but neither `./folder:x` nor `C:\x`.
  if (/^(?:[^/:@\s]+@)?[^/:@\s]{2,}:(?!\/\/)\S/.test(origin)) return origin;
  return there;
}
