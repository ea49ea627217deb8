import type { Outcome } from '../executors/executor.ts';
import type { Event } from './event.ts';

/** One ended trial, a line of the table at the end. */
export interface EndedTrial {
  readonly name: string;
  /** In the order of the plan, from 1. */
  readonly position: number;
  readonly outcome: Outcome;
  readonly milliseconds: number;
  /** Relative to the project. */
  readonly log: string;
}

/** Counts what has happened in a sweep. */
export class SweepTally {
  /** Trials to run, skipped ones not among them. */
  total = 0;
  started = 0;
  skipped = 0;
  readonly ended: EndedTrial[] = [];
  /** Name → position. */
  readonly running = new Map<string, number>();
  #succeeded = 0;

  get succeeded(): number {
    return this.#succeeded;
  }

  get notSucceeded(): number {
    return this.ended.length - this.#succeeded;
  }

  add(event: Event): void {
    switch (event.type) {
      case 'sweep-started':
        this.total = event.trials;
        break;
      case 'trial-started':
        this.started++;
        this.running.set(event.trial.name, event.position);
        break;
      case 'trial-ended': {
        const position = this.running.get(event.trial.name) ?? this.ended.length;
        this.running.delete(event.trial.name);
        if (event.outcome.state === 'succeeded') this.#succeeded++;
        this.ended.push({
          name: event.trial.name,
          position,
          outcome: event.outcome,
          milliseconds: event.milliseconds,
          log: event.log,
        });
        break;
      }
      case 'trial-skipped':
        this.skipped++;
        break;
      default:
    }
  }
}
