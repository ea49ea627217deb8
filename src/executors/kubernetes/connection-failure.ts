import { DiagnosticError, errorDiagnostic } from '../../diagnostics/diagnostic.ts';
import type { Connection } from './connection.ts';
import { isPermanentSocketError } from './retry-policy.ts';

/** What a failed connection is to the user. */
export function unreachable(cause: Error, { where, access }: Connection): DiagnosticError {
  const code = codeOf(cause);
  const isTls = isPermanentSocketError(code);
  return new DiagnosticError(
    errorDiagnostic(
      isTls ? 'KUBE_TLS' : 'KUBE_UNREACHABLE',
      `cannot reach the cluster at ${where}: ${describeSocketError(cause)}`,
      {
        cause,
        hint: isTls
          ? 'the certificate authority in the kubeconfig is not the one the server uses: fetch a new kubeconfig'
          : `is the VPN on? context "${access.context}" of the kubeconfig names this server`,
      },
    ),
    3,
  );
}

export function unauthorized({ where, access }: Connection): DiagnosticError {
  return new DiagnosticError(
    errorDiagnostic(
      'KUBE_UNAUTHORIZED',
      `${where} does not accept the credentials of context "${access.context}"`,
      { hint: 'sign in again, or fetch a new kubeconfig; then: kubectl auth whoami' },
    ),
    3,
  );
}

export function isUnauthorized(error: Error): boolean {
  return error instanceof DiagnosticError && error.diagnostics[0]?.code === 'KUBE_UNAUTHORIZED';
}

/** Whether a request ended because its answer did not begin, or go on, in time. */
export function isTimeout(error: unknown): error is DiagnosticError {
  return error instanceof DiagnosticError && error.diagnostics[0]?.cause instanceof TimeoutError;
}

export class TimeoutError extends Error {
  readonly code = 'ETIMEDOUT';

  constructor(milliseconds: number) {
    super(`no answer for ${milliseconds / 1000} s`);
  }
}

export function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

function describeSocketError(cause: Error): string {
  const descriptions: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'the connection was refused',
    ENOTFOUND: 'its name is not known',
    EAI_AGAIN: 'its name cannot be looked up',
    ECONNRESET: 'the connection was reset',
    EHOSTUNREACH: 'there is no route to it',
    ENETUNREACH: 'the network is unreachable',
    EPIPE: 'the connection was closed',
  };
  // Of a certificate, Node goes on with advice about its own flags.
  return descriptions[codeOf(cause) ?? ''] ?? cause.message.split(';')[0] ?? '';
}
