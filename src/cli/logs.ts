import { ExitCode } from '../exit-code.ts';
import { defineCommand } from './command.ts';

export const command = defineCommand({
  name: 'logs',
  flags: {
    name: {
      kind: 'string',
      value: 'NAME',
      required: true,
      summary: "a trial's name, or a pattern such as '*-vit-*'",
    },
    attempt: { kind: 'count', summary: 'the log of attempt N (default: the last one)' },
    path: { kind: 'boolean', summary: 'print where the log is instead of the log' },
  },
  example: "make logs name='*-vit-*'",
  async run({ name, attempt, path }, context) {
    const { printLocalLogs } = await import('./local/print-local-logs.ts');
    await printLocalLogs({ name, attempt, path }, context);
    return ExitCode.ok;
  },
});
