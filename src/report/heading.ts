import type { Trial } from '../matrix/trial.ts';

/** What is shown before a trial's output: its hyperparameters as they are written in the file, and the command. */
export function formatHeading(trial: Trial, command: string): string {
  const written = trial.hparam.map(({ key, text, visible }) => [visible ? key : `_${key}`, text]);
  return `Running ${JSON.stringify(Object.fromEntries(written), null, 4)} ... \n\n${command.trim()}\n\n`;
}
