import { ExitCode } from '../exit-code.ts';
import { defineCommand } from './command.ts';

export const command = defineCommand({
  name: 'dryrun',
  flags: {},
  example: 'make dryrun',
  async run(options, context) {
    const { openPlan } = await import('./project.ts');
    const { openRenderer } = await import('./render/open-renderer.ts');
    const { writeManifests } = await import('./render/write-manifests.ts');
    const { config, plan } = await openPlan(context, { side: 'remote' });
    const renderer = await openRenderer(context, config, {});
    const workloads = (function* () {
      for (const spec of plan) yield renderer.job(spec);
    })();
    writeManifests('dryrun', workloads, context, options);
    return ExitCode.ok;
  },
});
