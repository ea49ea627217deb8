import { ExitCode } from '../exit-code.ts';
import { defineCommand } from './command.ts';

export const command = defineCommand({
  name: 'dryrun',
  flags: {},
  example: 'make dryrun',
  async run(options, context) {
    const { openSweep } = await import('./render/open-sweep.ts');
    const { writeManifests } = await import('./render/write-manifests.ts');
    const { plan, renderer } = await openSweep(context);
    const workloads = (function* () {
      for (const spec of plan) yield renderer.job(spec);
    })();
    writeManifests('dryrun', workloads, context, options);
    return ExitCode.ok;
  },
});
