import type { Config } from '../../config/config.ts';
import type { Context } from '../../context.ts';
import { isOurs } from '../../executors/runai/launch.ts';
import type { ExitCode as Code } from '../../exit-code.ts';
import { ExitCode } from '../../exit-code.ts';
import { parseGlob } from '../../glob.ts';
import { JsonLogLines } from '../../report/json-log-lines.ts';
import { type LogsOptions, printLocalLogs, printLog } from '../local/print-local-logs.ts';
import { openRunai } from './open-runai.ts';

/**
 * `make logs` with `backend: runai`: what the workloads print; of one that is gone, what was kept of it.
 *
 * @throws DiagnosticError LOCAL_NO_RUN where there is neither
 */
export async function printRunaiLogs(
  config: Config,
  options: LogsOptions & { readonly follow?: boolean },
  context: Context,
): Promise<Code> {
  const { executor, records } = await openRunai(config, context);
  const glob = parseGlob(options.name);
  const known = await records.readAll();
  const { user = '' } = config.project;
  // The project is shared by a lab: a pattern means one's own, a name what it says.
  const names = [...(await executor.list(context.signal)).keys()]
    .filter((name) => glob.matches(name) && (name === options.name || isOurs(name, known.get(name), user)))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  if (names.length === 0 || options.path || options.attempt !== undefined)
    return await printLocalLogs(options, context);
  for (const name of names) {
    if (names.length > 1 && !options.json) context.stderr.write(`==> ${name} <==\n`);
    const chunks = executor.logs({ name }, { follow: options.follow === true }, context.signal);
    await printLog(chunks, options.json ? new JsonLogLines({ name }) : undefined, context);
  }
  return ExitCode.ok;
}
