import { createHmac } from 'node:crypto';
import { parseDotEnv } from '../../config/dotenv.ts';
import type { SourceFile } from '../../diagnostics/source-file.ts';

/** What tells the settings of a process from another's, and nobody what they are: digests keyed with a token. */
export interface SettingsMarks {
  /** Of the whole `.env`. */
  readonly dotenv: string;
  /** Of each setting in `.env`. */
  readonly in_dotenv: Readonly<Record<string, string>>;
  /** Of each setting as it holds, the environment's before those of `.env`. */
  readonly settings: Readonly<Record<string, string>>;
}

/** `_same_settings` in `templates/init/s3utils.py` is the other side of this. */
export function markSettings(
  env: Readonly<Record<string, string | undefined>>,
  dotenv: SourceFile | undefined,
  token: string,
): SettingsMarks {
  const mark = (text: string) => createHmac('sha256', token).update(text).digest('hex');
  const markAll = (variables: Iterable<readonly [string, string | undefined]>) =>
    Object.fromEntries(
      [...variables].flatMap(([name, value = '']) =>
        /^(?:S3|AWS)_/.test(name) && value.trim() !== '' ? [[name, mark(value.trim())]] : [],
      ),
    );
  const inDotenv = markAll(parseDotEnv(dotenv).dotenv.variables);
  return {
    dotenv: mark(dotenv?.text ?? ''),
    in_dotenv: inDotenv,
    settings: { ...inDotenv, ...markAll(Object.entries(env)) },
  };
}
