import { spawn } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { ProcessTable } from '../../src/executors/process-table.ts';
import { TrialEnder } from '../../src/executors/trial-ender.ts';
import { isRunning } from '../setup/local-project.ts';

/** A process group of its own that ignores what can be ignored, with a child in a session of its own. */
function startStubborn(marker: string): Promise<readonly number[]> {
  const child = spawn('bash', ['-c', "trap '' INT TERM; setsid sleep 600 & echo $$ $!; wait"], {
    detached: true,
    env: { ...process.env, TOOLBOX_RUN: marker },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return new Promise((done) =>
    child.stdout.once('data', (text) => done(String(text).split(' ').map(Number))),
  );
}

describe('TrialEnder', () => {
  it('looks at the process table once for all trials that are ended together', async () => {
    let reads = 0;
    const ender = new TrialEnder((earlier) => {
      reads += 1;
      return ProcessTable.read(earlier);
    });
    const trials = await Promise.all(
      Array.from({ length: 12 }, (_, index) => startStubborn(`test/${index}`)),
    );
    const endings = trials.map(([leader = 0], index) =>
      ender.begin({ leader, session: -1, marker: `test/${index}` }),
    );
    for (const ending of endings) ending.escalate([{ after: 0, signal: 'SIGTERM' }]);
    // The second Ctrl-C, before anybody had a look.
    for (const ending of endings) ending.escalate([{ after: 0, signal: 'SIGKILL' }]);
    await Promise.all(endings.map(({ over }) => over));
    expect(trials.flat().filter(isRunning)).toEqual([]);
    // The one that kills, and those that see to it that all have gone.
    expect(reads).toBeLessThan(trials.length);
  });

  it('takes nobody for a trial of another sweep', async () => {
    const [leader = 0, ...others] = await startStubborn('test/other');
    const ending = new TrialEnder().begin({ leader: -1, session: -1, marker: 'test/mine' });
    ending.escalate([{ after: 0, signal: 'SIGKILL' }]);
    await ending.over;
    expect([leader, ...others].every(isRunning)).toBe(true);
    for (const pid of [leader, ...others]) process.kill(pid, 'SIGKILL');
  });
});
