/** Codes of this phase: `PHASE_WHAT` → what it means and how to mend it, for docs/errors.md. */
export const matrixCodes = {
  MATRIX_TOO_LARGE: 'There are more trials than `max_trials` allows. Select fewer with `run`, or raise it.',
  MATRIX_NOTHING_SELECTED: 'An entry of `run` selects no trial at all.',
  MATRIX_SELECTED_TWICE: 'Two entries of `run` select the same trial; it runs once.',
  MATRIX_VALUE_TWICE: 'A hyperparameter lists the same value more than once; it counts once.',
  MATRIX_KEY_TWICE:
    'A key inside named groups is also a hyperparameter of its own, so its value is not clear.',
  MATRIX_UNKNOWN_PLACEHOLDER: 'A `<name>` that is neither a hyperparameter nor a built-in name.',
  MATRIX_UNKNOWN_FILTER:
    'Something like `<name|quote>` with another word than `quote`. It is not replaced, and bash reads `<` and `>`.',
  MATRIX_OPEN_BRACKET:
    'The `(` of a `[local](remote)` has no `)`, so it is no such thing, and bash gets it as it stands.',
  MATRIX_KUBE_PLACEHOLDER:
    'A `<name>` in `kube.yaml`, which also serves pods that run no trial, stays text. Set the field in `launch.yaml`.',
  MATRIX_NAME_IN_PREFIX: 'The prefix is the beginning of the trial’s name and cannot contain `<name>`.',
  MATRIX_FIELD_VALUE: 'A hyperparameter with the name of a field has a value the field does not take.',
  MATRIX_NUL: 'A command or a value contains a NUL byte, which bash cannot read.',
  MATRIX_SLEEP_INFINITY: 'The command of a Job sleeps for ever and would hold its resources. Use `make pod`.',
  MATRIX_JOINED_COMMANDS: 'YAML has folded two commands into one line with nothing between them.',
  MATRIX_EMPTY_COMMAND: 'The side of the command that this run uses is empty.',
  MATRIX_OUTPUTS_OVERLAP: 'Two trials write to the same path. Put `<name>` into `outputs`.',
  MATRIX_PATH_OUTSIDE:
    'A path of `data` or `outputs` is not below the project, or holds a backslash, so it is no key in the bucket, and a pod could not move it.',
  MATRIX_WHERE_SYNTAX: 'The text of `where=` is not a list of conditions such as `lr=0.01 model=vit`.',
  MATRIX_WHERE_UNKNOWN:
    'The text of `where=` names a hyperparameter, or a value of one, that no trial has, or several that no trial has together.',
} as const;
