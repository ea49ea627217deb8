import type { Config } from '../config/config.ts';
import type { ResolvedFields } from '../config/resolved-fields.ts';
import { fieldDefaults } from '../config/written-defaults.ts';
import type { CodePlacement } from '../container/code-placement.ts';
import type { PodScript } from '../container/pod-layout.ts';
import { podParts } from '../container/pod-parts.ts';
import { type Checked, type Diagnostic, errorDiagnostic } from '../diagnostics/diagnostic.ts';
import type { JobSpec } from '../matrix/job-spec.ts';
import { checkFields } from './check-fields.ts';
import { checkLimits } from './check-limits.ts';
import { checkTemplateIdentity, type IdentityView } from './check-template-identity.ts';
import { type EnvVar, regionEnv } from './environment.ts';
import { identityOf, type PodIdentity } from './identity.ts';
import { checkPodPolicy } from './interactive-pod.ts';
import type { LimitProblem } from './limit-problem.ts';
import { locateField } from './locate-field.ts';
import { ManifestRenderer } from './manifest-renderer.ts';
import { missingCluster } from './missing-cluster.ts';
import { rendezvousPort, serviceName } from './multi-node.ts';
import { trialLabel } from './owner-labels.ts';
import { PodViews, runMountedCommand } from './pod-view.ts';
import { appliedBytes, maxAppliedBytes, type ReadProjectFiles } from './project-files.ts';
import type { RenderedObject } from './rendered-object.ts';
import type { RenderedWorkload, Renderer } from './renderer.ts';
import { SupportObjects } from './support-objects.ts';
import type { TemplateSet } from './template-set.ts';
import { hyperparameters, jobAnnotations, podAnnotationsOf, trialEnv } from './trial-notes.ts';

/** What rendering needs of the world, read before by someone who may. */
export interface RenderInputs {
  readonly config: Config;
  readonly templates: TemplateSet;
  readonly readFiles: ReadProjectFiles;
  /** 32 random bytes of this checkout, `.toolbox/secret-key`: names of Secrets are hashes keyed with it. */
  readonly secretKey: Uint8Array;
  /** The texts of `container/`, by file name. */
  readonly scripts: Readonly<Record<PodScript, string>>;
  /** How pods get their code, by the field `code`; where the kind asked for is absent, from the image. */
  readonly code: Readonly<Partial<Record<'git' | 'snapshot', CodePlacement>>>;
}

/** @see Renderer. Needs `user` and `namespace`, so a `kube.yaml`. */
export function createRenderer(inputs: RenderInputs): Checked<Renderer> {
  const missing = missingCluster(inputs.config);
  if (missing !== undefined) return { ok: false, diagnostics: [missing] };
  return { ok: true, value: new ProjectRenderer(inputs), diagnostics: [] };
}

class ProjectRenderer implements Renderer {
  readonly #inputs: RenderInputs;
  readonly #manifests: ManifestRenderer;
  readonly #support: SupportObjects;
  readonly #pods = new PodViews();
  readonly #regionEnv: readonly EnvVar[];
  #labels: { readonly fields: ResolvedFields; readonly labels: Readonly<Record<string, string>> } | undefined;

  constructor(inputs: RenderInputs) {
    this.#inputs = inputs;
    this.#manifests = new ManifestRenderer(inputs.templates);
    this.#regionEnv = regionEnv(inputs.config.policy?.regions);
    this.#support = new SupportObjects(inputs.config, inputs.secretKey, inputs.readFiles, (template, view) =>
      this.#render(template, view),
    );
  }

  job(spec: JobSpec): Checked<RenderedWorkload> {
    return this.#workload(spec, 'job.yaml', spec.command);
  }

  pod(spec: JobSpec): Checked<RenderedWorkload> {
    const ofPolicy = checkPodPolicy(this.#inputs.config);
    if (ofPolicy.some(isError)) return { ok: false, diagnostics: ofPolicy };
    const rendered = this.#workload(
      // Nobody waits for an interactive pod's data, and what it makes is its user's to upload.
      { ...spec, fields: { ...spec.fields, workers: 0, data: [], outputs: [] } },
      'pod.yaml',
      spec.fields.server_command,
    );
    return { ...rendered, diagnostics: [...ofPolicy, ...rendered.diagnostics] };
  }

  #workload(spec: JobSpec, template: 'job.yaml' | 'pod.yaml', command: string): Checked<RenderedWorkload> {
    const { fields } = spec;
    const diagnostics: Diagnostic[] = [];
    const keep = <T>(checked: Checked<T>): T | undefined => {
      diagnostics.push(...checked.diagnostics);
      return checked.ok ? checked.value : undefined;
    };
    for (const problem of checkFields(fields)) diagnostics.push(this.#locate(problem, spec));
    const env = keep(this.#support.env(fields.endpoint_map));
    const read = this.#support.files(fields.file, fields.endpoint_map);
    const location =
      read.diagnostics.length === 0 ? undefined : locateField(this.#inputs.config, spec.trial, 'file');
    const files = keep({ ...read, diagnostics: read.diagnostics.map((each) => ({ location, ...each })) });
    const scripts = keep(this.#support.texts('scripts', this.#inputs.scripts));
    // Annotations may have 256 KiB together, and `kubectl apply` keeps the whole Job in one. No byte is more than six.
    const long = command.length * 6 > maxAppliedBytes && appliedBytes(command) > maxAppliedBytes;
    const commandMaps = long ? keep(this.#support.command(command)) : undefined;
    const secrets = env?.variables ?? new Map<string, string>();
    const identity = fields.identity ? keep(identityOf(fields.identity, secrets)) : undefined;
    if (diagnostics.some(isError) || env === undefined || files === undefined || scripts === undefined)
      return { ok: false, diagnostics };

    const isJob = template === 'job.yaml';
    const nodes = fields.workers + 1;
    const { image } = fields;
    const hparam = hyperparameters(spec);
    const pod = this.#pods.of({
      name: spec.name,
      env: {
        ...spec.env,
        ...(isJob && trialEnv(spec, hparam)),
        ...(files.secret.length > 0 && { TOOLBOX_SECRET_FILES: files.secret.join('\n') }),
        ...(files.split.length > 0 && { TOOLBOX_SPLIT_FILES: files.split.join('\n') }),
      },
      fields,
      image,
      parts: this.#parts(fields, image, identity, files.sources.length > 0),
      identity,
      secret: secrets,
      secretName: env.object?.name,
      pullSecrets: fields.image_pull_secrets,
      commandConfigMaps: commandMaps?.map(({ name }) => name),
      scriptsConfigMap: scripts.name,
      fileSources: files.sources,
      regionEnv: this.#regionEnv,
      nodes,
    });
    const labels = this.#labelsOf(spec);
    const podAnnotations = podAnnotationsOf(fields, long ? undefined : command);
    const workload = this.#render(
      template,
      {
        name: spec.name,
        namespace: this.#inputs.config.project.namespace,
        labels,
        annotations: isJob ? jobAnnotations(spec, hparam, this.#code(spec.fields)) : podAnnotations,
        ...this.#life(fields, nodes),
        podLabels: labels,
        podAnnotations,
        pod,
      },
      spec,
    );
    diagnostics.push(...workload.diagnostics);
    const service = nodes > 1 ? keep(this.#service(spec, labels)) : undefined;
    if (!workload.ok || diagnostics.some(isError)) return { ok: false, diagnostics };
    const support = [env.object, ...files.objects, scripts, ...(commandMaps ?? []), service].filter(
      (each): each is RenderedObject => each !== undefined,
    );
    return { ok: true, value: { name: spec.name, workload: workload.value, support }, diagnostics };
  }

  #code({ code }: ResolvedFields): CodePlacement {
    return (code === 'image' ? undefined : this.#inputs.code[code]) ?? { kind: 'image' };
  }

  #parts(fields: ResolvedFields, image: string, identity: PodIdentity | undefined, hasFiles: boolean) {
    const { project } = this.#inputs.config;
    const code = this.#code(fields);
    return podParts({
      project: project.project_name,
      command: runMountedCommand,
      condaEnvironment: project.conda_env_name,
      fields: {
        // Only what is asked for: there are many fields, and many trials.
        image,
        toolbox_image: fields.toolbox_image,
        data: fields.data,
        outputs: fields.outputs,
        startup_script: fields.startup_script,
        syncEverySeconds: fields.sync_every,
        // What the scripts take anyway, or have no use for, would be noise in every manifest.
        conda_home: fields.conda_home === fieldDefaults.conda_home ? undefined : fields.conda_home,
        extra_startup_script: fields.extra_startup_script || undefined,
        ...(code.kind === 'git' && { ssh_host: fields.ssh_host, ssh_port: fields.ssh_port }),
      },
      code,
      identity: identity && { env: identity.env, gid: identity.gid },
      hasFiles,
    });
  }

  /** Frozen and kept while the fields it is made of are the same, see `PodViews`. */
  #labelsOf({ fields }: JobSpec): Readonly<Record<string, string>> {
    const { labels, priority, queue } = fields;
    const last = this.#labels;
    if (last?.fields.labels === labels && last.fields.priority === priority && last.fields.queue === queue)
      return last.labels;
    const made = Object.freeze({
      ...labels,
      ...(priority && { priority: String(priority) }),
      ...(queue && { 'kueue.x-k8s.io/queue-name': queue }),
      ...this.#support.labels,
    });
    this.#labels = { fields, labels: made };
    return made;
  }

  #life(fields: ResolvedFields, nodes: number) {
    return {
      nodes: nodes > 1 ? nodes : undefined,
      retries: fields.retries,
      deadline: fields.timeout,
      hasTtl: fields.ttl !== undefined,
      ttl: fields.ttl,
    };
  }

  #service(spec: JobSpec, labels: Readonly<Record<string, string>>): Checked<RenderedObject> {
    return this.#render(
      'service.yaml',
      {
        name: serviceName(spec.name),
        namespace: this.#inputs.config.project.namespace,
        labels: { ...labels, [trialLabel]: spec.name },
        selector: { 'batch.kubernetes.io/job-name': spec.name },
        port: rendezvousPort,
      },
      spec,
    );
  }

  #render(template: string, view: IdentityView, spec?: JobSpec): Checked<RenderedObject> {
    const { object, diagnostics } = this.#manifests.render(template, view);
    if (object === undefined) return { ok: false, diagnostics };
    const identity =
      this.#inputs.templates.own === undefined
        ? []
        : checkTemplateIdentity(template, view, object.object, (path) =>
            this.#manifests.place(template, view, object, path),
          );
    // Under another name, what is wrong with that name is no other problem.
    if (identity.some(isError)) return { ok: false, diagnostics: identity };
    const problems = [
      ...identity,
      ...checkLimits(object).map((each) => {
        const written = this.#locate(each, spec);
        const own = this.#manifests.blame(template, view, object, each);
        // What the files say is told there, also where the template has a part in it.
        return own === undefined || (own.isShared && written.location !== undefined)
          ? written
          : { ...written, location: own.location };
      }),
    ];
    return problems.some(isError)
      ? { ok: false, diagnostics: problems }
      : { ok: true, value: object, diagnostics: problems };
  }

  #locate(problem: LimitProblem, spec: JobSpec | undefined): Diagnostic {
    const { code, message, hint, field } = problem;
    const location = field === undefined ? undefined : locateField(this.#inputs.config, spec?.trial, field);
    return errorDiagnostic(code, message, { location, hint });
  }
}

function isError(diagnostic: Diagnostic): boolean {
  return diagnostic.severity === 'error';
}
