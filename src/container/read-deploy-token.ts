import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import type { DotEnv } from '../config/dotenv.ts';
import type { Context } from '../context.ts';
import { DiagnosticError, errorDiagnostic } from '../diagnostics/diagnostic.ts';

/**
 * The deploy token: `DEPLOY_TOKEN_USERNAME` and `DEPLOY_TOKEN_PASSWORD` of the environment or `.env`, else asked
 * for on the terminal, the password without showing it, else the password as the one line of standard input.
 * Never an argument, which everybody on the machine could read.
 *
 * @throws DiagnosticError where a part is missing
 */
export async function readDeployToken(
  given: { readonly username: string | undefined },
  dotenv: DotEnv,
  context: Context,
): Promise<{ readonly username: string; readonly password: string }> {
  const of = (name: string) => context.env[name] || dotenv.variables.get(name) || undefined;
  const isTerminal = context.stdin.isTTY === true && context.stderr.isTTY === true;
  let username = given.username ?? of('DEPLOY_TOKEN_USERNAME');
  if (username === undefined && isTerminal)
    username = await readLine('user name of the deploy token: ', context, false);
  let password = of('DEPLOY_TOKEN_PASSWORD');
  if (password === undefined)
    password = await readLine(isTerminal ? 'its password: ' : '', context, isTerminal);
  if (!username || !password) {
    throw new DiagnosticError(
      errorDiagnostic(
        'CONTAINER_SECRET_INPUT',
        `the deploy token has no ${username ? 'password' : 'user name'}`,
        {
          hint: 'set DEPLOY_TOKEN_USERNAME and DEPLOY_TOKEN_PASSWORD in .env, or pass username=NAME and type the password',
        },
      ),
      2,
    );
  }
  return { username, password };
}

async function readLine(question: string, context: Context, isHidden: boolean): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const output = isHidden ? silent : context.stderr;
  // What is not echoed by us must not be echoed by the terminal: with `terminal` it is in raw mode.
  const lines = createInterface({ input: context.stdin, output, terminal: isHidden });
  try {
    context.stderr.write(question);
    const closed = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
    return (await Promise.race([lines.question('', { signal: context.signal }), closed])).trim();
  } catch (error) {
    context.signal.throwIfAborted();
    throw error;
  } finally {
    lines.close();
    if (isHidden) context.stderr.write('\n');
  }
}
