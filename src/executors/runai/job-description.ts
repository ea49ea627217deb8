import { classifyStatus } from './job-list.ts';

/** What every failed workload has among its events. */
const saysNothing = /reached the specified backoff limit/;

/**
 * Why a workload is as it is, from what `runai describe job` prints: the state of a pod, where it is a reason, and
 * the last warning among the events. `undefined` where neither says more than the listing.
 */
export function explainDescription(output: string): string | undefined {
  const [summary = '', events = ''] = output.split(/^Events:/m);
  const pod = rowsBelow('POD', summary)
    .map(([, status = '']) => classifyStatus(status).reason)
    .find((reason) => reason !== undefined && !reason.startsWith('run:ai says'));
  const warning = rowsBelow('SOURCE', events)
    .filter(([, type]) => type === 'Warning')
    .map((cells) => cells.slice(3).join(' '))
    .findLast((message) => message !== '' && !saysNothing.test(message));
  const parts = [pod, warning && toLine(warning)].filter((each) => each !== undefined);
  return parts.length === 0 ? undefined : parts.join('; ');
}

/** The rows of the table whose first title this is; columns are two spaces or a tab apart. */
function rowsBelow(title: string, text: string): readonly (readonly string[])[] {
  const rows = text.split('\n').map((line) => line.trim().split(/\s{2,}|\t+/));
  const start = rows.findIndex(([first]) => first === title);
  return start === -1 ? [] : rows.slice(start + 1).filter(({ length }) => length > 1);
}

/** `[FailedScheduling] 0/3 nodes are available` → `FailedScheduling: 0/3 nodes are available`. */
function toLine(message: string): string {
  const line = message.replace(/^\[(\w+)\]\s*/, '$1: ');
  return line.length <= 200 ? line : `${line.slice(0, 199)}…`;
}
