import { ExitCode } from '../exit-code.ts';
import { defineCommand } from './command.ts';

export const command = defineCommand({
  name: 'image-push',
  flags: {},
  example: 'make image-push',
  async run(options, context) {
    const [{ openProject }, { findBuilder, runBuilder }, { projectImage }, { imageTags }] = await Promise.all(
      [
        import('./project.ts'),
        import('../container/image-builder.ts'),
        import('../container/image-name.ts'),
        import('../container/image-tags.ts'),
      ],
    );
    const config = await openProject(context);
    const builder = findBuilder(context.env);
    const [latest, commit] = await imageTags(projectImage(config), context);
    // The commit's first: who sees the new `latest` can name it.
    for (const tag of [commit, latest]) {
      if (tag === undefined) continue;
      await runBuilder(builder, ['push', tag], context);
      context.stdout.write(options.json ? `${JSON.stringify({ type: 'image', tag })}\n` : `pushed ${tag}\n`);
    }
    return ExitCode.ok;
  },
});
