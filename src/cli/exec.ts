import { defineCommand } from './command.ts';

export const command = defineCommand({
  name: 'exec',
  flags: {
    pod: { kind: 'string', value: 'NAME', required: true, summary: 'the pod; make pod says its name' },
    command: { kind: 'string', value: "'COMMAND'", summary: 'run this bash text instead of a shell' },
    container: { kind: 'string', value: 'NAME', summary: 'the container (default: the first)' },
    yes: { kind: 'boolean', summary: 'go on without being asked' },
  },
  example: 'make exec pod=alice-example-interactive-pod',
  async run({ pod, command: text, container, yes }, context) {
    const { openProject, usesRunai } = await import('./project.ts');
    if (await usesRunai(context)) {
      const { runInWorkload } = await import('./runai/run-in-workload.ts');
      return await runInWorkload(await openProject(context), { pod, text }, context);
    }
    const { runInPod } = await import('./cluster/run-in-pod.ts');
    return await runInPod({ pod, text, container, yes }, context);
  },
});
