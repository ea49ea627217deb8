import { defineCommand } from './command.ts';

export const command = defineCommand({
  name: 'vscode',
  flags: {
    pod: { kind: 'string', value: 'NAME', required: true, summary: 'the pod; make pod says its name' },
    folder: { kind: 'string', value: 'PATH', summary: "folder to open (default: the project's)" },
    open: { kind: 'boolean', summary: 'open it with the code command instead of printing the link' },
    yes: { kind: 'boolean', summary: 'go on without being asked' },
  },
  example: 'make vscode pod=alice-example-interactive-pod',
  async run(options, context) {
    const { attachVscode } = await import('./cluster/attach-vscode.ts');
    return await attachVscode(options, context);
  },
});
