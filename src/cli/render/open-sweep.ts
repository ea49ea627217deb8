import type { Config } from '../../config/config.ts';
import { fieldDefaults } from '../../config/written-defaults.ts';
import { type CodeKind, codeKinds } from '../../container/code-kinds.ts';
import type { PreparedCode } from '../../container/prepare-code.ts';
import type { Context } from '../../context.ts';
import { DiagnosticError, warningDiagnostic } from '../../diagnostics/diagnostic.ts';
import { ExitCode } from '../../exit-code.ts';
import { missingCluster } from '../../render/missing-cluster.ts';
import type { Renderer } from '../../render/renderer.ts';
import { openPlan, type ProjectPlan } from '../project.ts';
import { reportDiagnostics } from '../report-diagnostics.ts';

/** A sweep for a cluster, up to the point where the world is touched. */
export interface Sweep extends ProjectPlan {
  readonly renderer: Renderer;
  /** A snapshot in it is to be stored before the first workload is created. */
  readonly code: PreparedCode;
}

/**
 * From the project's files to a plan and what renders it, the code pinned: the commit that is checked out, or
 * a snapshot packed. Contacts nothing.
 *
 * @param begin called with the configuration as soon as it is read, to start what takes time beside the rest
 * @throws DiagnosticError (exit 2) with every problem of the step that found some
 */
export async function openSweep(context: Context, begin?: (config: Config) => Promise<void>): Promise<Sweep> {
  let code: PreparedCode | undefined;
  const plan = await openPlan(context, async (config) => {
    await begin?.(config);
    code = await pinCode(context, config);
    return { side: 'remote', ...(code.reference !== undefined && { code: code.reference }) };
  });
  if (code === undefined) throw new Error('the plan was made without its code');
  // Loaded now: what `begin` has asked for is on its way meanwhile.
  const { openRenderer } = await import('./open-renderer.ts');
  return { ...plan, code, renderer: await openRenderer(context, plan.config, code.placement) };
}

/**
 * Pins the code in the ways that the configuration uses. Without a repository, `code: git`, which is the default,
 * has nothing to fetch: the image's code runs, and a warning says so.
 */
export async function pinCode(context: Context, config: Config): Promise<PreparedCode> {
  const missing = missingCluster(config);
  if (missing !== undefined) throw new DiagnosticError(missing, ExitCode.usage);
  const kinds = codeKinds(config);
  try {
    return await pin(context, config, kinds);
  } catch (error) {
    if (!(error instanceof DiagnosticError) || !error.diagnostics.some(isWithoutRepository)) throw error;
    const others = new Set([...kinds].filter((kind) => kind !== 'git'));
    const prepared = await pin(context, config, others);
    reportDiagnostics(
      [
        warningDiagnostic(
          'RENDER_NO_COMMIT',
          'the project is in no git repository with a commit: pods run the code of their image',
          {
            hint: 'commit and push it; or say which you want, with `code: snapshot` or `code: image` in config/kube.yaml',
          },
        ),
      ],
      context,
    );
    return prepared;
  }
}

function isWithoutRepository({ code }: { readonly code: string }): boolean {
  return code === 'CONTAINER_NO_REPOSITORY' || code === 'CONTAINER_NO_GIT';
}

async function pin(context: Context, config: Config, kinds: ReadonlySet<CodeKind>): Promise<PreparedCode> {
  const { prepareCode } = await import('../../container/prepare-code.ts');
  const { project } = config;
  const written = { ...config.kube, ...config.root };
  const prepared = await prepareCode({
    cwd: context.cwd,
    env: context.env,
    signal: context.signal,
    kinds,
    repository: {
      sshHost: written.ssh_host ?? fieldDefaults.ssh_host,
      sshPort: written.ssh_port ?? fieldDefaults.ssh_port,
      owner: written.gitlab_user ?? project.user ?? '',
      project: project.project_name,
    },
    secrets: [...config.dotenv.variables.values()],
    bucket: kinds.has('snapshot') && (await hasBucket(context, config)),
    toolbox: Boolean(written.toolbox_image),
    owner: { user: project.user ?? '', project: project.project_name },
  });
  reportDiagnostics(prepared.warnings, context);
  return prepared;
}

async function hasBucket(context: Context, config: Config): Promise<boolean> {
  const { readS3Settings } = await import('../../stores/s3-settings.ts');
  return readS3Settings(context.env, config.dotenv).ok;
}
