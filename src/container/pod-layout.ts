/**
 * Where things are inside a pod. The scripts in `container/` are told by environment variables and know
 * none of these paths but the first; the manifests and these scripts agree through `pod-parts.ts`.
 */
export const podLayout = {
  /** Node, the bundled toolbox and `make`: from the image itself, or an empty directory filled by an init container. */
  toolbox: '/opt/toolbox',
  /** The scripts of `container/`, from one ConfigMap a sweep. */
  scripts: '/kube-toolbox/scripts',
  /** The `file:` entries, paths kept, from a Secret. */
  files: '/kube-toolbox/files',
  /** An empty directory shared by the containers of the pod; the project's tree is in it. */
  work: '/kube-toolbox/workspace',
  /** Pieces of a small code snapshot, from ConfigMaps; only the `code` init container sees them. */
  codeParts: '/kube-toolbox/code',
} as const;

/** The scripts a workload mounts, by file name; `scripts/generate.ts` bundles their text. */
export const podScripts = [
  'code.sh',
  'entrypoint.sh',
  'environments.sh',
  'link.sh',
  'pod-local.sh',
  'region.sh',
  'run-command.sh',
  'run.sh',
  'startup.sh',
  'sync.sh',
  'unpack.sh',
  'upload.sh',
] as const;

export type PodScript = (typeof podScripts)[number];

/** Seconds between SIGTERM and SIGKILL where there are outputs to save; Kubernetes' own default is 30. */
export const defaultGraceSeconds = 120;
