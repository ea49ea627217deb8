import { ExitCode } from '../exit-code.ts';
import { defineCommand } from './command.ts';

export const command = defineCommand({
  name: 'image-init',
  flags: {
    python: {
      kind: 'choice',
      summary: 'environment to build; default: what the project has',
      choices: ['conda', 'uv', 'poetry'],
    },
  },
  example: 'make image-init python=uv',
  async run(options, context) {
    const { openProject } = await import('./project.ts');
    const { writeImageFiles } = await import('../container/write-image-files.ts');
    const config = await openProject(context);
    const outcomes = await writeImageFiles(config, context.cwd, options.python);
    for (const { path, action, note } of outcomes) {
      const line =
        action === 'kept'
          ? `left ${path} as it is`
          : action === 'extended'
            ? `added to ${path}`
            : `wrote ${path}`;
      context.stdout.write(
        options.json
          ? `${JSON.stringify({ type: 'file', path, action, ...(note && { note }) })}\n`
          : `${line}${note ? ` (${note})` : ''}\n`,
      );
    }
    if (!options.json)
      context.stderr.write('next: make image builds it, docs/images.md tells about keys and tokens\n');
    return ExitCode.ok;
  },
});
