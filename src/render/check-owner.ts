import { legalText } from '../matrix/legal-name.ts';
import { wrongLabelName, wrongLabelValue } from './legal-values.ts';
import { projectLabel, userLabel } from './owner-labels.ts';

/** What is wrong with a value that says whose workloads these are, or where they are. */
export interface OwnerProblem {
  readonly code: 'RENDER_BAD_LABEL' | 'RENDER_BAD_NAME';
  readonly field: 'user' | 'project_name' | 'namespace';
  readonly message: string;
  readonly hint: string;
}

/** What is wrong with the label by which all workloads of a user, or of a project, are found; `undefined` where nothing is. */
export function ownerLabelProblem(
  label: typeof userLabel | typeof projectLabel,
  value: string,
): OwnerProblem | undefined {
  const wrong = wrongLabelValue(value);
  if (wrong === undefined) return undefined;
  const field = label === userLabel ? 'user' : 'project_name';
  return {
    code: 'RENDER_BAD_LABEL',
    field,
    message: `the label ${label}: "${value}" ${wrong}`,
    hint: `every workload has it as a label; set ${field} in kube.yaml, such as ${example(value)}`,
  };
}

/** The same before a cluster is asked for anything: a selector with such a label selects something else, or is refused. */
export function findOwnerProblem(owner: {
  readonly user: string;
  readonly project: string;
  readonly namespace: string;
}): OwnerProblem | undefined {
  const wrong = wrongLabelName(owner.namespace);
  return (
    ownerLabelProblem(userLabel, owner.user) ??
    ownerLabelProblem(projectLabel, owner.project) ??
    (wrong === undefined
      ? undefined
      : {
          code: 'RENDER_BAD_NAME',
          field: 'namespace',
          message: `the namespace "${owner.namespace}" ${wrong}`,
          hint: 'set namespace in kube.yaml to one that kubectl get namespaces, or your administrator, names',
        })
  );
}

function example(value: string): string {
  const text = legalText(value)
    .slice(0, 63)
    .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '');
  return text || 'example';
}
