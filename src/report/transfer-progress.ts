import { formatBytes } from './format-bytes.ts';
import { formatDuration } from './format-duration.ts';

/** How far a transfer is, at one moment. */
export interface TransferState {
  readonly files: number;
  readonly filesTotal: number;
  readonly bytes: number;
  /** Of the bytes, those that were here before this transfer began. */
  readonly kept: number;
  readonly bytesTotal: number;
  /** Milliseconds since the first byte was asked for. */
  readonly elapsed: number;
}

const barWidth = 20;

/** `[########............] 120/3,000 files, 48 of 512 MiB, 96 MiB/s, about 5s left`, cut to fit by the caller. */
export function formatTransferProgress(state: TransferState, options: { readonly bar: boolean }): string {
  const { files, filesTotal, bytes, kept, bytesTotal, elapsed } = state;
  const share = bytesTotal > 0 ? Math.min(1, bytes / bytesTotal) : filesTotal > 0 ? files / filesTotal : 0;
  const full = Math.round(share * barWidth);
  const rate = elapsed > 0 ? ((bytes - kept) / elapsed) * 1000 : 0;
  // What was here before has taken no time.
  const done = bytesTotal > 0 ? (bytes - kept) / (bytesTotal - kept) : share;
  const left = done > 0 && share < 1 ? [`about ${formatDuration((elapsed / done) * (1 - done))} left`] : [];
  const parts = [
    `${count(files)}/${count(filesTotal)} files`,
    `${formatBytes(bytes)} of ${formatBytes(bytesTotal)}`,
    `${formatBytes(rate)}/s`,
    ...left,
  ];
  const bar = options.bar ? `[${'#'.repeat(full)}${'.'.repeat(barWidth - full)}] ` : '';
  return bar + parts.join(', ');
}

/** What has been seen before it is known what there is to move. */
export function formatLooking(looked: {
  readonly keys: number;
  readonly files: number;
  readonly bytes: number;
}): string {
  const read =
    looked.files > 0 ? `, ${counted(looked.files, 'file')} compared (${formatBytes(looked.bytes)})` : '';
  return `Looking: ${counted(looked.keys, 'key')} listed${read}`;
}

/** A whole number with a comma between thousands; what is built in takes 10 ms when it is first used. */
export function count(number: number): string {
  return String(number).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 file`, `3,000 files`. */
export function counted(number: number, noun: string): string {
  return `${count(number)} ${noun}${number === 1 ? '' : 's'}`;
}
