import { DiagnosticError, errorDiagnostic } from '../../diagnostics/diagnostic.ts';
import { ExitCode } from '../../exit-code.ts';
import { managedBy, managedByLabel, userLabel } from '../../render/owner-labels.ts';
import { isApiError } from '../kubernetes/api-error.ts';
import { type NamespaceApi, refused } from '../kubernetes/namespace-api.ts';
import { type KubeObject, secrets } from '../kubernetes/objects.ts';
import { type Owner, ownerLabels } from '../kubernetes/owner.ts';

interface SecretObject extends KubeObject {
  readonly data?: Readonly<Record<string, string>> | null;
}

/**
 * Brings a Secret to hold exactly these variables. It is a user's, and shared by the projects whose `.env` names
 * it; one that nobody made with the toolbox is left alone.
 *
 * @throws DiagnosticError RUNAI_SECRET_TAKEN, or with the cluster's refusal; no message holds a value
 */
export async function mirrorSecret(
  name: string,
  variables: ReadonlyMap<string, string>,
  api: NamespaceApi,
  owner: Owner,
  signal: AbortSignal,
): Promise<'created' | 'replaced' | 'unchanged'> {
  const data = Object.fromEntries(
    [...variables].map(([key, value]) => [key, Buffer.from(value, 'utf8').toString('base64')]),
  );
  const object = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: api.namespace, labels: ownerLabels(owner) },
    type: 'Opaque',
    data,
  };
  try {
    const { created } = await api.create<SecretObject>(
      secrets,
      object,
      (there) => isUsers(there, owner) && holds(there, data),
      signal,
    );
    return created ? 'created' : 'unchanged';
  } catch (error) {
    if (!isApiError(error)) throw error;
    if (!isApiError(error, 'AlreadyExists')) throw refused(`the Secret ${name} cannot be created`, error);
  }
  const there: SecretObject | undefined = await api.get(secrets, name, signal);
  if (there === undefined || !isUsers(there, owner)) throw taken(name, api.namespace, owner);
  // A merge patch removes what is null: variables that `.env` no longer has.
  const gone = Object.keys(there.data ?? {}).filter((key) => !Object.hasOwn(data, key));
  const patch = {
    metadata: { uid: there.metadata.uid },
    data: { ...data, ...Object.fromEntries(gone.map((key) => [key, null])) },
  };
  try {
    await api.patch(secrets, name, patch, signal);
    return 'replaced';
  } catch (error) {
    if (isApiError(error)) throw refused(`the Secret ${name} cannot be changed`, error);
    throw error;
  }
}

function isUsers({ metadata }: KubeObject, owner: Owner): boolean {
  return metadata.labels?.[managedByLabel] === managedBy && metadata.labels[userLabel] === owner.user;
}

function holds(there: SecretObject, data: Readonly<Record<string, string>>): boolean {
  const found = there.data ?? {};
  const keys = Object.keys(data);
  return keys.length === Object.keys(found).length && keys.every((key) => found[key] === data[key]);
}

function taken(name: string, namespace: string, owner: Owner): DiagnosticError {
  const labels = `${managedByLabel}=${managedBy} ${userLabel}=${owner.user}`;
  return new DiagnosticError(
    errorDiagnostic('RUNAI_SECRET_TAKEN', `there is a Secret ${name}, and the toolbox has not made it`, {
      hint: `set another secret_name; or, if it is yours: kubectl label -n ${namespace} secret ${name} ${labels}`,
    }),
    ExitCode.refused,
  );
}
