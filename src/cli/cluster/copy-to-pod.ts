import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, normalize, posix } from 'node:path';
import { PassThrough } from 'node:stream';
import type { ResolvedFields } from '../../config/resolved-fields.ts';
import type { Context } from '../../context.ts';
import { DiagnosticError, errorDiagnostic } from '../../diagnostics/diagnostic.ts';
import { ApiError } from '../../executors/kubernetes/api-error.ts';
import {
  type ArchiveEntry,
  archive,
  findEntries,
  NotToCopy,
} from '../../executors/kubernetes/copy-archive.ts';
import { exec } from '../../executors/kubernetes/exec.ts';
import { refused } from '../../executors/kubernetes/namespace-api.ts';
import { ExitCode } from '../../exit-code.ts';
import { misnamed } from '../../misnamed.ts';
import { podDotenvText } from '../../render/environment.ts';
import { openPlan } from '../project.ts';
import { skippedFile } from '../render/read-project-files.ts';
import { reportDiagnostics } from '../report-diagnostics.ts';
import { findRunningPod } from './find-running-pod.ts';
import { enterProject } from './interactive-pod.ts';
import { openPlacedPlan } from './last-launch.ts';
import { openCluster } from './open-cluster.ts';

export interface CopyOptions {
  readonly pod: string;
  /** Empty: what `file:` says. */
  readonly file: readonly string[];
  readonly yes: boolean;
  readonly json?: boolean;
}

const dotenvName = '.env';

/** Files into the working directory of a pod, as one streamed archive. */
export async function copyToPod(options: CopyOptions, context: Context): Promise<ExitCode> {
  const openFiles = () => openPlan(context, { side: 'remote' });
  // Whoever says what to copy needs of the files no more than where the pod is.
  const isSaid = options.file.length > 0;
  const { place, plan } = isSaid
    ? await openPlacedPlan({}, context)
    : await openFiles().then((opened) => ({ place: opened.config, plan: opened }));
  const names = isSaid ? options.file : defaultFiles(plan?.plan.at(0).fields.file ?? [], context.cwd);
  for (const name of names) checkName(name, context.cwd);
  const skip = (name: string, kind: string) => {
    const message = `"${name}" is ${kind} and is not copied`;
    reportDiagnostics([skippedFile(message)], context, { json: options.json === true });
  };
  const found = await findEntries(context.cwd, names, skip).catch((error) => {
    if (!(error instanceof NotToCopy)) throw error;
    throw new DiagnosticError(
      errorDiagnostic('CLI_BAD_VALUE', error.message, { hint: error.hint }),
      ExitCode.usage,
    );
  });
  for (const name of names) {
    const place = posix.normalize(name).replace(/\/+$/, '');
    if (!found.some((each) => each.name === place || each.name.startsWith(`${place}/`) || place === '.'))
      throw new DiagnosticError(
        errorDiagnostic('CLI_BAD_VALUE', `"${name}" has no files`, {
          hint: 'name a file or a folder with files',
        }),
        ExitCode.usage,
      );
  }
  // How `.env` differs in a pod only the files say.
  const hasDotenv = found.some(({ name }) => name === dotenvName);
  const fields = hasDotenv ? (plan ?? (await openFiles())).plan.at(0).fields : undefined;
  const entries = await Promise.all(found.map((each) => forPod(each, fields?.endpoint_map)));
  using cluster = await openCluster(place, { yes: options.yes }, context);
  const pod = (await findRunningPod(cluster, options.pod, context.signal)).metadata.name;
  const complaints = new PassThrough();
  let text = '';
  complaints.on('data', (chunk: Buffer) => {
    text += text.length < 10_000 ? chunk.toString('utf8') : '';
  });
  const code = await exec(
    cluster.api,
    // The owner in the archive means nothing in the pod.
    {
      pod,
      command: ['bash', '-c', `${enterProject(place.project.project_name)}; exec tar -x -o -f -`],
      stdin: archive(entries),
      stdout: context.stderr,
      stderr: complaints,
    },
    context.signal,
  ).catch((error) => {
    throw error instanceof ApiError ? refused(`copying to pod "${pod}" is refused`, error) : error;
  });
  if (code !== 0)
    throw new DiagnosticError(
      errorDiagnostic(
        'KUBE_COPY_FAILED',
        `tar in pod "${pod}" ended with ${code}: ${text.trim().split('\n').at(-1) ?? ''}`,
        {
          hint: 'is the working directory writable, and the disk not full?',
        },
      ),
      ExitCode.failed,
    );
  for (const { name, size } of entries)
    context.stdout.write(
      options.json === true
        ? `${JSON.stringify({ type: 'copied', name, size })}\n`
        : `Copied ${name} to ${pod}:${name}\n`,
    );
  return ExitCode.ok;
}

/** `.env` with the changes that its variables have in a pod, as a Job gets it. */
async function forPod(
  entry: ArchiveEntry,
  endpoints: ResolvedFields['endpoint_map'] | undefined,
): Promise<ArchiveEntry> {
  if (entry.name !== dotenvName) return entry;
  // Latin-1 keeps every byte, whatever the file's encoding.
  const text = Buffer.from(podDotenvText(await readFile(entry.path, 'latin1'), endpoints), 'latin1');
  return { ...entry, text, size: text.length };
}

/** Of what nobody has written but is put into every workload, only what is there. */
function defaultFiles(files: readonly string[], root: string): readonly string[] {
  return files.filter((name) => existsSync(join(root, name)));
}

function checkName(name: string, root: string): void {
  const refuse = (what: string): never => {
    throw new DiagnosticError(
      errorDiagnostic('CLI_BAD_VALUE', `"${name}" ${what}`, { hint: 'name a path below the project' }),
      ExitCode.usage,
    );
  };
  if (isAbsolute(name) || normalize(name).startsWith('..')) refuse('is outside of the project');
  // What is no text is told of where it is looked at.
  const path = join(root, name);
  if (!existsSync(path) && misnamed(dirname(path), basename(path)) === undefined) refuse('is not there');
}
