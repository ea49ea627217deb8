import { ExitCode } from '../exit-code.ts';
import { defineCommand } from './command.ts';

export const command = defineCommand({
  name: 'init',
  flags: {
    python: { kind: 'boolean', summary: 'also write src/toolbox/s3utils.py, S3 from Python' },
  },
  example: 'make init',
  async run(options, context) {
    const { scaffold } = await import('./init/scaffold.ts');
    let written = 0;
    for await (const { path, action, note } of scaffold(context, options)) {
      if (action !== 'kept') written += 1;
      const line = { written: `wrote ${path}`, extended: `added to ${path}`, kept: `left ${path} as it is` }[
        action
      ];
      context.stdout.write(
        options.json
          ? `${JSON.stringify({ type: 'file', path, action, ...(note && { note }) })}\n`
          : `${line}${note ? ` (${note})` : ''}\n`,
      );
    }
    if (!options.json) {
      context.stderr.write(
        `${written === 0 ? 'nothing to do; ' : ''}next: make plan shows the trials, make local runs them\n`,
      );
    }
    return ExitCode.ok;
  },
});
