import {
  type Diagnostic,
  errorDiagnostic,
  type Location,
  warningDiagnostic,
} from '../diagnostics/diagnostic.ts';
import { callsProgram } from './called-programs.ts';
import type { CommandRule, FieldRule, Policy, WorkloadKind } from './policy.ts';

export interface PolicyVerdict<F> {
  /** The fields with what the rules adjusted. */
  readonly fields: F;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Holds a workload against a policy. Every rule that changes or refuses something says so, with its reason;
 * rules are applied in the pack's order and see what the ones before them adjusted.
 *
 * @param locate where a field, or the command, was written
 */
export function applyPolicy<F extends object>(
  policy: Policy,
  workload: { readonly kind: WorkloadKind; readonly fields: F; readonly command: string },
  locate: (what: string) => Location | undefined,
): PolicyVerdict<F> {
  let fields = workload.fields;
  const diagnostics: Diagnostic[] = [];
  for (const rule of policy.rules) {
    if (rule.for !== undefined && rule.for !== workload.kind) continue;
    if (rule.kind === 'field') {
      const verdict = applyFieldRule(policy, rule, fields, locate(rule.field));
      fields = verdict.fields;
      diagnostics.push(...verdict.diagnostics);
    } else {
      diagnostics.push(...applyCommandRule(policy, rule, workload.command, locate('command')));
    }
  }
  return { fields, diagnostics };
}

/** The fields with what the rules adjust, for callers that have told the user already. */
export function adjustFields<F extends object>(policy: Policy, kind: WorkloadKind, fields: F): F {
  return applyPolicy(policy, { kind, fields, command: '' }, () => undefined).fields;
}

function applyFieldRule<F extends object>(
  policy: Policy,
  rule: FieldRule,
  fields: F,
  location: Location | undefined,
): PolicyVerdict<F> {
  const value = (fields as Record<string, unknown>)[rule.field];
  if (typeof value !== 'number') return { fields, diagnostics: [] };
  const bound =
    rule.most !== undefined && value > rule.most
      ? { limit: rule.most, word: 'at most' }
      : rule.least !== undefined && value < rule.least
        ? { limit: rule.least, word: 'at least' }
        : undefined;
  if (bound === undefined) return { fields, diagnostics: [] };
  const message = `policy "${policy.name}": ${rule.field} is ${value}, and may be ${bound.word} ${bound.limit}`;
  if (rule.action === 'refuse') {
    const hint = `${rule.why}; set ${rule.field}: ${bound.limit}`;
    return { fields, diagnostics: [errorDiagnostic('POLICY_REFUSED', message, { location, hint })] };
  }
  const hint = `${rule.why}; used ${bound.limit} instead`;
  return {
    fields: { ...fields, [rule.field]: bound.limit },
    diagnostics: [warningDiagnostic('POLICY_ADJUSTED', message, { location, hint })],
  };
}

function applyCommandRule(
  policy: Policy,
  rule: CommandRule,
  command: string,
  location: Location | undefined,
): readonly Diagnostic[] {
  if (!callsProgram(command, rule.forbid)) return [];
  const message = `policy "${policy.name}": the command calls "${rule.forbid}"`;
  return [errorDiagnostic('POLICY_REFUSED', message, { location, hint: rule.why })];
}
