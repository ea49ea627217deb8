/** What tells our objects from other people's. Deleting selects by all three labels, and by nothing less. */
export const managedByLabel = 'app.kubernetes.io/managed-by';
export const managedBy = 'kube-toolbox';
export const userLabel = 'user';
export const projectLabel = 'project';

/** Labels that say which part of a trial an object is. */
export const trialLabel = 'kube-toolbox/trial';
/** On Secrets and ConfigMaps that workloads share: `env`, `files`; collected when nothing refers to them. */
export const supportLabel = 'kube-toolbox/support';
/** Its value on the ConfigMap of a long command, which one workload has for itself. */
export const ownSupport = 'command';

/** Annotations of a workload. Together with the script they stay under 256 KiB. */
export const annotationNames = {
  model: 'kube-toolbox/model',
  dataset: 'kube-toolbox/dataset',
  /** JSON object: hyperparameter → text, in the trial's order. */
  hparam: 'kube-toolbox/hparam',
  /** 64 hex digits, see `Fingerprint`. */
  fingerprint: 'kube-toolbox/fingerprint',
  /** JSON object: part → 12 hex digits. */
  fingerprintParts: 'kube-toolbox/fingerprint-parts',
  /** Which code the trial runs: `git:COMMIT`, `snapshot:DIGEST`; copied into the run record. */
  code: 'kube-toolbox/code',
  /** On the pod template: the bash text to run, which reaches the container through a mounted volume. */
  command: 'kube-toolbox/command',
} as const;
