import { ExitCode } from '../exit-code.ts';
import { defineCommand } from './command.ts';

export const command = defineCommand({
  name: 'image',
  flags: {
    dockerfile: { kind: 'string', summary: 'build from this file', value: 'FILE' },
  },
  example: 'make image',
  async run(options, context) {
    const [
      { openProject },
      { buildArguments },
      { findBuilder, runBuilder },
      { projectImage },
      { imageTags },
    ] = await Promise.all([
      import('./project.ts'),
      import('../container/build-arguments.ts'),
      import('../container/image-builder.ts'),
      import('../container/image-name.ts'),
      import('../container/image-tags.ts'),
    ]);
    const { readDockerfile } = await import('../container/read-dockerfile.ts');
    const config = await openProject(context);
    const file = options.dockerfile ?? 'Dockerfile';
    const values = buildArguments(config, await readDockerfile(context.cwd, file));
    const builder = findBuilder(context.env);
    const tags = await imageTags(projectImage(config), context);
    // A name without a value is looked up in the environment.
    const words = [
      ...tags.flatMap((tag) => ['--tag', tag]),
      ...Object.keys(values).flatMap((name) => ['--build-arg', name]),
    ];
    await runBuilder(builder, ['build', '--file', file, ...words, '.'], context, values);
    for (const tag of tags)
      context.stdout.write(options.json ? `${JSON.stringify({ type: 'image', tag })}\n` : `built ${tag}\n`);
    return ExitCode.ok;
  },
});
