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

/** The server answered, and refused. Branch on `reason`, never on the message's text. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** HTTP status. */
  readonly status: number;
  /** `Status.reason`: `NotFound`, `AlreadyExists`, `Conflict`, `Invalid`, `Forbidden`, `Expired`, … */
  readonly reason: string;
  readonly details: StatusBody['details'];

  constructor(status: number, body: StatusBody) {
    super(body.message ?? `HTTP ${status}`);
    this.status = status;
    this.reason = body.reason ?? reasonOf(status);
    this.details = body.details;
  }

  /** The namespace's quota is used up; other `Forbidden`s are about rights or policies. */
  get isOverQuota(): boolean {
    // The server gives quota no reason of its own; this text is the admission plugin's and has not
    // changed since Kubernetes 1.2 (`exceeded quota: NAME, requested: …, used: …, limited: …`).
    return this.reason === 'Forbidden' && /exceeded quota: /.test(this.message);
  }
}

export function isApiError(error: unknown, ...reasons: readonly string[]): error is ApiError {
  return error instanceof ApiError && (reasons.length === 0 || reasons.includes(error.reason));
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
