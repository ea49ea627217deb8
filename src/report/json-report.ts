import type { Writable } from 'node:stream';
import { diagnosticToJson } from '../diagnostics/format-diagnostic.ts';
import type { Trial } from '../matrix/trial.ts';
import type { Event, Report } from './event.ts';
import { contentToJson, wholeCharacters } from './output-bytes.ts';

/**
 * Writes each event as one JSON object a line. A trial is `name`, `model`, `dataset` and `hparam`; output is `text`
 * where it is UTF-8 and `base64` where it is not. A character that falls between two chunks is kept whole.
 */
export function createJsonReport(output: Writable, now: () => number): Report {
  const incomplete = new Map<string, Uint8Array>();
  const write = (object: Record<string, unknown>) => {
    const { type, ...rest } = object;
    output.write(`${JSON.stringify({ type, time: new Date(now()).toISOString(), ...rest })}\n`);
  };
  const writeOutput = (name: string, stream: string, chunk: Uint8Array) => {
    if (chunk.length === 0) return;
    write({ type: 'trial-output', name, stream, ...contentToJson(chunk) });
  };

  return (event: Event) => {
    switch (event.type) {
      case 'trial-started':
        write({
          type: event.type,
          ...trialToJson(event.trial),
          command: event.command,
          position: event.position,
        });
        break;
      case 'trial-output': {
        const key = `${event.stream} ${event.trial.name}`;
        const earlier = incomplete.get(key);
        const bytes = earlier === undefined ? event.chunk : Buffer.concat([earlier, event.chunk]);
        const length = wholeCharacters(bytes);
        if (length === bytes.length) incomplete.delete(key);
        else incomplete.set(key, bytes.slice(length));
        writeOutput(event.trial.name, event.stream, bytes.subarray(0, length));
        break;
      }
      case 'trial-ended': {
        for (const stream of ['stdout', 'stderr']) {
          const key = `${stream} ${event.trial.name}`;
          writeOutput(event.trial.name, stream, incomplete.get(key) ?? new Uint8Array());
          incomplete.delete(key);
        }
        const { outcome, milliseconds, log } = event;
        write({
          type: event.type,
          name: event.trial.name,
          ...outcome,
          milliseconds: Math.round(milliseconds),
          log,
        });
        break;
      }
      case 'trial-skipped':
        write({ type: event.type, name: event.trial.name, why: event.why });
        break;
      case 'diagnostic':
        write(diagnosticToJson(event.diagnostic));
        break;
      default:
        write({ ...event });
    }
  };
}

/** A trial as JSON prints it, in events, plans and states alike. */
export function trialToJson(trial: Trial): Record<string, unknown> {
  const { name, model, dataset, hparam } = trial;
  return { name, model, dataset, hparam: Object.fromEntries(hparam.map(({ key, text }) => [key, text])) };
}
