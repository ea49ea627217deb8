import { ExitCode } from '../exit-code.ts';
import { defineCommand } from './command.ts';

export const command = defineCommand({
  name: 'secret',
  flags: { yes: { kind: 'boolean', summary: 'go on without being asked' } },
  example: 'make secret',
  async run({ yes, json }, context) {
    const { openProject, usesRunai } = await import('./project.ts');
    const done: { readonly name: string; readonly action: string }[] = [];
    if (await usesRunai(context)) {
      const { openRunai } = await import('./runai/open-runai.ts');
      const { mirrorEnv } = await import('./runai/mirror-env.ts');
      const config = await openProject(context);
      const runai = await openRunai(config, context);
      const action = await mirrorEnv(runai, config, context);
      if (action !== undefined) done.push({ name: runai.settings.secretName, action });
    } else {
      const { applySecrets } = await import('./cluster/apply-secrets.ts');
      for (const name of await applySecrets({ yes }, context)) done.push({ name, action: 'applied' });
    }
    for (const each of done)
      context.stdout.write(
        json ? `${JSON.stringify({ type: 'secret', ...each })}\n` : `secret/${each.name} ${each.action}\n`,
      );
    if (done.length === 0)
      context.stderr.write(
        '.env has no variables, and no file is secret: there is nothing to put into a Secret\n',
      );
    return ExitCode.ok;
  },
});
