import type { Config } from '../../config/config.ts';
import type { Context } from '../../context.ts';
import type { JobSpec } from '../../matrix/job-spec.ts';
import { quoteForShell } from '../../matrix/shell-quote.ts';
import { interactivePod } from '../../render/interactive-pod.ts';
import { writeLines } from '../write-lines.ts';
import { acceptPodPolicy } from './accept-pod-policy.ts';
import { openRunai } from './open-runai.ts';

/** `make dryrun`: what `make job` would type, one line a trial. Contacts nothing. */
export async function printTrialCommandLines(
  config: Config,
  specs: Iterable<JobSpec>,
  options: { readonly json: boolean },
  context: Context,
): Promise<void> {
  const { executor } = await openRunai(config, context);
  await writeLines(context, specs, (spec) => format(spec.name, executor.prepare(spec).argv, options.json));
}

/** `make pod-dryrun`: what `make pod` would type. */
export async function printPodCommandLine(
  config: Config,
  options: { readonly json: boolean },
  context: Context,
): Promise<void> {
  const { podCommandLine } = await openRunai(config, context);
  acceptPodPolicy(config, context);
  const spec = interactivePod(config);
  await writeLines(context, [spec], () => format(spec.name, podCommandLine(spec), options.json));
}

function format(name: string, argv: readonly string[], json: boolean): string {
  return json ? JSON.stringify({ type: 'command-line', name, argv }) : argv.map(quoteForShell).join(' ');
}
