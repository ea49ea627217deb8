import type { Config } from '../../src/config/config.ts';
import { type ReadConfig, readConfig } from '../../src/config/read-config.ts';
import { SourceFile } from '../../src/diagnostics/source-file.ts';

export interface Texts {
  readonly launch?: string;
  readonly kube?: string;
  readonly dotenv?: string;
}

/** Reads texts as the files of a project in a folder called `project`. */
function readTexts({ launch, kube, dotenv }: Texts): ReadConfig {
  const file = (path: string, text: string | undefined) =>
    text === undefined ? undefined : new SourceFile(path, text);
  return readConfig({
    launch: file('config/launch.yaml', launch),
    kube: file('config/kube.yaml', kube),
    dotenv: file('.env', dotenv),
    folder: 'project',
    diagnostics: [],
  });
}

/** The configuration of texts that have nothing wrong with them. */
export function configOf(texts: Texts): Config {
  const read = readTexts(texts);
  if (!read.ok) throw new Error(read.diagnostics.map((each) => each.message).join('\n'));
  return read.value;
}

/** `CODE line:column message` of each problem. */
export function problemsOf(texts: Texts): string[] {
  return readTexts(texts).diagnostics.map(({ code, message, location }) => {
    const at = location?.file.position(location.offset);
    return `${code} ${at === undefined ? '' : `${at.line}:${at.column} `}${message}`;
  });
}
