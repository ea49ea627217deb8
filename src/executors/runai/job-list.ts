import type { TrialState } from '../../records/run-record.ts';

export interface RunaiJob {
  readonly name: string;
  /** As run:ai prints it: `Running`, `ImagePullBackOff`. */
  readonly status: string;
}

/**
 * Reads the table of `runai list jobs`: a header line with NAME and STATUS, columns aligned, two spaces or a
 * tab between them. Lines before the header (notices) are passed over.
 */
export function parseJobList(output: string): readonly RunaiJob[] {
  const lines = output.split('\n');
  const header = lines.findIndex((line) => /^\s*NAME\s+.*\bSTATUS\b/.test(line));
  if (header === -1) return [];
  const titles = splitColumns(lines[header] ?? '');
  const nameColumn = titles.indexOf('NAME');
  const statusColumn = titles.indexOf('STATUS');
  return lines.slice(header + 1).flatMap((line) => {
    const cells = splitColumns(line);
    const name = cells[nameColumn];
    const status = cells[statusColumn];
    return name === undefined || status === undefined ? [] : [{ name, status }];
  });
}

function splitColumns(line: string): readonly string[] {
  return line
    .trim()
    .split(/\s{2,}|\t+/)
    .filter((cell) => cell !== '');
}

/** What a status of run:ai means for a trial, with a sentence where the state alone does not say it. */
export function classifyStatus(status: string): { readonly state: TrialState; readonly reason?: string } {
  const word = status.toLowerCase();
  if (/^(succeeded|completed)$/.test(word)) return { state: 'succeeded' };
  if (/^running$/.test(word)) return { state: 'running' };
  if (/^(pending|creating|containercreating|initializing|resuming|init.*)$/.test(word))
    return { state: 'pending' };
  if (/imagepull|errimage|invalidimage/.test(word))
    return { state: 'pending', reason: 'the image cannot be pulled' };
  if (/oomkilled/.test(word)) return { state: 'failed', reason: 'out of memory' };
  if (/^(deadlineexceeded|timedout)$/.test(word)) return { state: 'timeout', reason: 'its time was over' };
  const reason = `run:ai says ${status}`;
  if (/^(failed|error|.*configerror|runcontainererror|starterror)$/.test(word))
    return { state: 'failed', reason };
  if (/^(suspended|stopped|stopping)$/.test(word)) return { state: 'suspended', reason };
  if (/^(unknown|crashloopbackoff|degraded)$/.test(word)) return { state: 'running', reason };
  // Preempted, evicted, terminating: run:ai starts training workloads again, and lists no more what is deleted.
  return { state: 'pending', reason };
}
