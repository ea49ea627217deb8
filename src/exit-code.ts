/** What the process answers its caller; the contract with scripts and CI. */
export const ExitCode = {
  ok: 0,
  /** A trial, job or transfer failed. */
  failed: 1,
  /** The command line or a config file is wrong. */
  usage: 2,
  /** The cluster or the bucket refused, or something was left undone on purpose. */
  refused: 3,
  /** A bug in the toolbox. */
  internal: 70,
  interrupted: 130,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
