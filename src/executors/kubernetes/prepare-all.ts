import { type Diagnostic, DiagnosticError } from '../../diagnostics/diagnostic.ts';
import { ExitCode } from '../../exit-code.ts';
import type { JobSpec } from '../../matrix/job-spec.ts';
import type { KubernetesExecutor, PreparedKubernetesJob } from './kubernetes-executor.ts';

/** Manifests kept from being checked to being sent, some 10 KB each; others are rendered again. */
const mostKept = 2000;
/** More different problems than this help nobody. */
const mostProblems = 50;

/**
 * Renders and checks what is going to be created, all of it before the first is sent or anything is deleted for it.
 *
 * @throws DiagnosticError (exit 2) with each distinct problem
 */
export function prepareAll(
  executor: Pick<KubernetesExecutor, 'prepare'>,
  specs: Iterable<JobSpec>,
): Map<JobSpec, PreparedKubernetesJob> {
  const kept = new Map<JobSpec, PreparedKubernetesJob>();
  const problems = new Map<string, Diagnostic>();
  for (const spec of specs) {
    try {
      const prepared = executor.prepare(spec);
      if (kept.size < mostKept && problems.size === 0) kept.set(spec, prepared);
    } catch (error) {
      if (!(error instanceof DiagnosticError)) throw error;
      for (const each of error.diagnostics)
        if (problems.size < mostProblems) problems.set(`${each.code} ${each.message}`, each);
    }
  }
  if (problems.size > 0) throw new DiagnosticError([...problems.values()], ExitCode.usage);
  return kept;
}
