import { openStore } from './backends.ts';
import { parseDotEnv } from './config/dotenv.ts';
import { loadSources, type Sources } from './config/load.ts';
import type { Context } from './context.ts';
import { DiagnosticError } from './diagnostics/diagnostic.ts';
import { ExitCode } from './exit-code.ts';
import type { ObjectStore } from './stores/object-store.ts';
import { readS3Settings, type S3Settings } from './stores/s3-settings.ts';
import { systemClock } from './stores/system-clock.ts';

export interface Bucket {
  readonly store: ObjectStore;
  readonly settings: S3Settings;
  readonly sources: Sources;
}

/**
 * Opens the bucket that the environment and `.env` name. The config files may be missing. With `stderr`, who watches
 * is told there of settings that may not mean what they seem to, and where the server keeps everything waiting.
 *
 * @throws DiagnosticError (exit 2) where a setting is missing or wrong
 */
export async function openBucket(
  context: Pick<Context, 'cwd' | 'env'> & Partial<Pick<Context, 'stderr'>>,
): Promise<Bucket> {
  const sources = await loadSources(context);
  const { dotenv, diagnostics } = parseDotEnv(sources.dotenv);
  const unreadable = sources.diagnostics.filter((each) => each.message.startsWith('.env '));
  const errors = [...unreadable, ...diagnostics].filter((each) => each.severity === 'error');
  if (errors.length > 0) throw new DiagnosticError(errors, ExitCode.usage);
  const settings = readS3Settings(context.env, dotenv);
  if (!settings.ok) throw new DiagnosticError(settings.diagnostics, ExitCode.usage);
  const { stderr } = context;
  // A progress bar may be on the line.
  const clear = stderr?.isTTY === true ? '\r\x1b[K' : '';
  const tell = stderr && ((line: string) => void stderr.write(`${clear}${line}\n`));
  if (tell !== undefined && settings.diagnostics.length > 0) {
    const { formatDiagnostic } = await import('./diagnostics/format-diagnostic.ts');
    const color = stderr?.isTTY === true && !context.env['NO_COLOR'];
    for (const each of settings.diagnostics) tell(formatDiagnostic(each, { color }));
  }
  const store = await openStore(settings.value, context.env, systemClock, tell);
  return { store, settings: settings.value, sources };
}
