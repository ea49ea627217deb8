import { defineCommand } from './command.ts';

export const command = defineCommand({
  name: 'port-forward',
  flags: {
    pod: { kind: 'string', value: 'NAME', required: true, summary: 'the pod; make pod says its name' },
    port: {
      kind: 'string',
      value: 'PORT[:LOCAL]',
      required: true,
      summary: "the pod's port, and this machine's where it differs",
    },
    yes: { kind: 'boolean', summary: 'go on without being asked' },
  },
  example: 'make port-forward pod=alice-example-interactive-pod port=8888:9999',
  async run({ pod, port, yes }, context) {
    const { forwardFromPod } = await import('./cluster/forward-from-pod.ts');
    return await forwardFromPod({ pod, port, yes }, context);
  },
});
