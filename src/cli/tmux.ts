import { execa } from 'execa';
import type { Context } from '../context.ts';
import { DiagnosticError, errorDiagnostic } from '../diagnostics/diagnostic.ts';
import { ExitCode } from '../exit-code.ts';
import { legalText } from '../matrix/legal-name.ts';
import { quoteForShell } from '../matrix/shell-quote.ts';
import { defineCommand } from './command.ts';
import { openProject } from './project.ts';

export const command = defineCommand({
  name: 'tmux',
  flags: {
    target: {
      kind: 'string',
      value: "'TARGET [name=value ...]'",
      required: true,
      summary: "the make target to run, with its values: target='local jobs=4'",
    },
  },
  example: "make tmux target='local resume=true'",
  async run({ target }, context) {
    const { project } = await openProject(context);
    const words = target.trim().split(/\s+/);
    const [first = ''] = words;
    await refuseUnknown(words, context);
    const session = legalText(`${project.project_name}-${first}`);
    // The window stays when the target has ended, so that its last lines can be read.
    const line = `make ${target}; code=$?; printf '\\n[make ${first} ended with exit code %s]\\n' "$code"; exec "\${SHELL:-bash}"`;
    const { failed, code, stderr } = await execa(
      'tmux',
      ['new-session', '-d', '-s', session, '-c', context.cwd, `bash -c ${quoteForShell(line)}`],
      { cwd: context.cwd, env: context.env, extendEnv: false, reject: false, cancelSignal: context.signal },
    );
    if (code === 'ENOENT') {
      throw refuse('there is no tmux on PATH', 'install it, for example: apt-get install tmux');
    }
    if (failed && stderr.includes('duplicate session')) {
      throw refuse(`the tmux session "${session}" is there already`, `type: tmux attach -t ${session}`);
    }
    if (failed) throw refuse(`tmux failed: ${stderr.trim()}`, undefined);
    context.stdout.write(`${session}\n`);
    context.stderr.write(`make ${target} runs in tmux; to see it: tmux attach -t ${session}\n`);
    return ExitCode.ok;
  },
});

/** What make would say in a window that nobody looks at. Only the target's name is asked for: nothing is run. */
async function refuseUnknown(words: readonly string[], context: Context): Promise<void> {
  const target = words.find((word) => /^[^-=][^=]*$/.test(word));
  if (target === undefined || words.includes('-C') || words.includes('-f')) return;
  const { cwd, signal } = context;
  const { MAKEFLAGS: _flags, MAKELEVEL: _level, MFLAGS: _old, ...env } = context.env;
  const { stderr } = await execa('make', ['-n', '--', target], {
    cwd,
    env: { ...env, LC_ALL: 'C' },
    extendEnv: false,
    reject: false,
    cancelSignal: signal,
  });
  if (/No rule to make target|No targets/.test(stderr))
    throw refuse(`make knows no target "${target}"`, '`make` lists the targets', ExitCode.usage);
}

function refuse(
  message: string,
  hint: string | undefined,
  exitCode: 1 | 2 = ExitCode.failed,
): DiagnosticError {
  return new DiagnosticError(errorDiagnostic('LOCAL_TMUX', message, { hint }), exitCode);
}
