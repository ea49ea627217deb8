/** Codes of this phase: `PHASE_WHAT` → what it means and how to mend it, for docs/errors.md. */
export const s3Codes = {} as const;
