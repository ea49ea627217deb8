import type { Config } from '../../config/config.ts';
import type { Context } from '../../context.ts';
import { DiagnosticError } from '../../diagnostics/diagnostic.ts';
import { ExitCode } from '../../exit-code.ts';
import { checkPodPolicy } from '../../render/interactive-pod.ts';
import { reportDiagnostics } from '../report-diagnostics.ts';

/** Tells what the policy pack adjusts of the interactive pod. @throws DiagnosticError for what it refuses */
export function acceptPodPolicy(config: Config, context: Context): void {
  const found = checkPodPolicy(config);
  if (found.some(({ severity }) => severity === 'error')) throw new DiagnosticError(found, ExitCode.usage);
  reportDiagnostics(found, context);
}
