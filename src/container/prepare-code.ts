import {
  type Diagnostic,
  DiagnosticError,
  errorDiagnostic,
  warningDiagnostic,
} from '../diagnostics/diagnostic.ts';
import type { CodeKind } from './code-kinds.ts';
import type { CodePlacement } from './code-placement.ts';
import { formatCodeReference } from './code-reference.ts';
import { readGitState } from './git-state.ts';
import { mebibytes, packSnapshot, type Snapshot, snapshotKey, tooLarge } from './pack-snapshot.ts';
import { type RepositoryFallback, repositoryUrl } from './repository-url.ts';
import { maxConfigMapBytes, snapshotConfigMapNames } from './snapshot-config-maps.ts';

export interface PrepareCodeOptions {
  /** The project's root. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** Which ways are in use, see `code-kinds.ts`. */
  readonly kinds: ReadonlySet<CodeKind>;
  readonly repository: RepositoryFallback;
  /** Values of `.env`: code that has one of them in it is kept in Secrets. */
  readonly secrets: readonly string[];
  /** Whether there is a bucket (S3 settings). */
  readonly bucket: boolean;
  /** Whether pods have a toolbox to fetch from the bucket with, for sure. */
  readonly toolbox: boolean;
  /** Who the ConfigMaps belong to. */
  readonly owner: { readonly user: string; readonly project: string };
}

/** Which code a sweep runs, decided when it is started. Nothing is stored yet. */
export interface PreparedCode {
  /** For the fingerprint, see `Snapshot.codeDigest`; `undefined` where images bring all code. */
  readonly reference: string | undefined;
  /** For the manifests, by the field `code`. */
  readonly placement: Readonly<Partial<Record<'git' | 'snapshot', CodePlacement>>>;
  /** To be stored before a workload is created: in the bucket or in ConfigMaps, as its placement says. */
  readonly snapshot: Snapshot | undefined;
  readonly warnings: readonly Diagnostic[];
}

/**
 * Pins the sweep's code: the commit that is checked out now, or an archive of the working tree as it is now,
 * which is written to `.toolbox/code/`. Touches this machine only.
 *
 * @throws DiagnosticError where the code cannot be pinned
 */
export async function prepareCode(options: PrepareCodeOptions): Promise<PreparedCode> {
  const warnings: Diagnostic[] = [];
  const placement: { git?: CodePlacement; snapshot?: CodePlacement } = {};
  const references: string[] = [];
  let snapshot: Snapshot | undefined;
  if (options.kinds.has('git')) {
    const git = await pinCommit(options, warnings);
    placement.git = git;
    references.push(formatCodeReference(git));
  }
  if (options.kinds.has('snapshot')) {
    snapshot = await packSnapshot(options);
    const placed = placeSnapshot(snapshot, options);
    placement.snapshot = placed;
    references.push(formatCodeReference({ kind: 'snapshot', digest: snapshot.codeDigest }));
  }
  return {
    reference: references.length === 0 ? undefined : references.join(','),
    placement,
    snapshot,
    warnings,
  };
}

async function pinCommit(options: PrepareCodeOptions, warnings: Diagnostic[]) {
  const state = await readGitState(options.cwd, options.env, options.signal);
  if (state === undefined) {
    throw new DiagnosticError(
      errorDiagnostic('CONTAINER_NO_REPOSITORY', 'the project is in no git repository with a commit', {
        hint: 'commit it and push it, or set `code: snapshot` or `code: image` in config/kube.yaml',
      }),
      2,
    );
  }
  const { commit, changes } = state;
  const short = commit.slice(0, 12);
  if (changes.length > 0) {
    const shown = changes.slice(0, 10).join(', ');
    const more = changes.length > 10 ? ` and ${changes.length - 10} more` : '';
    warnings.push(
      warningDiagnostic(
        'CONTAINER_UNCOMMITTED',
        `pods run commit ${short}, without the changes in ${shown}${more}`,
        {
          hint: 'commit and push them, or set `code: snapshot`',
        },
      ),
    );
  }
  if (!state.pushed) {
    warnings.push(
      warningDiagnostic(
        'CONTAINER_UNPUSHED',
        `commit ${short} is on no remote branch that this clone knows`,
        {
          hint: 'git push, so that pods can fetch it',
        },
      ),
    );
  }
  const url = repositoryUrl(state.origin, options.repository);
  return { kind: 'git', commit, url, ...(state.prefix !== '' && { prefix: state.prefix }) } as const;
}

/**
 * The bucket where there is one and a toolbox to fetch with; else ConfigMaps or Secrets, which any image can unpack, if the
 * archive is small enough; else the bucket with the toolbox that the image may have.
 */
function placeSnapshot(snapshot: Snapshot, options: PrepareCodeOptions) {
  const { digest, packedSize } = snapshot;
  const fits = packedSize < maxConfigMapBytes;
  if (!fits && !options.bucket) {
    throw tooLarge(
      `the packed snapshot is ${mebibytes(packedSize)}, and without a bucket at most ${mebibytes(maxConfigMapBytes)} can be stored`,
      [],
    );
  }
  const inBucket = options.bucket && (options.toolbox || !fits);
  const from = inBucket
    ? ({ store: 'bucket', key: snapshotKey(digest) } as const)
    : ({
        store: 'configmaps',
        names: snapshotConfigMapNames(snapshot, options.owner),
        ...(snapshot.holdsSecret && { secret: true }),
      } as const);
  return { kind: 'snapshot', digest, from } as const;
}
