import { constants } from 'node:os';
import type { Outcome } from './executor.ts';
import type { ProcessEnd } from './local-process.ts';

/** What a trial that ran here can come to; `lost` is only ever found out later. */
export type LocalOutcome = Outcome & { readonly state: Exclude<Outcome['state'], 'lost'> };

/** How a trial ended that was left to end by itself. */
export function outcomeOf(end: ProcessEnd): LocalOutcome {
  if (end.signal !== undefined) {
    return { state: 'failed', signal: end.signal, reason: `ended by ${end.signal}${guess(end.signal)}` };
  }
  const exitCode = end.exitCode ?? 0;
  if (exitCode === 0) return { state: 'succeeded', exitCode };
  const reason = reasonOf(exitCode);
  return { state: 'failed', exitCode, ...(reason === undefined ? {} : { reason }) };
}

/** What bash means by an exit code, where it means something. */
function reasonOf(exitCode: number): string | undefined {
  if (exitCode === 127) return 'command not found';
  if (exitCode === 126) return 'command cannot be executed';
  const signal = exitCode > 128 ? signalOf(exitCode - 128) : undefined;
  return signal === undefined ? undefined : `a command in it was ended by ${signal}${guess(signal)}`;
}

function signalOf(number: number): string | undefined {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
}

function guess(signal: string): string {
  if (signal === 'SIGKILL') return ', often a sign of too little memory';
  return signal === 'SIGSEGV' ? ', a crash in native code' : '';
}
