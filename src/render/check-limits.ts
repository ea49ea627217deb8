import { ownerLabelProblem } from './check-owner.ts';
import { checkPodSpec, type PodSpec } from './check-pod.ts';
import { wrongLabelName, wrongLabelValue, wrongQualifiedName, wrongSubdomain } from './legal-values.ts';
import { type LimitProblem, maxInt32, once, type Report, reportName, type Texts } from './limit-problem.ts';
import { projectLabel, userLabel } from './owner-labels.ts';
import { maxDataBytes } from './project-files.ts';
import type { KubernetesObject, RenderedObject } from './rendered-object.ts';

interface Template {
  readonly metadata?: { readonly labels?: Texts; readonly annotations?: Texts };
  readonly spec?: PodSpec;
}

const maxAnnotationBytes = 256 * 1024;
const maxObjectBytes = 1.5 * 1024 * 1024;
/**
 * What of an object's values a server would refuse: names, labels, sizes, quantities, duplicates. The object
 * has the right types already.
 */
export function checkLimits({ object, manifest }: RenderedObject): readonly LimitProblem[] {
  const problems: LimitProblem[] = [];
  const report: Report = (code, message, rest) => {
    problems.push({ code, message, ...rest });
  };
  const { kind, metadata } = object;
  const isWorkload = kind === 'Job' || kind === 'Pod';
  const wrongName = isWorkload || kind === 'Service' ? wrongLabelName : wrongSubdomain;
  reportName(report, `the name "${metadata.name}" of the ${kind}`, wrongName(metadata.name), 'prefix');
  if (metadata.namespace !== undefined)
    reportName(report, `namespace "${metadata.namespace}"`, wrongLabelName(metadata.namespace), 'namespace');
  checkMetadata(metadata, report);
  if (kind === 'Job') {
    const spec = object['spec'] as { template?: Template } & Readonly<Record<string, unknown>>;
    checkTemplate(spec.template, report);
    const { restartPolicy } = spec.template?.spec ?? {};
    if (restartPolicy !== 'Never' && restartPolicy !== 'OnFailure')
      report(
        'RENDER_BAD_NAME',
        `restartPolicy is ${restartPolicy === undefined ? 'missing' : `"${restartPolicy}"`}, and a Job takes "Never" or "OnFailure"`,
      );
    else if (restartPolicy === 'OnFailure' && spec['podFailurePolicy'] !== undefined)
      report(
        'RENDER_BAD_NAME',
        'restartPolicy is "OnFailure", and with podFailurePolicy a Job takes "Never"',
      );
    for (const [field, name] of [
      ['backoffLimit', 'retries'],
      ['activeDeadlineSeconds', 'timeout'],
      ['ttlSecondsAfterFinished', 'ttl'],
    ] as const) {
      const value = spec[field];
      if (typeof value === 'number' && (value < 0 || value > maxInt32))
        report('RENDER_BAD_NUMBER', `${name} is ${value}; Kubernetes takes 0 to ${maxInt32}`, {
          field: name,
        });
    }
    if (spec['completionMode'] === 'Indexed')
      checkIndexedName(metadata.name, Number(spec['completions']), report);
  }
  if (kind === 'Pod') checkPodSpec(object['spec'] as PodSpec, report);
  if (kind === 'Secret' || kind === 'ConfigMap') checkData(object, report);
  // The manifest is longer than what the server stores, so a short one needs no measuring.
  else if (manifest.length * 3 > maxObjectBytes) {
    const size = Buffer.byteLength(JSON.stringify(object));
    if (size > maxObjectBytes)
      report('RENDER_OBJECT_TOO_LARGE', `the ${kind} has ${kibibytes(size)}; 1536 KiB is the most`, {
        hint: 'put what is large into a file of `file:`, or into the bucket',
      });
  }
  if (isWorkload && !manifest.isWellFormed) checkText(object, '', report);
  return problems;
}

/** Keys and values of labels, and the size of annotations, as the server counts it. */
function checkMetadata(
  metadata: { readonly labels?: Texts; readonly annotations?: Texts },
  report: Report,
): void {
  const { labels = {} } = metadata;
  once(labels, undefined, report, (report) => checkLabels(labels, report));
  checkAnnotations(metadata.annotations ?? {}, report);
}

/** By these the job controller finds a Job's pods; another value is refused. */
const reservedLabels =
  /^(?:batch\.kubernetes\.io\/)?(?:job-name|controller-uid)$|^batch\.kubernetes\.io\/job-completion-index$/;

function checkLabels(labels: Texts, report: Report): void {
  for (const [key, value] of Object.entries(labels)) {
    const wrongKey = wrongQualifiedName(key);
    if (reservedLabels.test(key))
      report('RENDER_BAD_LABEL', `the label "${key}" is one that Kubernetes sets itself`, {
        field: 'labels',
      });
    if (wrongKey !== undefined)
      report('RENDER_BAD_LABEL', `the label name "${key}" ${wrongKey}`, { field: 'labels' });
    const isOwner = key === userLabel || key === projectLabel;
    const problem = isOwner ? ownerLabelProblem(key, value) : undefined;
    if (problem !== undefined)
      report(problem.code, problem.message, { field: problem.field, hint: problem.hint });
    const wrong = isOwner ? undefined : wrongLabelValue(value);
    if (wrong !== undefined)
      report('RENDER_BAD_LABEL', `the label ${key}: "${value}" ${wrong}`, { field: fieldOfLabel(key) });
  }
}

function checkAnnotations(annotations: Texts, report: Report): void {
  let size = 0;
  for (const [key, value] of Object.entries(annotations)) {
    const wrong = key.startsWith('kube-toolbox/') ? undefined : wrongQualifiedName(key.toLowerCase());
    if (wrong !== undefined)
      report('RENDER_BAD_LABEL', `the annotation name "${key}" ${wrong}`, { field: 'annotations' });
    size += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (size > maxAnnotationBytes)
    report(
      'RENDER_ANNOTATIONS_TOO_LARGE',
      `the annotations have ${size} bytes together; ${maxAnnotationBytes} is the most`,
      { field: 'annotations' },
    );
}

function fieldOfLabel(key: string): string {
  if (key === 'priority') return 'priority';
  return key === 'kueue.x-k8s.io/queue-name' ? 'queue' : 'labels';
}

/** Pods of an Indexed Job are called NAME-0, NAME-1 …, and these are host names. */
function checkIndexedName(name: string, completions: number, report: Report): void {
  const longest = `${name}-${completions - 1}`;
  if (longest.length > 63 && name.length <= 63)
    report(
      'RENDER_BAD_NAME',
      `the name "${name}" is too long for ${completions} pods: "${longest}" has ${longest.length} characters; 63 is the most`,
      { field: 'workers', hint: 'shorten prefix, project_name, or the names of the model and dataset' },
    );
}

function checkTemplate(template: Template | undefined, report: Report): void {
  if (template === undefined) return;
  const { metadata } = template;
  // The labels are those of the Job, which are checked; a custom template may differ, so these are too.
  checkMetadata({ ...metadata }, report);
  if (template.spec !== undefined) checkPodSpec(template.spec, report);
}

/** The server adds up the bytes of the values, decoded, and not the keys. */
function checkData(object: KubernetesObject, report: Report): void {
  const texts = (object['data'] ?? {}) as Texts;
  const binary = (object['binaryData'] ?? {}) as Texts;
  const isSecret = object.kind === 'Secret';
  let size = 0;
  for (const [key, value] of [...Object.entries(texts), ...Object.entries(binary)]) {
    size +=
      isSecret || Object.hasOwn(binary, key) ? Buffer.byteLength(value, 'base64') : Buffer.byteLength(value);
    if (!/^[-._a-zA-Z0-9]{1,253}$/.test(key) || key === '.' || key.startsWith('..'))
      report('RENDER_BAD_NAME', `"${key}" is no key for a ${object.kind}`);
  }
  if (size > maxDataBytes)
    report('RENDER_DATA_TOO_LARGE', `the ${object.kind} has ${size} bytes; ${maxDataBytes} is the most`);
}

/** Texts that are no Unicode: the server would silently put something else in their place. */
function checkText(value: unknown, path: string, report: Report): void {
  if (typeof value === 'string') {
    if (!value.isWellFormed()) report('RENDER_BAD_TEXT', `${path} has half of a surrogate pair in it`);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, each] of Object.entries(value))
      checkText(each, path === '' ? key : `${path}.${key}`, report);
  }
}

function kibibytes(bytes: number): string {
  return `${Math.ceil(bytes / 1024)} KiB`;
}
