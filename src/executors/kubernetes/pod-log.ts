import { isApiError, isOutage } from './api-error.ts';
import { isTimeout } from './connection-failure.ts';
import type { NamespaceApi } from './namespace-api.ts';
import { type Pod, pathOf, pods } from './objects.ts';
import { retryDelay } from './retry-policy.ts';

export interface LogOptions {
  readonly container?: string | undefined;
  /** Until the container has ended; else what there is. */
  readonly follow: boolean;
  /** The container before the last restart. */
  readonly previous?: boolean;
  readonly tailLines?: number | undefined;
  /** Milliseconds without a byte after which a log is asked for anew. */
  readonly quiet?: number;
}

/** Times a log that does not grow any more may break off before its next byte. */
const mostBreaks = 3;

/**
 * A program may print nothing for hours, and so may a half-open connection. A node agent sends not even the
 * head of its answer before the first byte of a log, so neither can be told from the other but by asking.
 */
const followedQuiet = 60_000;

/** Milliseconds for the beginning of a log, with what is asked again: its node may be gone. */
const briefPatience = 10_000;

/** Bytes of a line before its time stamp must have ended: RFC 3339 with nanoseconds, and a space. */
const longestStamp = 64;

const stampForm = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S*$/;

/**
 * A container's output as it was written, from its beginning. A stream that breaks off is taken up where it
 * was: the API's `sinceTime` counts whole seconds, so the lines since that second are counted as they pass,
 * and as many are left out of what comes again (and of a line cut in two, the bytes already given). Lines are
 * passed on in pieces as they arrive and never held, however long.
 */
export async function* readPodLog(
  api: NamespaceApi,
  name: string,
  options: LogOptions,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { policy } = api.client;
  const position = new LogPosition();
  // What ran before the last restart has ended.
  const follow = options.follow && options.previous !== true;
  let container: string | undefined;
  /** In a row, of a log that does not grow any more, by a cluster that answers: its node is gone. */
  let refusals = 0;
  for (let failures = 0; ; ) {
    let failure: unknown;
    let isStillWaiting = false;
    let wasQuiet = false;
    try {
      const response = await openLog(api, name, options, position, signal);
      for await (const piece of position.strip(response)) {
        failures = 0;
        refusals = 0;
        yield piece;
      }
    } catch (error) {
      signal.throwIfAborted();
      if (isWaiting(error)) {
        if (!follow) return;
        isStillWaiting = true;
      } else if (isApiError(error) && !(follow && isOutage(error))) throw error;
      else if (!follow && failures >= mostBreaks) throw error;
      wasQuiet = follow && isTimeout(error);
      failure = error;
    }
    if (failure === undefined && !follow) return;
    // The stream also ends when a log is rotated or a node agent restarts: the pod tells which it was.
    const pod = await api.get(pods, name, signal).catch((error: unknown) => {
      // Who only follows goes on when the cluster does.
      if (follow && isOutage(error)) return 'out of reach' as const;
      throw error;
    });
    if (pod === undefined) return;
    if (pod !== 'out of reach') {
      const state = containerState(pod, options.container);
      // A pod that failed before this container began says so for ever.
      if (state.hasEnded && (failure === undefined || isStillWaiting)) return;
      // One that is to be deleted has ended as far as anybody will hear.
      const isFinal = state.hasEnded || pod.metadata.deletionTimestamp !== undefined;
      if (isFinal && (isApiError(failure) || wasQuiet)) refusals += 1;
      if (refusals > mostBreaks) throw failure;
      // A container started again writes another log.
      if (container !== undefined && state.id !== undefined && state.id !== container) position.reset();
      container = state.id ?? container;
      if (wasQuiet) continue;
    }
    failures += 1;
    await policy.sleep(retryDelay(policy, failures, undefined), signal);
  }
}

async function openLog(
  api: NamespaceApi,
  name: string,
  options: LogOptions,
  position: LogPosition,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const query = new URLSearchParams({ timestamps: 'true' });
  if (options.container !== undefined) query.set('container', options.container);
  const follow = options.follow && options.previous !== true;
  if (follow) query.set('follow', 'true');
  if (options.previous === true) query.set('previous', 'true');
  const since = position.begin();
  if (since !== undefined) query.set('sinceTime', since);
  else if (options.tailLines !== undefined) query.set('tailLines', String(options.tailLines));
  const path = `${pathOf(pods, api.namespace, name)}/log?${query}`;
  const quiet = options.quiet ?? (follow ? followedQuiet : api.client.policy.attemptTimeout);
  const patience = { overallTimeout: briefPatience, ...(follow && { headTimeout: quiet }) };
  return api.client.stream({ path, accept: '*/*', quiet, ...patience, signal });
}

/** Where reading a log has come to. */
class LogPosition {
  /** The latest second seen, as `2026-01-01T00:00:00`. */
  #second: string | undefined;
  /** Whole lines of that second or later that were passed on. */
  #passed = 0;
  /** Bytes of the line under way that were passed on, its stamp not counted. */
  #within = 0;
  /** Time zone of the node's clock, as it writes it. */
  #zone = 'Z';
  #stamp: string | undefined;
  /** Of the first line passed on: with `tailLines`, older ones of the same second were never asked for. */
  #first: string | undefined;
  /** The line under way is such an older one; they are at the front of an answer, and nowhere else. */
  #isOlder = false;
  #mayBeOlder = false;
  /** The line under way is of the node agent itself, which has lost the log, and has no stamp. */
  #isForeign = false;
  #skipLines = 0;
  #skipBytes = 0;

  reset(): void {
    this.#second = undefined;
    this.#first = undefined;
    this.#passed = 0;
    this.#within = 0;
    this.#skipLines = 0;
    this.#skipBytes = 0;
  }

  /** `sinceTime` for the next request; sets what of its answer is known already. */
  begin(): string | undefined {
    if (this.#second === undefined) return undefined;
    this.#mayBeOlder = true;
    // What the last answer broke off before is known still.
    if (this.#skipLines === 0) this.#skipBytes = Math.max(this.#skipBytes, this.#within);
    this.#skipLines += this.#passed;
    this.#passed = 0;
    this.#within = 0;
    return `${this.#second}${this.#zone}`;
  }

  /** What is new of a stream with time stamps, without them. */
  async *strip(response: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let head: Buffer | undefined = Buffer.alloc(0);
    for await (const chunk of response) {
      let rest = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      const pieces: Buffer[] = [];
      while (rest.length > 0) {
        if (head !== undefined) {
          if (head.length > 0) rest = Buffer.concat([head, rest]);
          const front: Buffer = rest.subarray(0, longestStamp);
          const space: number = front.indexOf(32);
          if (space === -1 && front.indexOf(10) === -1 && rest.length < longestStamp) {
            head = rest;
            break;
          }
          const stamp: string = rest.toString('latin1', 0, Math.max(0, space));
          this.#isForeign = !stampForm.test(stamp);
          if (!this.#isForeign) {
            this.#startLine(stamp);
            rest = rest.subarray(space + 1);
          }
          head = undefined;
          continue;
        }
        const end = rest.indexOf(10);
        const piece = end === -1 ? rest : rest.subarray(0, end + 1);
        rest = rest.subarray(piece.length);
        const fresh = this.#pass(piece);
        if (fresh.length > 0) pieces.push(fresh);
        if (end !== -1) {
          this.#endLine();
          head = Buffer.alloc(0);
        }
      }
      if (pieces.length === 1) yield pieces[0] as Buffer;
      else if (pieces.length > 1) yield Buffer.concat(pieces);
    }
    // Half a stamp comes again with its line.
    if (head !== undefined && /[^\d:TZ.+-]/.test(head.toString('latin1'))) yield head;
  }

  #startLine(stamp: string): void {
    this.#stamp = stamp;
    this.#first ??= stamp;
    this.#mayBeOlder &&= stamp < this.#first;
    this.#isOlder = this.#mayBeOlder;
    this.#zone = /(?:Z|[+-]\d\d:\d\d)$/.exec(stamp)?.[0] ?? 'Z';
    const second = stamp.slice(0, 19);
    if (this.#second === undefined || second > this.#second) {
      this.#second = second;
      this.#passed = 0;
      this.#skipLines = 0;
      this.#skipBytes = 0;
    }
  }

  /** The bytes of a piece that were not passed on before. */
  #pass(piece: Buffer): Buffer {
    if (this.#isForeign) return piece;
    if (this.#isOlder) return piece.subarray(piece.length);
    const before = this.#within;
    this.#within += piece.length;
    if (this.#skipLines > 0) return piece.subarray(piece.length);
    const known = Math.min(piece.length, Math.max(0, this.#skipBytes - before));
    return piece.subarray(known);
  }

  #endLine(): void {
    if (this.#isOlder || this.#isForeign) return;
    if (this.#skipLines > 0) this.#skipLines -= 1;
    else this.#skipBytes = 0;
    // A line out of order, older than the second that is asked for, does not come again.
    if (this.#stamp !== undefined && this.#stamp.slice(0, 19) >= (this.#second ?? '')) this.#passed += 1;
    this.#within = 0;
  }
}

/** The container has not begun: the API answers 400 with these words, and no reason of its own. */
function isWaiting(error: unknown): boolean {
  return (
    isApiError(error, 'BadRequest') && /is waiting to start|trying and failing to pull/.test(error.message)
  );
}

function containerState(pod: Pod, name: string | undefined): { hasEnded: boolean; id: string | undefined } {
  const wanted = name ?? pod.spec?.containers?.[0]?.name;
  const status = [
    ...(pod.status?.containerStatuses ?? []),
    ...(pod.status?.initContainerStatuses ?? []),
  ].find((each) => each.name === wanted);
  const hasEnded =
    pod.status?.phase === 'Succeeded' ||
    pod.status?.phase === 'Failed' ||
    status?.state?.terminated !== undefined;
  return { hasEnded, id: status?.containerID };
}
