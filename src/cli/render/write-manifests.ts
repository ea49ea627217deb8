import { stringify } from 'yaml';
import type { PreparedCode } from '../../container/prepare-code.ts';
import type { Context } from '../../context.ts';
import { type Checked, type Diagnostic, DiagnosticError } from '../../diagnostics/diagnostic.ts';
import { ExitCode } from '../../exit-code.ts';
import { manifestName } from '../../render/manifest-name.ts';
import { ManifestText } from '../../render/manifest-text.ts';
import { supportLabel } from '../../render/owner-labels.ts';
import type { KubernetesObject, RenderedObject } from '../../render/rendered-object.ts';
import type { RenderedWorkload } from '../../render/renderer.ts';
import { reportDiagnostics } from '../report-diagnostics.ts';
import { BuildFolder } from './build-folder.ts';

/** More different problems than this help nobody. */
const maxProblems = 50;

/**
 * Writes workloads and the objects they share into `build/`, one file an object, and says what would be done.
 * Secrets are left out, and a snapshot of the code in a bucket: each manifest that needs one says so. All or nothing:
 * where it does not come to its end, no manifest is left there to be applied, and nothing was announced.
 *
 * @throws DiagnosticError (exit 2) with each distinct problem of all workloads
 */
export async function writeManifests(
  command: string,
  workloads: Iterable<Checked<RenderedWorkload>>,
  context: Context,
  options: Options,
): Promise<void> {
  const folder = new BuildFolder(context.cwd, command, context.signal);
  try {
    await writeAll(folder, workloads, context, options);
  } catch (error) {
    // Where the disk fails, what is left there cannot be removed either: why it failed is the one to tell.
    await folder.clear().catch(() => undefined);
    throw error;
  }
}

interface Options {
  readonly json: boolean;
  readonly code: PreparedCode;
  /** What the snapshot is kept in, see `codeObjects`. */
  readonly codeObjects: readonly KubernetesObject[];
}

async function writeAll(
  folder: BuildFolder,
  workloads: Iterable<Checked<RenderedWorkload>>,
  context: Context,
  options: Options,
): Promise<void> {
  const snapshot = describeSnapshot(options.code);
  const problems = new Map<string, Diagnostic>();
  const shared = new Set<RenderedObject>();
  const lines: string[] = [];
  let written = 0;
  const tell = (
    object: Pick<RenderedObject, 'kind' | 'name'>,
    fileName: string | undefined,
    secrets = 'the values of .env',
  ) => {
    const { kind, name } = object;
    const file = fileName === undefined ? undefined : `build/${fileName}.yaml`;
    if (file !== undefined) written += 1;
    if (options.json)
      lines.push(
        JSON.stringify({
          type: 'manifest',
          kind,
          name,
          action: 'create',
          ...(file !== undefined && { file }),
        }),
      );
    else {
      const where = file ?? `not written, because it holds ${secrets}`;
      lines.push(`${resourceName(kind)}/${name} would be created (${where})`);
    }
  };

  for (const object of snapshot === undefined ? options.codeObjects : []) {
    const { kind, metadata } = object;
    await folder.write(metadata.name, ManifestText.of(stringify(object, { lineWidth: 0 })));
    tell({ kind, name: metadata.name }, metadata.name);
  }
  for (const each of workloads) {
    context.signal.throwIfAborted();
    for (const diagnostic of each.diagnostics) {
      if (problems.size < maxProblems) problems.set(`${diagnostic.code} ${diagnostic.message}`, diagnostic);
    }
    if (!each.ok || hasErrors(problems)) continue;
    const { workload, support } = each.value;
    const notes: string[] = [];
    for (const object of support) {
      if (object.kind === 'Secret')
        notes.push(
          object.object.metadata.labels?.[supportLabel] === 'env'
            ? `Needs Secret ${object.name}: \`make secret\`, \`make job\` and \`make pod\` make it from .env.`
            : `Needs Secret ${object.name}: \`make secret\`, \`make job\` and \`make pod\` make it from files with secrets.`,
        );
      if (shared.has(object)) continue;
      shared.add(object);
      const name = manifestName(object);
      const isEnv = object.object.metadata.labels?.[supportLabel] === 'env';
      const secrets = isEnv ? 'the values of .env' : 'files with secrets';
      if (name !== undefined) await folder.write(name, object.manifest);
      tell(object, name, secrets);
    }
    if (snapshot !== undefined && workload.manifest.mentions(snapshot.digest))
      notes.push(`Needs ${snapshot.what}: \`make job\` stores it, and a pod without it does not start.`);
    const pressure = folder.write(workload.name, workload.manifest, notes);
    // Not for each: to wait for nothing ten thousand times takes time, too.
    if (pressure !== undefined) await pressure;
    tell(workload, workload.name);
  }
  if (snapshot !== undefined && !options.json)
    lines.push(`${snapshot.what} would be stored (not written: make job stores it)`);
  if (hasErrors(problems)) throw new DiagnosticError([...problems.values()], ExitCode.usage);
  await folder.finish();
  if (lines.length > 0) context.stdout.write(`${lines.join('\n')}\n`);
  reportDiagnostics([...problems.values()], context, options);
  if (!options.json)
    context.stderr.write(
      `${written} ${written === 1 ? 'manifest' : 'manifests'} in build/; nothing was contacted\n`,
    );
}

/** What pods fetch their code from, where it is a snapshot that is not written into `build/`. */
function describeSnapshot({ placement }: PreparedCode): { what: string; digest: string } | undefined {
  const placed = placement.snapshot;
  if (placed?.kind !== 'snapshot') return undefined;
  const { from, digest } = placed;
  if (from.store === 'configmaps' && from.secret !== true) return undefined;
  const where = from.store === 'bucket' ? `${from.key} in the bucket` : describeSecrets(from.names);
  return { what: `the code's snapshot, ${where}`, digest };
}

/** Pieces of a large archive are many, and their names differ in a number at the end. */
function describeSecrets(names: readonly string[]): string {
  return names.length < 4
    ? `Secret ${names.join(', ')}`
    : `${names.length} Secrets, ${names[0]} to ${names.at(-1)}`;
}

function hasErrors(problems: ReadonlyMap<string, Diagnostic>): boolean {
  for (const each of problems.values()) if (each.severity === 'error') return true;
  return false;
}

/** As kubectl names kinds: `job.batch`. */
function resourceName(kind: string): string {
  return kind === 'Job' ? 'job.batch' : kind.toLowerCase();
}
