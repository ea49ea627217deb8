import type { Config } from '../../config/config.ts';
import type { Context } from '../../context.ts';
import { isNameTaken } from '../../executors/runai/runai-executor.ts';
import { ExitCode } from '../../exit-code.ts';
import { interactivePod } from '../../render/interactive-pod.ts';
import { acceptPodPolicy } from './accept-pod-policy.ts';
import { mirrorEnv } from './mirror-env.ts';
import { openRunai } from './open-runai.ts';

/** Names tried before giving up: nobody has that many pods. */
const maxPods = 100;

/** `make pod` with `backend: runai`: an interactive workload under the first name that is free. */
export async function createRunaiPod(
  config: Config,
  options: { readonly json: boolean },
  context: Context,
): Promise<ExitCode> {
  const { signal } = context;
  const runai = await openRunai(config, context);
  acceptPodPolicy(config, context);
  const there = await runai.executor.list(signal);
  await mirrorEnv(runai, config, context);
  for (let number = 0; ; number += 1) {
    const spec = interactivePod(config, number);
    if (there.has(spec.name) && number + 1 < maxPods) continue;
    try {
      await runai.cli.run(runai.podCommandLine(spec).slice(1), signal);
    } catch (error) {
      // Somebody was faster, or a workload of another project of run:ai has the name.
      if (isNameTaken(error) && number + 1 < maxPods) continue;
      throw error;
    }
    if (options.json) context.stdout.write(`${JSON.stringify({ type: 'pod', name: spec.name })}\n`);
    else {
      context.stdout.write(`pod/${spec.name} created\n`);
      context.stderr.write(`a shell in it: make exec pod=${spec.name}\n`);
    }
    return ExitCode.ok;
  }
}
