import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { parseProcStat } from '../records/process-identity.ts';

export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
}

/**
 * Every process of a trial that still runs: its process group, its session (bash with job control makes
 * groups of its own in it), processes that left both but carry `marker` in their environment (Linux), and
 * children of any of these. Zombies are not counted: they run no more.
 *
 * Reads the whole process table, which takes milliseconds, so only asked when something is to be ended.
 *
 * @param leader pid of the trial's shell, which leads its group
 * @param session the launcher's, which is not counted; it starts one trial at a time
 */
export function findTrialProcesses(leader: number, session: number, marker: string): ProcessEntry[] {
  const table = process.platform === 'linux' ? readProc() : readPs();
  const found = new Map<number, ProcessEntry>();
  for (const entry of table) {
    if (entry.group === leader || entry.session === session || carriesMarker(entry.pid, marker)) {
      found.set(entry.pid, entry);
    }
  }
  // A child has usually, but not always, a higher number than its parent: repeat until nothing is added.
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const entry of table) if (found.has(entry.parent)) found.set(entry.pid, entry);
  }
  found.delete(process.pid);
  found.delete(session);
  return [...found.values()];
}

function readProc(): ProcessEntry[] {
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
    const { state, parent, group, session } = parseProcStat(text);
    if (state !== 'Z' && state !== 'X') entries.push({ pid, parent, group, session });
  }
  return entries;
}

function carriesMarker(pid: number, marker: string): boolean {
  if (process.platform !== 'linux') return false;
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(marker);
  } catch {
    return false; // Ended, or another user's.
  }
}

/** macOS and others: `sess` is not a number there, so the group and the family tree must do. */
function readPs(): ProcessEntry[] {
  const text = execFileSync('ps', ['-axo', 'pid=,ppid=,pgid=,stat='], {
    encoding: 'latin1',
    env: { PATH: '/bin:/usr/bin', LC_ALL: 'C' },
    maxBuffer: 64 * 1024 * 1024,
  });
  const entries: ProcessEntry[] = [];
  for (const line of text.split('\n')) {
    const [pid, parent, group, state] = line.trim().split(/\s+/);
    if (state === undefined || state.startsWith('Z')) continue;
    entries.push({ pid: Number(pid), parent: Number(parent), group: Number(group), session: 0 });
  }
  return entries;
}
