import type { Context } from '../../context.ts';
import { errorDiagnostic } from '../../diagnostics/diagnostic.ts';
import { drained } from '../../drained.ts';
import { ApiError, isApiError } from '../../executors/kubernetes/api-error.ts';
import { isTimeout } from '../../executors/kubernetes/connection-failure.ts';
import { type NamespaceApi, refused } from '../../executors/kubernetes/namespace-api.ts';
import type { Pod } from '../../executors/kubernetes/objects.ts';
import { readPodLog } from '../../executors/kubernetes/pod-log.ts';
import { judgePod } from '../../executors/kubernetes/pod-state.ts';
import { jobOfPod } from '../../executors/kubernetes/pods-of-job.ts';
import type { Glob } from '../../glob.ts';
import { readPack } from '../../matrix/pack.ts';
import { JsonLogLines, type LogSource } from '../../report/json-log-lines.ts';
import { LastLines } from '../../report/last-lines.ts';
import { LogLines } from '../../report/log-lines.ts';
import { PackedLines } from '../../report/packed-lines.ts';
import { reportDiagnostics } from '../report-diagnostics.ts';
import { packedTrials } from './log-targets.ts';

export interface PodLogRequest {
  readonly glob: Glob;
  readonly follow: boolean;
  readonly previous: boolean;
  readonly raw: boolean;
  readonly json: boolean;
  readonly container: string | undefined;
  readonly tail: number | undefined;
  /** Whether each line begins with its pod's name. */
  readonly isPrefixed: boolean;
}

/**
 * Prints the log of a pod, or of the trials asked for in it.
 *
 * @returns false where the server refuses, which it then has said
 */
export async function printPodLog(
  api: NamespaceApi,
  pod: Pod,
  request: PodLogRequest,
  context: Context,
): Promise<boolean> {
  const { name } = pod.metadata;
  const { follow, previous, tail } = request;
  const trials = packedTrials(pod, request.glob);
  const lines = request.json
    ? new JsonLogLines(sourceOf(pod, trials))
    : new LogLines({
        prefix: request.isPrefixed ? `[${name}] ` : '',
        neutralize: context.stdout.isTTY === true && !request.raw,
      });
  const print = async (bytes: Uint8Array): Promise<void> => {
    if (bytes.length > 0 && !context.stdout.write(bytes)) await drained(context.stdout, context.signal);
    context.signal.throwIfAborted();
  };
  const own = readPack(pod.metadata.annotations) === undefined ? undefined : new PackedLines(trials);
  const failed = request.container === undefined ? failedBefore(pod) : undefined;
  if (failed !== undefined)
    context.stderr.write(
      `${name}: its command did not begin; this is the log of the container "${failed}"\n`,
    );
  const container = request.container ?? failed ?? pod.spec?.containers?.[0]?.name;
  // The last lines of a trial need not be among the last of its pod.
  const tailLines = own === undefined ? tail : undefined;
  const last = own === undefined || tail === undefined || follow ? undefined : new LastLines(tail);
  /** What is left: a line that did not come to its end. */
  const finish = async (): Promise<void> => {
    if (own !== undefined && last === undefined) await print(lines.add(own.end()));
    if (last !== undefined) {
      if (own !== undefined) last.add(own.end());
      await print(lines.add(last.end()));
    }
    await print(lines.end());
  };
  let hasPrinted = false;
  try {
    for await (const chunk of readPodLog(
      api,
      name,
      { container, follow, previous, tailLines },
      context.signal,
    )) {
      hasPrinted = true;
      const mine = own === undefined ? chunk : own.add(chunk);
      if (last === undefined) await print(lines.add(mine));
      else last.add(mine);
    }
    await finish();
    const { state, reason } = judgePod(pod);
    if (!hasPrinted && !follow && state === 'pending')
      context.stderr.write(
        `${name}: has printed nothing yet: it is pending${reason === undefined ? '' : ` (${reason})`}\n`,
      );
    return true;
  } catch (error) {
    if (!(error instanceof ApiError || isTimeout(error))) throw error;
    await finish();
    const diagnostics =
      previous && isApiError(error, 'BadRequest')
        ? [
            errorDiagnostic(
              'KUBE_NO_LOG',
              `${name}: its container "${container}" has not been started again, so there is no log of before`,
            ),
          ]
        : refused(`${name}: its log cannot be read`, error).diagnostics;
    reportDiagnostics(diagnostics, context, request);
    // One that is followed may have been removed.
    return follow && isApiError(error, 'NotFound');
  }
}

/** Whose output it is: of one trial that is asked for, no line says so. */
function sourceOf(pod: Pod, trials: readonly string[] | undefined): LogSource {
  const { name, annotations } = pod.metadata;
  const [only] = trials?.length === 1 ? trials : [];
  const packed = readPack(annotations)?.map((each) => each.name);
  return { name: only ?? jobOfPod(pod) ?? name, pod: name, packed: only === undefined ? packed : undefined };
}

/** The init container that has failed, and with it the pod, before the command began. */
function failedBefore({ spec, status }: Pod): string | undefined {
  const main = status?.containerStatuses?.find(({ name }) => name === spec?.containers?.[0]?.name)?.state;
  if (status?.phase !== 'Failed' || main?.terminated !== undefined || main?.running !== undefined)
    return undefined;
  return status.initContainerStatuses?.find(({ state }) => (state?.terminated?.exitCode ?? 0) !== 0)?.name;
}
