import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { DiagnosticError, errorDiagnostic } from '../diagnostics/diagnostic.ts';
import { findBash } from '../executors/find-bash.ts';
import { localEnvironment } from '../executors/local-environment.ts';
import { ExitCode } from '../exit-code.ts';
import { defineCommand } from './command.ts';
import { definedVariables, localEnvironments } from './local/local-environments.ts';
import { filterOf } from './local/select-locally.ts';
import { openPlan } from './project.ts';
import { reportDiagnostics } from './report-diagnostics.ts';

export const command = defineCommand({
  name: 'shell',
  flags: {
    where: {
      kind: 'string',
      value: "'KEY=VALUE ...'",
      summary: 'whose environment, as for local (default: the first trial)',
    },
  },
  example: "make shell where='model=vit'",
  async run({ where }, context) {
    const { config, matrix, plan } = await openPlan(context, { side: 'local' });
    const keeps = filterOf(where, matrix);
    const spec = Iterator.from(plan).find(({ trial }) => keeps(trial));
    if (spec === undefined) {
      const nothing = errorDiagnostic('LOCAL_NO_TRIAL', `no trial has ${where}`, {
        hint: 'make plan lists the trials',
      });
      throw new DiagnosticError(nothing, ExitCode.usage);
    }
    const root = context.cwd;
    const env = definedVariables(context.env);
    const warn = (diagnostic: Parameters<typeof reportDiagnostics>[0][number]) =>
      reportDiagnostics([diagnostic], context);
    const base = await localEnvironments([spec], { root, env, config, warn });
    const trialEnvironment = localEnvironment(spec, {
      root,
      base,
      dotenv: config.dotenv.variables,
      sweepId: 'shell',
    });
    const shell = context.env['SHELL'] || findBash(env);
    if (context.stdin.isTTY)
      context.stderr.write(`The environment of ${spec.name}; type exit to leave it.\n`);
    // A person's shell: it owns the terminal, and so Ctrl-C is for it and not for us.
    const child = spawn(shell, [], { cwd: root, env: trialEnvironment.env, stdio: 'inherit' });
    const [code] = (await once(child, 'exit')) as [number | null];
    // Who leaves a shell after a command that failed has not made the tool fail; a script that is piped in has.
    return code === 0 || context.stdin.isTTY ? ExitCode.ok : ExitCode.failed;
  },
});
