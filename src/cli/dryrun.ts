import { ExitCode } from '../exit-code.ts';
import { defineCommand } from './command.ts';

export const command = defineCommand({
  name: 'dryrun',
  flags: {},
  example: 'make dryrun',
  async run(options, context) {
    const { openPlan, usesRunai } = await import('./project.ts');
    if (await usesRunai(context)) {
      const { printTrialCommandLines } = await import('./runai/print-command-lines.ts');
      const { config, plan } = await openPlan(context, { side: 'remote' });
      await printTrialCommandLines(config, plan, options, context);
      return ExitCode.ok;
    }
    const { openSweep } = await import('./render/open-sweep.ts');
    const { plannedCodeObjects } = await import('./render/code-objects.ts');
    const { writeManifests } = await import('./render/write-manifests.ts');
    const { usesPacks } = await import('./cluster/uses-packs.ts');
    const { packSpecs } = await import('./render/pack-specs.ts');
    const { config, plan, renderer, code } = await openSweep(context);
    const workloads = (function* () {
      for (const spec of usesPacks(config) ? packSpecs(plan, config, context) : plan)
        yield renderer.job(spec);
    })();
    writeManifests('dryrun', workloads, context, {
      ...options,
      code,
      codeObjects: await plannedCodeObjects(code, config),
    });
    return ExitCode.ok;
  },
});
