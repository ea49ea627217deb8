import { onlyOneListIsInEffect } from './rules/both-lists.ts';
import { everyModelHasACommand } from './rules/commands.ts';
import { groupsSetTheSameKeys, noNameIsWrittenTwice } from './rules/hyperparameters.ts';
import { ownNamesAreLeftAlone } from './rules/own-names.ts';
import { spellingsAreCurrent, theClusterIsNamed, theProjectHasOneName } from './rules/project.ts';
import type { Rule } from './rules/rule.ts';
import { runKeepsValuesThatAreThere, runNamesWhatIsThere } from './rules/run.ts';

/** All that is asked of the two files beyond their schemas. */
export const rules: readonly Rule[] = [
  theClusterIsNamed,
  theProjectHasOneName,
  everyModelHasACommand,
  groupsSetTheSameKeys,
  noNameIsWrittenTwice,
  runNamesWhatIsThere,
  runKeepsValuesThatAreThere,
  onlyOneListIsInEffect,
  spellingsAreCurrent,
  ownNamesAreLeftAlone,
];
