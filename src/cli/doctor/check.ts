import type { Context } from '../../context.ts';
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';

/** What one check found. */
export interface Finding {
  /** What was looked at, where a check looks at several things; else the check's own name. */
  readonly name?: string;
  readonly state: 'ok' | 'warning' | 'problem';
  /** One line: what was looked at and how it is. */
  readonly message: string;
  /** What to type or change; always there where the state is not `ok`. */
  readonly mend?: string;
  /** Printed in full after the line. */
  readonly diagnostics?: readonly Diagnostic[];
}

/**
 * One thing `make doctor` looks at. It changes nothing, and finds out by itself whether it applies: a check that
 * does not (no bucket is set up) finds nothing.
 */
export interface Check {
  readonly topic: 'Machine' | 'Project' | 'Cluster' | 'Bucket';
  /** What is being looked at, for when the check itself breaks: `git`. */
  readonly name: string;
  run(context: Context): Promise<readonly Finding[]>;
}

export const ok = (message: string): Finding => ({ state: 'ok', message });
export const warning = (message: string, mend: string): Finding => ({ state: 'warning', message, mend });
export const problem = (message: string, mend: string): Finding => ({ state: 'problem', message, mend });
