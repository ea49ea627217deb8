import { ExitCode } from '../exit-code.ts';
import { defineCommand } from './command.ts';
import { openPlan } from './project.ts';
import { writeLines } from './write-lines.ts';

export const command = defineCommand({
  name: 'local-dryrun',
  flags: {},
  example: 'make local-dryrun',
  async run({ json }, context) {
    const { plan } = await openPlan(context, { side: 'local' });
    await writeLines(context, plan.commands(), ({ name, command: text }) =>
      json ? JSON.stringify({ type: 'command', name, command: text }) : `${name}: ${text.trim()}`,
    );
    return ExitCode.ok;
  },
});
