import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { identifyProcess } from '../records/process-identity.ts';

/** The process that a file belongs to. */
export interface Owner {
  readonly host: string;
  /** Where its number counts: the containers of a pod share the host's name and their files, not their numbers. */
  readonly space: string;
  readonly pid: number;
}

export const ourselves: Owner = { host: hostname(), space: processSpace(), pid: process.pid };

/** `unknown` where its number counts elsewhere: then only the file itself can tell, by its age. */
export function fateOf({ host, space, pid }: Owner): 'runs' | 'gone' | 'unknown' {
  if (host !== ourselves.host || space !== ourselves.space) return 'unknown';
  return isRunning(pid) ? 'runs' : 'gone';
}

/** Whether a process of this machine runs; one of another user counts, one that was killed and not yet buried does not. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return identifyProcess(pid) !== undefined;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function processSpace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}
