import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { bootId, parseProcStat } from '../records/process-identity.ts';
import { markerName } from './local-environment.ts';

export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** As in {@link ProcessIdentity}. */
  readonly startTime: string;
  /** What its environment says of the trial it belongs to, where it says it (Linux). */
  readonly marker: string | undefined;
}

/** What the processes of one trial have in common. */
export interface TrialFamily {
  /** Pid of the trial's shell, which leads its group. */
  readonly leader: number;
  /** The launcher's, which is not counted; it starts one trial at a time. */
  readonly session: number;
  /** The value of {@link markerName} in the trial's environment, which no other trial has. */
  readonly marker: string;
}

/**
 * All processes at one moment. Zombies are not counted: they run no more. Reading it takes milliseconds, and on a
 * busy login node a hundred, so it is only read when something is to be ended, and once for all trials.
 */
export class ProcessTable {
  readonly #entries: ReadonlyMap<number, ProcessEntry>;
  readonly #children = new Map<number, ProcessEntry[]>();
  readonly #groups = new Map<number, ProcessEntry[]>();
  readonly #sessions = new Map<number, ProcessEntry[]>();
  readonly #markers = new Map<string, ProcessEntry[]>();

  /** @param earlier what was read of a process then, and cannot have changed, is not read again */
  static read(earlier?: ProcessTable): ProcessTable {
    return new ProcessTable(process.platform === 'linux' ? readProc(earlier) : readPs());
  }

  constructor(entries: readonly ProcessEntry[]) {
    this.#entries = new Map(entries.map((entry) => [entry.pid, entry]));
    for (const entry of entries) {
      add(this.#children, entry.parent, entry);
      add(this.#groups, entry.group, entry);
      add(this.#sessions, entry.session, entry);
      if (entry.marker !== undefined) add(this.#markers, entry.marker, entry);
    }
  }

  /** The process of that number, if it is still the one that began then. */
  find(pid: number, startTime: string): ProcessEntry | undefined {
    const entry = this.#entries.get(pid);
    return entry?.startTime === startTime ? entry : undefined;
  }

  /**
   * Every process of a trial: its process group, its session (bash with job control makes groups of its own
   * in it), processes that left both but carry the marker, and children of any of these.
   */
  family({ leader, session, marker }: TrialFamily): ProcessEntry[] {
    const found = new Map<number, ProcessEntry>();
    const next = [
      ...(this.#groups.get(leader) ?? []),
      ...(this.#sessions.get(session) ?? []),
      ...(this.#markers.get(marker) ?? []),
    ];
    for (let entry = next.pop(); entry !== undefined; entry = next.pop()) {
      // The launcher's other children are of its session, so nothing is missed.
      if (found.has(entry.pid) || entry.pid === process.pid || entry.pid === session) continue;
      found.set(entry.pid, entry);
      next.push(...(this.#children.get(entry.pid) ?? []));
    }
    return [...found.values()];
  }
}

function readProc(earlier: ProcessTable | undefined): ProcessEntry[] {
  const entries: ProcessEntry[] = [];
  for (const file of readdirSync('/proc')) {
    const pid = Number(file);
    if (!Number.isInteger(pid)) continue;
    let text: string;
    try {
      text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    } catch {
      continue; // Ended between the listing and now.
    }
    const { state, parent, group, session, startTicks } = parseProcStat(text);
    if (state === 'Z' || state === 'X') continue;
    const startTime = `${bootId()}/${startTicks}`;
    const known = earlier?.find(pid, startTime);
    const marker = known === undefined ? markerOf(pid) : known.marker;
    entries.push({ pid, parent, group, session, startTime, marker });
  }
  return entries;
}

function markerOf(pid: number): string | undefined {
  try {
    const text = `\0${readFileSync(`/proc/${pid}/environ`, 'latin1')}`;
    const start = text.indexOf(`\0${markerName}=`);
    if (start === -1) return undefined;
    return text.slice(start + markerName.length + 2, text.indexOf('\0', start + 1));
  } catch {
    return undefined; // Ended, or another user's.
  }
}

/** macOS and others: `sess` is not a number there, so the group and the family tree must do. */
function readPs(): ProcessEntry[] {
  const text = execFileSync('ps', ['-axo', 'pid=,ppid=,pgid=,stat=,lstart='], {
    encoding: 'latin1',
    env: { PATH: '/bin:/usr/bin', LC_ALL: 'C', TZ: 'UTC' },
    maxBuffer: 64 * 1024 * 1024,
  });
  const entries: ProcessEntry[] = [];
  for (const line of text.split('\n')) {
    const [pid, parent, group, state, ...lstart] = line.trim().split(/\s+/);
    if (state === undefined || state.startsWith('Z')) continue;
    const numbers = { pid: Number(pid), parent: Number(parent), group: Number(group), session: 0 };
    entries.push({ ...numbers, startTime: lstart.join(' '), marker: undefined });
  }
  return entries;
}

function add<K>(index: Map<K, ProcessEntry[]>, key: K, entry: ProcessEntry): void {
  const entries = index.get(key);
  if (entries === undefined) index.set(key, [entry]);
  else entries.push(entry);
}
