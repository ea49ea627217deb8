import { DiagnosticError, errorDiagnostic } from '../diagnostics/diagnostic.ts';
import { isApiError } from '../executors/kubernetes/api-error.ts';
import { type NamespaceApi, refused } from '../executors/kubernetes/namespace-api.ts';
import { type KubeObject, secrets } from '../executors/kubernetes/objects.ts';
import { type Owner, ownerLabels } from '../executors/kubernetes/owner.ts';

export interface PullSecret {
  readonly name: string;
  /** The registry, without a path. */
  readonly server: string;
  readonly username: string;
  readonly password: string;
}

const type = 'kubernetes.io/dockerconfigjson';
const key = '.dockerconfigjson';

interface SecretObject extends KubeObject {
  readonly type?: string;
  readonly data?: Readonly<Record<string, string>>;
}

/**
 * Brings the Secret that images are pulled with to these credentials.
 *
 * @throws DiagnosticError where the cluster refuses, or a Secret of that name is of another kind
 */
export async function putPullSecret(
  secret: PullSecret,
  api: NamespaceApi,
  owner: Owner,
  signal: AbortSignal,
): Promise<'created' | 'replaced' | 'unchanged'> {
  const { server, username, password } = secret;
  const auth = Buffer.from(`${username}:${password}`).toString('base64');
  const config = JSON.stringify({ auths: { [server]: { username, password, auth } } });
  const data = { [key]: Buffer.from(config).toString('base64') };
  const object = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: secret.name, namespace: api.namespace, labels: ownerLabels(owner) },
    type,
    data,
  };
  const isSame = (there: KubeObject) => (there as SecretObject).data?.[key] === data[key];
  try {
    const { created } = await api.create(secrets, object, isSame, signal);
    return created ? 'created' : 'unchanged';
  } catch (error) {
    if (!isApiError(error)) throw error;
    if (!isApiError(error, 'AlreadyExists'))
      throw refused(`the Secret ${secret.name} cannot be created`, error);
  }
  const there: SecretObject | undefined = await api.get(secrets, secret.name, signal);
  if (there !== undefined && there.type !== type) {
    throw new DiagnosticError(
      errorDiagnostic(
        'CONTAINER_SECRET_INPUT',
        `there is a Secret ${secret.name} of type ${there.type ?? 'Opaque'}, which is no pull secret`,
        {
          hint: 'choose another name: name=NAME, and the same in image_pull_secrets',
        },
      ),
      3,
    );
  }
  try {
    await api.patch(secrets, secret.name, { data }, signal);
    return 'replaced';
  } catch (error) {
    if (isApiError(error)) throw refused(`the Secret ${secret.name} cannot be changed`, error);
    throw error;
  }
}
