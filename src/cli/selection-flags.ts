import { onlyChoices } from '../matrix/select.ts';
import type { Flags } from './command.ts';

/** Flags that choose among the trials of `run`, the same for every command that takes trials. */
export const selectionFlags = {
  where: {
    kind: 'string',
    value: "'KEY=VALUE ...'",
    summary: "only trials with these values, such as where='lr=0.01 model=vit'",
  },
  only: {
    kind: 'choice',
    choices: onlyChoices,
    summary: 'only trials in this state; failed means ended without success',
  },
} as const satisfies Flags;
