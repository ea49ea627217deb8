// Status objects as a Kubernetes 1.36 API server writes them; texts taken from recorded exchanges.

export interface Status {
  readonly code: number;
  readonly body: Record<string, unknown>;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Cause {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

export function failure(
  code: number,
  reason: string,
  message: string,
  details?: Record<string, unknown>,
  headers?: Readonly<Record<string, string>>,
): Status {
  return {
    code,
    body: {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      reason,
      ...(details === undefined ? {} : { details }),
      code,
    },
    ...(headers === undefined ? {} : { headers }),
  };
}

export interface Kind {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly shortNames?: readonly string[];
}

/** `jobs.batch`, or `pods` in the core group. */
export function qualified(kind: Kind): string {
  return kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`;
}

function detailsOf(kind: Kind, name: string, what = kind.plural): Record<string, unknown> {
  return { name, ...(kind.group === '' ? {} : { group: kind.group }), kind: what };
}

export function notFound(kind: Kind, name: string): Status {
  return failure(404, 'NotFound', `${qualified(kind)} "${name}" not found`, detailsOf(kind, name));
}

export function alreadyExists(kind: Kind, name: string): Status {
  return failure(409, 'AlreadyExists', `${qualified(kind)} "${name}" already exists`, detailsOf(kind, name));
}

export function forbidden(kind: Kind, name: string, why: string): Status {
  return failure(
    403,
    'Forbidden',
    `${qualified(kind)} "${name}" is forbidden: ${why}`,
    detailsOf(kind, name),
  );
}

export function notAllowed(
  kind: Kind,
  user: string,
  verb: string,
  namespace: string | undefined,
  name?: string,
): Status {
  const group = `in API group "${kind.group}"`;
  const scope = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  const object = name === undefined ? '' : ` "${name}"`;
  return failure(
    403,
    'Forbidden',
    `${qualified(kind)}${object} is forbidden: User "${user}" cannot ${verb} resource "${kind.plural}" ${group} ${scope}`,
    {
      ...(name === undefined ? {} : { name }),
      ...(kind.group === '' ? {} : { group: kind.group }),
      kind: kind.plural,
    },
  );
}

export function wrongUid(kind: Kind, name: string, wanted: string, actual: string): Status {
  const typed = kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`;
  return failure(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${typed} "${name}": the UID in the precondition (${wanted}) does not match the UID in record (${actual}). The object might have been deleted and then recreated`,
    detailsOf(kind, name, kind.kind),
  );
}

export function invalid(kind: Kind, name: string, causes: readonly Cause[]): Status {
  const typed = kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`;
  const texts = causes.map((each) => `${each.field}: ${each.message}`);
  const unique = [...new Set(texts)];
  return failure(
    422,
    'Invalid',
    `${typed} "${name}" is invalid: ${unique.length === 1 ? unique[0] : `[${unique.join(', ')}]`}`,
    { ...detailsOf(kind, name, kind.kind), causes },
  );
}

export function badRequest(message: string): Status {
  return failure(400, 'BadRequest', message);
}

export const unauthorized = (): Status => failure(401, 'Unauthorized', 'Unauthorized');
export const tooLarge = (): Status =>
  failure(413, 'RequestEntityTooLarge', 'Request entity too large: limit is 3145728');
export const pageNotFound = (): Status =>
  failure(404, 'NotFound', 'the server could not find the requested resource', {});
export const expired = (message: string): Status => failure(410, 'Expired', message);
