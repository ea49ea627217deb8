import { ExitCode } from '../exit-code.ts';
import { defineCommand } from './command.ts';

export const command = defineCommand({
  name: 'dryrun',
  flags: {
    where: { kind: 'string', value: "'KEY=VALUE ...'", summary: 'only trials with these values' },
  },
  example: "make dryrun where='model=vit'",
  async run(options, context) {
    const { openPlan, usesRunai } = await import('./project.ts');
    const { chosenBy } = await import('./local/select-locally.ts');
    if (await usesRunai(context)) {
      const { printTrialCommandLines } = await import('./runai/print-command-lines.ts');
      const project = await openPlan(context, { side: 'remote' });
      await printTrialCommandLines(project.config, chosenBy(options.where, project), options, context);
      return ExitCode.ok;
    }
    const { openSweep } = await import('./render/open-sweep.ts');
    const { plannedCodeObjects } = await import('./render/code-objects.ts');
    const { writeManifests } = await import('./render/write-manifests.ts');
    const { usesPacks } = await import('../matrix/uses-packs.ts');
    const { packSpecs } = await import('./render/pack-specs.ts');
    const { keepMemorySmall } = await import('./keep-memory-small.ts');
    keepMemorySmall();
    const sweep = await openSweep(context);
    const { config, renderer, code } = sweep;
    const chosen = chosenBy(options.where, sweep);
    const workloads = (function* () {
      for (const spec of usesPacks(config) ? packSpecs(chosen, config, context) : chosen)
        yield renderer.job(spec);
    })();
    await writeManifests('dryrun', workloads, context, {
      ...options,
      code,
      codeObjects: await plannedCodeObjects(code, config),
    });
    return ExitCode.ok;
  },
});
