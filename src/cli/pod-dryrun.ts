import { ExitCode } from '../exit-code.ts';
import { defineCommand } from './command.ts';

export const command = defineCommand({
  name: 'pod-dryrun',
  flags: {},
  example: 'make pod-dryrun',
  async run(options, context) {
    const { openProject, usesRunai } = await import('./project.ts');
    if (await usesRunai(context)) {
      const { printPodCommandLine } = await import('./runai/print-command-lines.ts');
      await printPodCommandLine(await openProject(context), options, context);
      return ExitCode.ok;
    }
    const { pinCode } = await import('./render/open-sweep.ts');
    const { openRenderer } = await import('./render/open-renderer.ts');
    const { interactivePod } = await import('../render/interactive-pod.ts');
    const { plannedCodeObjects } = await import('./render/code-objects.ts');
    const { writeManifests } = await import('./render/write-manifests.ts');
    const config = await openProject(context);
    const code = await pinCode(context, config);
    const renderer = await openRenderer(context, config, code.placement);
    await writeManifests('pod-dryrun', [renderer.pod(interactivePod(config))], context, {
      ...options,
      code,
      codeObjects: await plannedCodeObjects(code, config),
    });
    return ExitCode.ok;
  },
});
