/** Codes of the run:ai backend: `PHASE_WHAT` → what it means and how to mend it, for docs/errors.md. */
export const runaiCodes = {
  RUNAI_SETTING_MISSING:
    'The run:ai backend needs a setting that neither `runai:` in config/kube.yaml nor `.env` gives.',
  RUNAI_NOT_INSTALLED: "There is no `runai` command on PATH. Install your cluster's run:ai command line.",
  RUNAI_LOGIN_EXPIRED: 'run:ai does not know you, or no longer. Run `runai login`.',
  RUNAI_NAME_TAKEN: 'Another workload has the name. `make status` shows it; `overwrite=true` replaces it.',
  RUNAI_UNKNOWN_PROJECT: 'run:ai knows no project of that name. `runai list projects` shows yours.',
  RUNAI_SECRET_TAKEN:
    'The Secret that `.env` is mirrored into exists and was not made by the toolbox, so it is left alone. Set another `secret_name`, or delete it.',
  RUNAI_FIELD_IGNORED:
    'A field is written that has no meaning on run:ai, such as `data:`. Say it in the command, or remove it.',
  RUNAI_NO_WORKLOAD: 'run:ai lists no workload of that name. `make status` lists the trials.',
  RUNAI_COMMAND: 'The command is for Kubernetes clusters; the hint says what does the same on run:ai.',
  RUNAI_COMMAND_TOO_LONG:
    'The command of a trial does not fit into a command line (128 KiB on Linux). Put it into a script.',
  RUNAI_REFUSED: 'The run:ai command line failed for another reason, which is printed.',
} as const;
