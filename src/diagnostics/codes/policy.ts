/** Codes of policy packs: `PHASE_WHAT` → what it means and how to mend it, for docs/errors.md. */
export const policyCodes = {
  POLICY_REFUSED: "A rule of the cluster's policy pack forbids this. The rule's reason is printed.",
  POLICY_ADJUSTED: "A rule of the cluster's policy pack changed a field. The rule's reason is printed.",
  POLICY_NOT_FOUND: '`policy:` names neither a shipped pack nor a file of the project.',
  POLICY_RULE: 'A rule of a policy pack is neither a bound on a number nor a forbidden program.',
} as const;
