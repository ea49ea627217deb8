import { readFileSync } from 'node:fs';

/** Tells a process from a later one that got the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque: equal for the same process, different for any other of that number, also after a restart. */
  readonly startTime: string;
}

/**
 * The identity of a process that runs now, `undefined` when there is none of that number (a zombie counts
 * as none: it runs no more). Linux reads `/proc`, which takes microseconds; elsewhere `ps` is asked.
 */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  const startTime = process.platform === 'linux' ? startTimeFromProc(pid) : startTimeFromPs(pid);
  return startTime === undefined ? undefined : { pid, startTime };
}

/** Whether exactly this process still runs on this host. */
export function isAlive(identity: ProcessIdentity): boolean {
  return identifyProcess(identity.pid)?.startTime === identity.startTime;
}

function startTimeFromProc(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  const { state, startTicks } = parseProcStat(stat);
  // Ticks since boot repeat after a restart, so the boot is part of the identity.
  return state === 'Z' || state === 'X' ? undefined : `${bootId()}/${startTicks}`;
}

let cachedBootId: string | undefined;

/** Names the time since the machine was started; where the system does not say, it never equals an earlier one. */
export function bootId(): string {
  cachedBootId ??= readBootId();
  return cachedBootId;
}

function readBootId(): string {
  try {
    if (process.platform === 'linux') return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    return run('sysctl', ['-n', 'kern.boottime']).trim();
  } catch {
    return `unknown-${process.pid}-${Date.now()}`;
  }
}

export interface ProcStat {
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  readonly startTicks: string;
}

/** Reads `/proc/PID/stat`, proc(5). The command name may hold spaces and parentheses, so the last `)` counts. */
export function parseProcStat(stat: string): ProcStat {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    state: fields[0] ?? '',
    parent: Number(fields[1]),
    group: Number(fields[2]),
    session: Number(fields[3]),
    startTicks: fields[19] ?? '',
  };
}

function startTimeFromPs(pid: number): string | undefined {
  try {
    const text = run('ps', ['-o', 'stat=,lstart=', '-p', String(pid)]).trim();
    return text === '' || text.startsWith('Z') ? undefined : text.replace(/^\S+\s+/, '');
  } catch {
    return undefined;
  }
}

/** Taken when it is called, as it is not on Linux, where every command would load for nothing what it needs. */
function run(program: string, words: readonly string[]): string {
  const { execFileSync } = process.getBuiltinModule('node:child_process');
  return execFileSync(program, words, {
    encoding: 'latin1',
    env: { PATH: '/usr/sbin:/sbin:/bin:/usr/bin', LC_ALL: 'C', TZ: 'UTC' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}
