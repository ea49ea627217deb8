import type { Checked } from '../diagnostics/diagnostic.ts';
import type { JobSpec } from '../matrix/job-spec.ts';
import type { RenderedObject } from './rendered-object.ts';

/** A Job or Pod with everything that must exist before it. */
export interface RenderedWorkload {
  /** The same as `workload.name`. */
  readonly name: string;
  readonly workload: RenderedObject;
  /**
   * Secrets, ConfigMaps and Services, to be applied in this order before the workload. Secrets and
   * ConfigMaps are immutable and named by a hash of their content: workloads that need the same content
   * share one object (the same JavaScript object, so a `Set` removes duplicates), and an existing object
   * of that name with our labels is the right one.
   */
  readonly support: readonly RenderedObject[];
}

/**
 * Job specs to checked Kubernetes objects. Pure: what the world has to say (project files, the key for
 * names of Secrets, the project's templates) is passed to `createRenderer` in `create-renderer.ts`.
 */
export interface Renderer {
  /** The Job of one trial. */
  job(spec: JobSpec): Checked<RenderedWorkload>;
  /** An interactive pod: `spec.command` is ignored, `server_command` runs; `spec.name` is the pod's name. */
  pod(spec: JobSpec): Checked<RenderedWorkload>;
}
