import { defineCommand } from './command.ts';

export const command = defineCommand({
  name: 'pod',
  flags: { yes: { kind: 'boolean', summary: 'go on without being asked' } },
  example: 'make pod',
  async run({ yes, json }, context) {
    const { openProject, usesRunai } = await import('./project.ts');
    if (await usesRunai(context)) {
      const { createRunaiPod } = await import('./runai/create-pod.ts');
      return await createRunaiPod(await openProject(context), { json }, context);
    }
    const { createPod } = await import('./cluster/interactive-pod.ts');
    return await createPod({ yes, json }, context);
  },
});
