/** Codes of this phase: `PHASE_WHAT` → what it means and how to mend it, for docs/errors.md. */
export const matrixCodes = {
  MATRIX_TOO_LARGE: 'There are more trials than `max_trials` allows. Select fewer with `run`, or raise it.',
  MATRIX_NOTHING_SELECTED: 'An entry of `run` selects no trial at all.',
  MATRIX_SELECTED_TWICE: 'Two entries of `run` select the same trial; it runs once.',
  MATRIX_VALUE_TWICE: 'A hyperparameter lists the same value more than once; it counts once.',
  MATRIX_KEY_TWICE:
    'A key inside named groups is also a hyperparameter of its own, so its value is not clear.',
  MATRIX_UNKNOWN_PLACEHOLDER: 'A `<name>` that is neither a hyperparameter nor a built-in name.',
  MATRIX_NAME_IN_PREFIX: 'The prefix is the beginning of the trial’s name and cannot contain `<name>`.',
} as const;
