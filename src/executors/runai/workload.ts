import type { Config } from '../../config/config.ts';
import type { JobSpec } from '../../matrix/job-spec.ts';
import { findSleepInfinity } from '../../matrix/sleep-infinity.ts';
import type { RunaiSettings } from './settings.ts';
import type { RunaiWorkload } from './submit-arguments.ts';

/**
 * A trial as a run:ai workload. Cores and memory are passed on only where a file asks for them: without, the
 * cluster's own defaults hold, which run:ai sites set with care. So is the image: `RUNAI_IMAGE` of `.env` comes
 * before the toolbox's default.
 */
export function trialWorkload(spec: JobSpec, config: Config, settings: RunaiSettings): RunaiWorkload {
  const { fields } = spec;
  const written = (name: string) => isWritten(config, spec, name);
  const workers = fields.workers > 0 ? fields.workers : fields.runai?.workers;
  return {
    name: spec.name,
    kind: 'training',
    image: written('image') || settings.image === undefined ? fields.image : settings.image,
    gpus: fields.gpu_count,
    cpus: written('cpu_count') ? fields.cpu_count : undefined,
    memory: written('memory') ? fields.memory : undefined,
    workers: workers === undefined || workers === 0 ? undefined : workers,
    retries: fields.retries,
    timeout: fields.timeout,
    command: spec.command.trim(),
    ports: fields.ports.map(({ containerPort, hostPort }) =>
      hostPort === undefined ? containerPort : `${hostPort}:${containerPort}`,
    ),
    claims: Object.entries(fields.volumes).map(([claim, path]) => ({ claim, path })),
    env: spec.env,
    annotations: fields.annotations,
  };
}

/** The project's interactive pod: it waits for its time, or runs `server_command`. */
export function podWorkload(spec: JobSpec, config: Config, settings: RunaiSettings): RunaiWorkload {
  const { server_command: server } = spec.fields;
  const text = server.trim();
  const sleep = findSleepInfinity(text);
  // What only keeps the pod alive becomes a sleep that ends: run:ai ends interactive pods anyway.
  const waits = sleep?.start === 0 && sleep.end === text.length;
  return {
    ...trialWorkload(spec, config, settings),
    kind: 'interactive',
    workers: undefined,
    command: waits ? undefined : text,
  };
}

/** Whether any layer, or a hyperparameter of the name, says what the field is. */
function isWritten(config: Config, { trial }: JobSpec, name: string): boolean {
  const model = config.models.find((each) => each.name === trial.model);
  const dataset = config.datasets.find((each) => each.name === trial.dataset);
  const layers = [model?.fields, dataset?.fields, config.root, config.kube, config.policy?.defaults];
  return (
    trial.hparam.some(({ key }) => key === name) ||
    layers.some((layer) => (layer as Record<string, unknown> | undefined)?.[name] !== undefined)
  );
}
