import { type Diagnostic, DiagnosticError, errorDiagnostic } from '../../diagnostics/diagnostic.ts';
import { ApiError } from './api-error.ts';
import { throwRefused } from './namespace-api.ts';
import { NeedRefused } from './submit-job.ts';

/**
 * What a refusal is for the other trials: the quota's words stop new creations, diagnostics are of this one alone.
 *
 * @throws what all of them would meet, said once
 */
export function judgeRefusal(
  name: string,
  error: unknown,
): { readonly quota: string } | { readonly diagnostics: readonly Diagnostic[] } {
  const first = error instanceof DiagnosticError ? error.diagnostics[0] : undefined;
  const refusal = first?.cause ?? error;
  if (refusal instanceof ApiError && refusal.isOverQuota) return { quota: refusal.message };
  if (error instanceof NeedRefused) {
    const isOfOne =
      refusal instanceof ApiError ? isAboutOneTrial(refusal) : first?.code === 'KUBE_NAME_TAKEN';
    if (!error.isOwn || !isOfOne) throw error;
    return { diagnostics: error.diagnostics };
  }
  if (error instanceof DiagnosticError && (first?.code === 'KUBE_NAME_TAKEN' || first?.code === 'KUBE_STUCK'))
    return { diagnostics: error.diagnostics };
  if (!(refusal instanceof ApiError)) throw error;
  if (!isAboutOneTrial(refusal)) return throwRefused(`Job "${name}" cannot be created`, error);
  return {
    diagnostics: [
      errorDiagnostic('KUBE_REJECTED', `Job "${name}" is not accepted: ${refusal.message}`, {
        hint: 'make dryrun writes the manifest to build/',
        cause: refusal,
      }),
    ],
  };
}

function isAboutOneTrial(error: ApiError): boolean {
  return (
    ['Invalid', 'BadRequest', 'RequestEntityTooLarge', 'Conflict'].includes(error.reason) ||
    // Admission webhooks deny single objects; rights are missing for all of them.
    (error.reason === 'Forbidden' &&
      /denied (?:the )?request|admission webhook|violates PodSecurity|failed quota: |usage per (?:Pod|Container) /.test(
        error.message,
      )) ||
    /request is too large/.test(error.message)
  );
}
