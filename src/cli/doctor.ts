import { ExitCode } from '../exit-code.ts';
import { defineCommand } from './command.ts';

export const command = defineCommand({
  name: 'doctor',
  flags: {},
  example: 'make doctor',
  async run(options, context) {
    const { examine } = await import('./doctor/examine.ts');
    const { reportDiagnostics } = await import('./report-diagnostics.ts');
    let exitCode: ExitCode = ExitCode.ok;
    let topic = '';
    for await (const { check, finding } of examine(context)) {
      const { state, message, mend, diagnostics = [] } = finding;
      if (options.json) {
        const line = {
          type: 'check',
          topic: check.topic,
          name: finding.name ?? check.name,
          state,
          message,
          ...(mend && { mend }),
        };
        context.stdout.write(`${JSON.stringify(line)}\n`);
      } else {
        if (check.topic !== topic) context.stdout.write(`${topic === '' ? '' : '\n'}${check.topic}\n`);
        context.stdout.write(`  ${state.padEnd(8)} ${message}\n`);
        if (mend !== undefined) context.stdout.write(`${' '.repeat(11)}mend: ${mend}\n`);
      }
      topic = check.topic;
      reportDiagnostics(diagnostics, context, options);
      if (state === 'problem' && exitCode !== ExitCode.usage) {
        exitCode = diagnostics.length > 0 ? ExitCode.usage : ExitCode.refused;
      }
    }
    return exitCode;
  },
});
