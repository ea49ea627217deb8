import type { SourceFile } from '../diagnostics/source-file.ts';

/** The variables of `.env` in file order, and where each was written. Values are secrets: never print one. */
export interface DotEnv {
  readonly variables: ReadonlyMap<string, string>;
  /** `undefined` where there is no such file. */
  readonly file: SourceFile | undefined;
}
