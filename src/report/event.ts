import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import type { Outcome } from '../executors/executor.ts';
import type { Trial } from '../matrix/trial.ts';

/**
 * What happens while trials run, as a closed union: the reporters (terminal, plain lines, JSON lines) are
 * functions of it. JSON events are these objects with `type`, kebab-case values, ISO times.
 */
export type Event =
  | { readonly type: 'sweep-started'; readonly trials: number; readonly executor: string }
  | {
      readonly type: 'trial-started';
      readonly trial: Trial;
      readonly command: string;
      readonly position: number;
    }
  | {
      readonly type: 'trial-output';
      readonly trial: Trial;
      readonly stream: 'stdout' | 'stderr';
      readonly chunk: Uint8Array;
    }
  | {
      readonly type: 'trial-ended';
      readonly trial: Trial;
      readonly outcome: Outcome;
      readonly milliseconds: number;
      readonly log: string;
    }
  | { readonly type: 'trial-skipped'; readonly trial: Trial; readonly why: string }
  | { readonly type: 'diagnostic'; readonly diagnostic: Diagnostic }
  | { readonly type: 'sweep-ended'; readonly interrupted: boolean };

export type Report = (event: Event) => void;
