import { DiagnosticError, errorDiagnostic } from '../diagnostics/diagnostic.ts';
import { ExitCode } from '../exit-code.ts';
import { defineCommand } from './command.ts';

export const command = defineCommand({
  name: 'jupyter',
  flags: {
    port: {
      kind: 'string',
      value: 'PORT[:LOCAL]',
      summary: "the notebook's port in the pod (default 8888), and this machine's where it differs",
    },
    yes: { kind: 'boolean', summary: 'go on without being asked' },
  },
  example: 'make jupyter',
  async run({ port = '8888', yes, json }, context) {
    const { usesRunai } = await import('./project.ts');
    if (await usesRunai(context))
      throw new DiagnosticError(
        errorDiagnostic('RUNAI_COMMAND', '"jupyter" is not for run:ai', {
          hint: "set server_command: 'jupyter lab --ip=0.0.0.0' and ports: [8888] in config/kube.yaml, then: make pod",
        }),
        ExitCode.usage,
      );
    const { startJupyter } = await import('./cluster/start-jupyter.ts');
    return await startJupyter({ port, yes, json }, context);
  },
});
