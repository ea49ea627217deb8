import { defineCommand } from './command.ts';

export const command = defineCommand({
  name: 'copy',
  flags: {
    pod: { kind: 'string', value: 'NAME', required: true, summary: 'the pod; make pod says its name' },
    file: { kind: 'list', value: 'PATH', summary: 'these files or folders (default: the `file:` entries)' },
    yes: { kind: 'boolean', summary: 'go on without being asked' },
  },
  example: 'make copy pod=alice-example-interactive-pod',
  async run({ pod, file, yes, json }, context) {
    const { copyToPod } = await import('./cluster/copy-to-pod.ts');
    return await copyToPod({ pod, file, yes, json }, context);
  },
});
