import { execa } from 'execa';
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
    const [first = ''] = target.trim().split(/\s+/);
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

function refuse(message: string, hint: string | undefined): DiagnosticError {
  return new DiagnosticError(errorDiagnostic('LOCAL_TMUX', message, { hint }), ExitCode.failed);
}
