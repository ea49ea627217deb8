import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from './retry.ts';

export const systemClock: Clock = {
  now: Date.now,
  random: Math.random,
  async sleep(milliseconds, signal) {
    signal.throwIfAborted();
    await delay(milliseconds, undefined, { signal }).catch((error: unknown) => {
      signal.throwIfAborted();
      throw error;
    });
  },
};
