import { type Diagnostic, DiagnosticError, errorDiagnostic } from '../../diagnostics/diagnostic.ts';

/** A `Status` object, as the API server answers when it refuses. */
export interface StatusBody {
  readonly kind?: string;
  readonly status?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly code?: number;
  readonly details?: {
    readonly name?: string;
    readonly kind?: string;
    readonly uid?: string;
    readonly retryAfterSeconds?: number;
    readonly causes?: readonly {
      readonly reason?: string;
      readonly message?: string;
      readonly field?: string;
    }[];
  };
}

/** What a refusal is about, in the server's words. */
type Refusal = Pick<ApiError, 'message' | 'reason' | 'details'>;

/**
 * The server answered, and refused. Branch on `reason`, never on the message's text. Where no caller has more to say
 * of it, the server's words reach the user as they are.
 */
export class ApiError extends DiagnosticError {
  override readonly name = 'ApiError';
  override readonly diagnostics: readonly [Diagnostic];
  /** The server's own words. */
  override readonly message: string;
  /** HTTP status. */
  readonly status: number;
  /** `Status.reason`: `NotFound`, `AlreadyExists`, `Conflict`, `Invalid`, `Forbidden`, `Expired`, … */
  readonly reason: string;
  readonly details: StatusBody['details'];

  constructor(status: number, body: StatusBody) {
    const { message = `HTTP ${status}`, reason = reasonOf(status), details } = body;
    const diagnostic = diagnose({ message, reason, details }, status);
    super(diagnostic, 3);
    this.diagnostics = [diagnostic];
    this.message = message;
    this.status = status;
    this.reason = reason;
    this.details = details;
  }

  /** The namespace's quota is used up; other `Forbidden`s are about rights or policies. */
  get isOverQuota(): boolean {
    return isOverQuota(this);
  }
}

export function isApiError(error: unknown, ...reasons: readonly string[]): error is ApiError {
  return error instanceof ApiError && (reasons.length === 0 || reasons.includes(error.reason));
}

/** Whether a cluster is out of reach or in trouble, all attempts taken together: it will be there again. */
export function isOutage(error: unknown): boolean {
  if (error instanceof ApiError) return error.status >= 500 || error.status === 429;
  return error instanceof DiagnosticError && error.diagnostics[0]?.code === 'KUBE_UNREACHABLE';
}

/** Reason of an answer that carries none, such as one of an aggregated server. */
function reasonOf(status: number): string {
  const reasons: Readonly<Record<number, string>> = {
    400: 'BadRequest',
    401: 'Unauthorized',
    403: 'Forbidden',
    404: 'NotFound',
    409: 'Conflict',
    410: 'Expired',
    413: 'RequestEntityTooLarge',
    422: 'Invalid',
    429: 'TooManyRequests',
    500: 'InternalError',
    503: 'ServiceUnavailable',
    504: 'Timeout',
  };
  return reasons[status] ?? 'Unknown';
}

function isOverQuota({ reason, message }: Refusal): boolean {
  // The server gives quota no reason of its own; this text is the admission plugin's and has not
  // changed since Kubernetes 1.2 (`exceeded quota: NAME, requested: …, used: …, limited: …`).
  return reason === 'Forbidden' && /exceeded quota: /.test(message);
}

function diagnose(refusal: Refusal, status: number): Diagnostic {
  const isNamespace = refusal.reason === 'NotFound' && refusal.details?.kind === 'namespaces';
  const code = isOverQuota(refusal) ? 'KUBE_QUOTA' : isNamespace ? 'KUBE_NO_NAMESPACE' : 'KUBE_REFUSED';
  const isTheirTrouble = status >= 500 || status === 429;
  return errorDiagnostic(
    code,
    `the cluster ${isTheirTrouble ? 'is in trouble' : 'refuses'}: ${refusal.message}`,
    { hint: hintOf(refusal, isTheirTrouble) },
  );
}

/** What to do about a refusal. Forbidden has many reasons, which only the text tells apart. */
function hintOf(error: Refusal, isTheirTrouble: boolean): string | undefined {
  if (isOverQuota(error)) return 'delete what you no longer need (make delete), then run the command again';
  if (error.reason === 'NotFound')
    return 'correct the namespace: `namespace` in config/kube.yaml, or on run:ai, where that says none, K8S_NAMESPACE in .env';
  if (error.reason === 'Forbidden') return hintOfForbidden(error.message);
  return isTheirTrouble
    ? 'this passes by itself, or the administrators know: run the command again later'
    : undefined;
}

/** What to change so that it is not forbidden. */
export function hintOfForbidden(message: string): string | undefined {
  const unset = /failed quota: [^:]+: must specify (.+)$/.exec(message)?.[1];
  if (unset !== undefined)
    return `the quota of the namespace wants ${unset} to be set, of side containers too`;
  if (/violates PodSecurity "restricted/.test(message))
    return 'the namespace takes only "restricted" pods, and these are "baseline" ones: ask its administrators, or write a securityContext into templates/pod-spec.yaml.hbs';
  if (/violates PodSecurity/.test(message))
    return 'the namespace forbids such pods: remove host_ipc, run_as_user: 0 and the like, or ask its administrators';
  if (/(?:maximum|minimum) .+ usage per /.test(message))
    return 'the namespace limits resources: change cpu_count, memory, ephemeral_storage or limit_ratio';
  if (/namespace .* is being terminated/.test(message)) return 'the namespace is being deleted; use another';
  const unknown = /no (PriorityClass|RuntimeClass) with name (\S+) was found/.exec(message);
  if (unknown !== null) return `the cluster has no ${unknown[1]} "${unknown[2]}": change priority_class`;
  if (/error looking up service account|serviceaccount "[^"]+" not found/.test(message))
    return 'the namespace has no such service account: change service_account';
  return /cannot \w+ resource/.test(message) ? 'make doctor lists the rights that are missing' : undefined;
}
