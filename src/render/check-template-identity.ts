import { type Diagnostic, errorDiagnostic, warningDiagnostic } from '../diagnostics/diagnostic.ts';
import { annotationNames, managedByLabel, projectLabel, supportLabel, userLabel } from './owner-labels.ts';
import type { KubernetesObject } from './rendered-object.ts';
import type { TemplateSet } from './template-set.ts';

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
 */
export function checkTemplateIdentity(
  template: string,
  view: IdentityView,
  { metadata }: KubernetesObject,
  templates: TemplateSet,
): readonly Diagnostic[] {
  if (templates.own === undefined) return [];
  const changed: string[] = [];
  const missing: string[] = [];
  const left: string[] = [];
  const compare = (
    what: string,
    wanted: string | undefined,
    found: string | undefined,
    without = missing,
  ): void => {
    if (wanted === undefined || found === wanted) return;
    if (found === undefined) without.push(what);
    else changed.push(`${what} is ${JSON.stringify(found)}`);
  };
  compare('the name', view.name, metadata.name);
  if (metadata.namespace !== undefined) compare('the namespace', view.namespace, metadata.namespace);
  for (const label of [userLabel, projectLabel, managedByLabel, supportLabel])
    compare(`the label ${label}`, view.labels[label], metadata.labels?.[label]);
  const { fingerprint } = annotationNames;
  compare(
    `the annotation ${fingerprint}`,
    view.annotations?.[fingerprint],
    metadata.annotations?.[fingerprint],
    left,
  );
  const file = templates.files.get(template);
  const rest = {
    location: file && { file, offset: 0, length: 0 },
    hint: 'write {{name}}, {{namespace}}, {{labels}} and {{annotations}} in metadata, as the shipped template does',
  };
  const tell = (make: typeof errorDiagnostic, what: readonly string[], are: string): readonly Diagnostic[] =>
    what.length === 0
      ? []
      : [
          make(
            'RENDER_TEMPLATE_IDENTITY',
            `what ${template}.hbs makes could not be found again: ${what.join(', ')}${are}`,
            rest,
          ),
        ];
  return [
    ...tell(errorDiagnostic, changed, ''),
    ...tell(errorDiagnostic, missing, missing.length === 1 ? ' is missing' : ' are missing'),
    ...tell(warningDiagnostic, left, ' is missing'),
  ];
}
