/** Codes of the run:ai backend: `PHASE_WHAT` → what it means and how to mend it, for docs/errors.md. */
export const runaiCodes = {
  RUNAI_SETTING_MISSING:
    'The run:ai backend needs a setting that neither `runai:` in config/kube.yaml nor `.env` gives.',
  RUNAI_NOT_INSTALLED: "There is no `runai` command on PATH. Install your cluster's run:ai command line.",
  RUNAI_LOGIN_EXPIRED: 'run:ai does not know you, or no longer. Run `runai login`.',
  RUNAI_NAME_TAKEN: 'Another workload has the name. `make status` shows it; `overwrite=true` replaces it.',
  RUNAI_UNKNOWN_PROJECT: 'run:ai knows no project of that name. `runai list projects` shows yours.',
  RUNAI_REFUSED: 'The run:ai command line failed for another reason, which is printed.',
} as const;
