import { randomBytes } from 'node:crypto';
import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Context } from '../context.ts';
import { type Diagnostic, DiagnosticError, errorDiagnostic } from '../diagnostics/diagnostic.ts';
import { parseRunRecord } from '../records/parse-run-record.ts';
import { isRunName, recordPath } from '../records/run-paths.ts';
import { parseCodeReference } from './code-reference.ts';
import { git } from './git-command.ts';
import { snapshotFolder, snapshotKey } from './pack-snapshot.ts';
import { unpackSnapshot } from './unpack-snapshot.ts';

export interface CheckedOut {
  /** As it was given, or relative to the project. */
  readonly folder: string;
  readonly code: string;
  readonly files?: number;
}

/**
 * Restores the code that a run was started with into a new folder: its snapshot, from this machine or the
 * bucket, verified by its digest, or its commit.
 *
 * @param askCluster the code of a run that this machine has no record of, such as `snapshot:DIGEST`
 * @throws DiagnosticError where the run or its code is unknown, missing or damaged, or the folder is in use
 */
export async function checkOut(
  run: string,
  to: string | undefined,
  context: Context,
  askCluster: (run: string) => Promise<string | undefined>,
): Promise<CheckedOut> {
  const { cwd, signal } = context;
  const code = await codeOf(run, cwd, askCluster);
  // A sweep of both kinds names both; its snapshot is what pins the tree.
  const references = code.split(',').map(parseCodeReference);
  const reference = references.find((each) => each?.kind === 'snapshot') ?? references[0];
  if (reference === undefined) throw hasNoCode(`the record of ${run} names no code that could be restored`);
  if (reference.kind === 'image')
    throw hasNoCode(`the image of ${run} brought its code: there is none to restore`);

  const folder = to ?? path.join('.toolbox', 'checkout', run);
  const target = path.resolve(cwd, folder);
  const present = await readdir(target).catch((error: NodeJS.ErrnoException) =>
    error.code === 'ENOENT' ? [] : [''],
  );
  if (present.length > 0) {
    throw refuse(
      'CONTAINER_FOLDER_IN_USE',
      `${folder} is there and not empty`,
      'name another one: to=FOLDER',
      2,
    );
  }
  if (reference.kind === 'snapshot') {
    const file = await findSnapshot(reference.digest, context);
    await mkdir(target, { recursive: true });
    return { folder, code, ...(await unpackSnapshot(file, reference.digest, target, signal)) };
  }
  await checkOutCommit(reference.commit, target, context);
  return { folder, code };
}

async function codeOf(
  run: string,
  cwd: string,
  askCluster: (run: string) => Promise<string | undefined>,
): Promise<string> {
  let why = '';
  if (isRunName(run)) {
    const text = await readFile(path.join(cwd, recordPath(run)), 'utf8').catch(() => undefined);
    if (text !== undefined) {
      const record = parseRunRecord(text, run);
      if (typeof record === 'string' || record.code === undefined)
        throw hasNoCode(`the record of ${run} names no code that could be restored`);
      return record.code;
    }
    try {
      const code = await askCluster(run);
      if (code !== undefined) return code;
    } catch (error) {
      why = `; the cluster could not be asked: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
  throw refuse(
    'CONTAINER_RUN_UNKNOWN',
    `there is no record and no Job of a run named "${run}"${why}`,
    'make status lists the runs',
    2,
  );
}

async function findSnapshot(digest: string, context: Context): Promise<string> {
  const { cwd, env, signal } = context;
  const file = path.join(cwd, snapshotKey(digest));
  if (existsSync(file)) return file;
  const [{ loadSources }, { parseDotEnv }, { readS3Settings }, { openStore }, { StoreError }] =
    await Promise.all([
      import('../config/load.ts'),
      import('../config/dotenv.ts'),
      import('../stores/s3-settings.ts'),
      import('../backends.ts'),
      import('../stores/store-error.ts'),
    ]);
  const settings = readS3Settings(env, parseDotEnv((await loadSources(context)).dotenv).dotenv);
  const missing = `the snapshot ${digest.slice(0, 12)} is neither in ${snapshotFolder}/ nor in the bucket`;
  if (!settings.ok)
    throw refuse('CONTAINER_CODE_MISSING', missing, 'set S3_BUCKET_NAME in .env to look in the bucket', 3);
  const store = await openStore(settings.value, env);
  await mkdir(path.dirname(file), { recursive: true });
  const whole = path.join(path.dirname(file), `.${randomBytes(8).toString('hex')}.tmp`);
  const stream = createWriteStream(whole, { mode: 0o600 });
  try {
    await store.get(snapshotKey(digest), {
      write: (chunk) =>
        new Promise<void>((resolve, reject) =>
          stream.write(chunk, (error) => (error ? reject(error) : resolve())),
        ),
      signal,
    });
    await new Promise<void>((resolve, reject) =>
      stream.end((error?: Error | null) => (error ? reject(error) : resolve())),
    );
    await rename(whole, file);
    return file;
  } catch (error) {
    if (error instanceof StoreError && error.kind === 'missing')
      throw refuse('CONTAINER_CODE_MISSING', missing, 'it may have been removed from the bucket', 3);
    throw error;
  } finally {
    stream.destroy();
    await rm(whole, { force: true });
    store.close();
  }
}

/** A clone of this repository, at the commit, with the origin that this one has. */
async function checkOutCommit(commit: string, target: string, context: Context): Promise<void> {
  const { cwd, env, signal } = context;
  const run = async (folder: string, ...args: readonly string[]) => {
    const { code, stdout, stderr } = await git(args, { cwd: folder, env, signal });
    return { ok: code === 0, text: stdout.toString('utf8').trim(), stderr };
  };
  if (!(await run(cwd, 'cat-file', '-e', `${commit}^{commit}`)).ok)
    await run(cwd, 'fetch', '--quiet', 'origin', commit);
  const root = await run(cwd, 'rev-parse', '--show-toplevel');
  if (!root.ok || !(await run(cwd, 'cat-file', '-e', `${commit}^{commit}`)).ok) {
    throw refuse(
      'CONTAINER_CODE_MISSING',
      `commit ${commit.slice(0, 12)} is not in this repository`,
      'git fetch may bring it',
      3,
    );
  }
  const steps: (readonly string[])[] = [
    ['init', '--quiet'],
    // By number: the commit may be on no branch any more.
    ['-c', 'uploadpack.allowAnySHA1InWant=true', 'fetch', '--quiet', root.text, commit],
    ['-c', 'advice.detachedHead=false', 'checkout', '--quiet', '--detach', commit],
  ];
  const origin = await run(cwd, 'config', '--get', 'remote.origin.url');
  if (origin.ok) steps.push(['remote', 'add', 'origin', origin.text]);
  steps.push(['submodule', '--quiet', 'update', '--init', '--recursive']);
  await mkdir(target, { recursive: true });
  for (const step of steps) {
    const { ok, stderr } = await run(target, ...step);
    if (!ok)
      throw refuse(
        'CONTAINER_CODE_MISSING',
        `git ${step.find((word) => /^[a-z]+$/.test(word))} failed: ${stderr}`,
        undefined,
        3,
      );
  }
}

function hasNoCode(message: string): DiagnosticError {
  return refuse('CONTAINER_RUN_HAS_NO_CODE', message, undefined, 3);
}

function refuse(
  code: Diagnostic['code'],
  message: string,
  hint: string | undefined,
  exitCode: 2 | 3,
): DiagnosticError {
  return new DiagnosticError(errorDiagnostic(code, message, { hint }), exitCode);
}
