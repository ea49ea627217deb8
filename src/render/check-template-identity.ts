import {
  type Diagnostic,
  errorDiagnostic,
  type Location,
  warningDiagnostic,
} from '../diagnostics/diagnostic.ts';
import { annotationNames, managedByLabel, projectLabel, supportLabel, userLabel } from './owner-labels.ts';
import type { KubernetesObject } from './rendered-object.ts';

interface Difference {
  readonly what: string;
  readonly path: readonly string[];
}

type Texts = Readonly<Record<string, string>>;

/** The part of a template's view by which its object is found again. */
export interface IdentityView {
  readonly name: string;
  readonly namespace: string | undefined;
  readonly labels: Texts;
  readonly annotations?: Texts;
  readonly [value: string]: unknown;
}

/**
 * What a project's own template changes of how an object is found again: under another name it would be created and
 * never seen, without our labels neither listed nor deleted and its Secret taken for unused; without its fingerprint
 * it is only not compared.
 *
 * @param place where the template wrote what is at a path
 */
export function checkTemplateIdentity(
  template: string,
  view: IdentityView,
  { metadata }: KubernetesObject,
  place: (path: readonly string[]) => Location | undefined,
): readonly Diagnostic[] {
  const changed: Difference[] = [];
  const missing: Difference[] = [];
  const left: Difference[] = [];
  const compare = (
    what: string,
    wanted: string | undefined,
    found: string | undefined,
    path: readonly string[],
    without = missing,
  ): void => {
    if (wanted === undefined || found === wanted) return;
    if (found === undefined) without.push({ what, path });
    // The same text for all trials is told once.
    else
      changed.push({ what: `${what} is ${JSON.stringify(found).replaceAll(view.name, '{{name}}')}`, path });
  };
  compare('the name', view.name, metadata.name, ['metadata', 'name']);
  if (metadata.namespace !== undefined)
    compare('the namespace', view.namespace, metadata.namespace, ['metadata', 'namespace']);
  for (const label of [userLabel, projectLabel, managedByLabel, supportLabel]) {
    const path = ['metadata', 'labels', label];
    compare(`the label ${label}`, view.labels[label], metadata.labels?.[label], path);
  }
  const { fingerprint } = annotationNames;
  compare(
    `the annotation ${fingerprint}`,
    view.annotations?.[fingerprint],
    metadata.annotations?.[fingerprint],
    ['metadata', 'annotations', fingerprint],
    left,
  );
  const tell = (
    make: typeof errorDiagnostic,
    differences: readonly Difference[],
    are: string,
  ): readonly Diagnostic[] => {
    const [first] = differences;
    if (first === undefined) return [];
    const what = differences.map((each) => each.what).join(', ');
    return [
      make('RENDER_TEMPLATE_IDENTITY', `what ${template}.hbs makes could not be found again: ${what}${are}`, {
        location: place(first.path),
        hint: 'write {{name}}, {{namespace}}, {{labels}} and {{annotations}} in metadata, as the shipped template does',
      }),
    ];
  };
  return [
    ...tell(errorDiagnostic, changed, ''),
    ...tell(errorDiagnostic, missing, missing.length === 1 ? ' is missing' : ' are missing'),
    ...tell(warningDiagnostic, left, ' is missing'),
  ];
}
