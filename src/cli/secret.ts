import { ExitCode } from '../exit-code.ts';
import { defineCommand } from './command.ts';

export const command = defineCommand({
  name: 'secret',
  flags: { yes: { kind: 'boolean', summary: 'go on without being asked' } },
  example: 'make secret',
  async run({ yes, json }, context) {
    const { openProject, usesRunai } = await import('./project.ts');
    const config = await openProject(context);
    let done: { readonly name: string; readonly action: string } | undefined;
    if (await usesRunai(context)) {
      const { openRunai } = await import('./runai/open-runai.ts');
      const { mirrorEnv } = await import('./runai/mirror-env.ts');
      const runai = await openRunai(config, context);
      const action = await mirrorEnv(runai, config, context);
      if (action !== undefined) done = { name: runai.settings.secretName, action };
    } else {
      const { applyEnvSecret } = await import('./cluster/apply-env-secret.ts');
      done = await applyEnvSecret(config, { yes }, context);
    }
    if (done === undefined)
      context.stderr.write('.env has no variables: there is nothing to put into a Secret\n');
    else if (json) context.stdout.write(`${JSON.stringify({ type: 'secret', ...done })}\n`);
    else context.stdout.write(`secret/${done.name} ${done.action}\n`);
    return ExitCode.ok;
  },
});
