import type { Config } from '../../config/config.ts';
import { podLayout } from '../../container/pod-layout.ts';
import type { Context } from '../../context.ts';
import { DiagnosticError, errorDiagnostic } from '../../diagnostics/diagnostic.ts';
import { ApiError, isApiError } from '../../executors/kubernetes/api-error.ts';
import { refused } from '../../executors/kubernetes/namespace-api.ts';
import { type Pod, pods, resourceOf } from '../../executors/kubernetes/objects.ts';
import { findMissing } from '../../executors/kubernetes/pod-needs.ts';
import { applyObject } from '../../executors/kubernetes/submit-job.ts';
import { ExitCode } from '../../exit-code.ts';
import { quoteForShell } from '../../matrix/shell-quote.ts';
import { interactivePod } from '../../render/interactive-pod.ts';
import type { Renderer } from '../../render/renderer.ts';
import { openProject } from '../project.ts';
import { openRenderer } from '../render/open-renderer.ts';
import { pinCode } from '../render/open-sweep.ts';
import { reportDiagnostics } from '../report-diagnostics.ts';
import { type Cluster, openCluster } from './open-cluster.ts';
import { storeCode } from './store-code.ts';

/** Names tried before giving up: nobody has that many pods. */
const maxPods = 100;

/** Creates an interactive pod with the environment of the trials: `make pod`. */
export async function createPod(
  options: { readonly yes: boolean; readonly json?: boolean },
  context: Context,
): Promise<ExitCode> {
  const config = await openProject(context);
  using cluster = await openCluster(config, { yes: options.yes, isWriting: true }, context);
  const code = await pinCode(context, config);
  const renderer = await openRenderer(context, config, code.placement);
  await storeCode(code, cluster, context);
  const name = await submitPod(cluster, renderer, config, context);
  if (options.json === true) context.stdout.write(`${JSON.stringify({ type: 'pod', name })}\n`);
  else {
    context.stdout.write(`pod/${name} created\n`);
    context.stderr.write(`a shell in it: make exec pod=${name}\n`);
  }
  return ExitCode.ok;
}

/**
 * Creates the pod under the first name that is free: `…-interactive-pod`, then `-1`, `-2`, …. A lost answer is
 * settled by a mark of this run that the pod carries, so that it does not become two pods.
 */
export async function submitPod(
  cluster: Cluster,
  renderer: Renderer,
  config: Config,
  context: Context,
): Promise<string> {
  const { api, owner } = cluster;
  const { signal } = context;
  const mark = crypto.randomUUID();
  for (let index = 0; index < maxPods; index += 1) {
    const spec = interactivePod(config, index);
    const { name } = spec;
    const rendered = renderer.pod(spec);
    if (!rendered.ok) throw new DiagnosticError(rendered.diagnostics, ExitCode.usage);
    if (index === 0) reportDiagnostics(rendered.diagnostics, context);
    const { workload, support } = rendered.value;
    const { metadata } = workload.object;
    const object = {
      ...workload.object,
      metadata: { ...metadata, annotations: { ...metadata.annotations, [runAnnotation]: mark } },
    };
    try {
      for (const each of support) await applyObject(api, owner, each.object, signal);
      await api.create<Pod>(
        pods,
        object,
        (there) => there.metadata.annotations?.[runAnnotation] === mark,
        signal,
      );
      // Removed by a `make delete` elsewhere that did not see the pod yet.
      const needs = support.map(({ kind, name, object }) => ({ resource: resourceOf(kind), name, object }));
      for (const gone of await findMissing(api, needs, signal))
        await applyObject(api, owner, gone.object, signal);
      if (index > 0)
        context.stderr.write(
          `pod/${interactivePod(config, 0).name} is there already; make delete_pod lists and removes them\n`,
        );
      return name;
    } catch (error) {
      if (isApiError(error, 'AlreadyExists')) continue;
      throw error instanceof ApiError ? refused(`pod "${name}" cannot be created`, error) : error;
    }
  }
  throw new DiagnosticError(
    errorDiagnostic(
      'KUBE_NAME_TAKEN',
      `${maxPods} interactive pods are there already, the last is ${interactivePod(config, maxPods - 1).name}`,
      {
        hint: 'make delete_pod removes them',
      },
    ),
    ExitCode.refused,
  );
}

const runAnnotation = 'kube-toolbox/run';

/** Bash that goes to the project's code where the pod has fetched it; with `code: image` it stays where it is. */
export function enterProject(project: string): string {
  return `cd ${quoteForShell(`${podLayout.work}/${project}`)} 2>/dev/null || true`;
}
