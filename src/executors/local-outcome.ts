import { constants } from 'node:os';
import type { Outcome } from './executor.ts';
import type { ProcessEnd } from './local-process.ts';

/** What a trial that ran here can come to; `lost` is only ever found out later. */
export type LocalOutcome = Outcome & { readonly state: Exclude<Outcome['state'], 'lost'> };

/**
 * How a trial ended that was left to end by itself. A shell whose command was ended by signal N exits with 128 + N, but
 * so may any program of its own accord: only a signal that hit the trial's first process is called one.
 */
export function outcomeOf({ exitCode, bySignal }: ProcessEnd): LocalOutcome {
  if (exitCode === undefined) return { state: 'failed', reason: 'the shell that started it was killed' };
  if (exitCode === 0) return { state: 'succeeded', exitCode };
  const signal = signalOf(exitCode);
  if (signal === undefined) {
    const reason = reasonOf(exitCode);
    return { state: 'failed', exitCode, ...(reason === undefined ? {} : { reason }) };
  }
  if (bySignal) return { state: 'failed', exitCode, signal, reason: `ended by ${signal}${guess(signal)}` };
  return { state: 'failed', exitCode, reason: `as when ${signal} ends a command${guess(signal)}` };
}

/** The signal an exit code stands for, if it does. */
export function signalOf(exitCode: number): NodeJS.Signals | undefined {
  const number = exitCode - 128;
  const found = Object.entries(constants.signals).find(([, value]) => value === number);
  return found?.[0] as NodeJS.Signals | undefined;
}

/** What bash means by an exit code, where it means something. */
function reasonOf(exitCode: number): string | undefined {
  if (exitCode === 127) return 'command not found';
  return exitCode === 126 ? 'command cannot be executed' : undefined;
}

function guess(signal: string): string {
  if (signal === 'SIGKILL') return ', often a sign of too little memory';
  return signal === 'SIGSEGV' ? ', a crash in native code' : '';
}
