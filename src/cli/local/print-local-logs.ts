import { createReadStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from '../../context.ts';
import { type Diagnostic, DiagnosticError, errorDiagnostic } from '../../diagnostics/diagnostic.ts';
import { nearestName } from '../../diagnostics/nearest-name.ts';
import { drained } from '../../drained.ts';
import { loggedAttempts } from '../../executors/local-log.ts';
import { ExitCode } from '../../exit-code.ts';
import { parseGlob } from '../../glob.ts';
import { observeRecord } from '../../records/observe-record.ts';
import { DiskRecordStore } from '../../records/record-store.ts';
import { logPath } from '../../records/run-paths.ts';
import type { RunRecord } from '../../records/run-record.ts';
import { JsonLogLines } from '../../report/json-log-lines.ts';
import { reportDiagnostics } from '../report-diagnostics.ts';

export interface LogsOptions {
  /** A name, or a pattern with `*` and `?`. */
  readonly name: string;
  readonly attempt: number | undefined;
  /** Print the paths, not what is in them. */
  readonly path: boolean;
  readonly json: boolean;
  /** A cluster that has nothing of the name. */
  readonly asked?: { readonly namespace: string; readonly jobs: readonly string[] } | undefined;
}

/**
 * Prints the logs of local trials, bytes as they were; where there are several, each after a heading on
 * standard error.
 *
 * @returns exit code 1 where one of them has no log, which is told: the others are printed all the same
 * @throws DiagnosticError LOCAL_NO_RUN (exit 1) where there is nothing of that name
 */
export async function printLocalLogs(options: LogsOptions, context: Context): Promise<ExitCode> {
  const records = new DiskRecordStore(context.cwd, (warning) =>
    reportDiagnostics([warning], context, options),
  );
  const all = await records.readAll();
  const glob = parseGlob(options.name);
  const names = records.names();
  const found = names
    .filter((name) => glob.matches(name))
    .flatMap((name) => {
      const record = all.get(name);
      // The logs of a damaged record are whole, and the newest one is what is asked for.
      const log = record?.log ?? newestLog(context.cwd, name);
      return log === undefined ? [] : [{ name, record, log }];
    });
  if (found.length === 0) throw noRun(options, names);
  let code: ExitCode = ExitCode.ok;
  for (const { name, record, log } of found) {
    const path = options.attempt === undefined ? log : logPath(name, options.attempt);
    if (!existsSync(join(context.cwd, path))) {
      const known = options.attempt === undefined ? record : undefined;
      reportDiagnostics([noAttempt(context.cwd, name, path, known)], context, options);
      code = ExitCode.failed;
      continue;
    }
    if (options.path) {
      context.stdout.write(options.json ? `${JSON.stringify({ type: 'log', name, path })}\n` : `${path}\n`);
      continue;
    }
    if (found.length > 1 && !options.json) context.stderr.write(heading(name, record, options.attempt));
    const chunks = createReadStream(join(context.cwd, path), { signal: context.signal });
    await printLog(chunks, options.json ? new JsonLogLines({ name }) : undefined, context);
  }
  return code;
}

/** @param lines what the log is to become; default: it is passed on as it is */
export async function printLog(
  chunks: AsyncIterable<Uint8Array>,
  lines: JsonLogLines | undefined,
  context: Context,
): Promise<void> {
  const print = async (bytes: Uint8Array): Promise<void> => {
    if (bytes.length > 0 && !context.stdout.write(bytes)) await drained(context.stdout, context.signal);
  };
  for await (const chunk of chunks) await print(lines?.add(chunk) ?? chunk);
  if (lines !== undefined) await print(lines.end());
}

function heading(name: string, record: RunRecord | undefined, attempt = record?.attempt): string {
  const words = [
    ...(attempt === undefined ? [] : [`attempt ${attempt}`]),
    ...(record !== undefined && attempt === record.attempt ? [observeRecord(record).state] : []),
  ];
  return words.length === 0 ? `==> ${name} <==\n` : `==> ${name} (${words.join(', ')}) <==\n`;
}

function newestLog(root: string, name: string): string | undefined {
  const attempt = loggedAttempts(root, name).at(-1);
  return attempt === undefined ? undefined : logPath(name, attempt);
}

function noRun({ name, asked }: LogsOptions, here: readonly string[]): DiagnosticError {
  const known = [...(asked?.jobs ?? []), ...here];
  const near = nearestName(name, known);
  const also = asked === undefined ? '' : `, nor is there a Job or pod of it in namespace ${asked.namespace}`;
  const hint =
    near !== undefined
      ? `did you mean "${near}"?`
      : known.length === 0
        ? asked === undefined
          ? 'nothing has run here yet: make local'
          : 'nothing has been started yet: make job, or make local'
        : 'make status lists them';
  return new DiagnosticError(
    errorDiagnostic('LOCAL_NO_RUN', `nothing of the name "${name}" has run here${also}`, { hint }),
    ExitCode.failed,
  );
}

/** @param record of the attempt that has no log, where it is the last one */
function noAttempt(root: string, name: string, path: string, record: RunRecord | undefined): Diagnostic {
  const attempts = loggedAttempts(root, name);
  const isFromCluster = record !== undefined && record.executor !== 'local';
  const what = isFromCluster
    ? `the log of ${name} was not kept: its pod is gone, and nobody had read it`
    : `there is no log ${path}`;
  const hint =
    attempts.length > 0
      ? `there are${isFromCluster ? ' older ones' : ''}: attempt=${attempts.join(', attempt=')}`
      : isFromCluster
        ? record.state === 'timeout'
          ? 'the cluster deletes the pod of a Job over its timeout, and the log with it'
          : 'make job keeps the log of a Job that it replaces'
        : 'its logs were removed, or its pod was before anybody read them';
  return errorDiagnostic('LOCAL_NO_RUN', what, { hint });
}
