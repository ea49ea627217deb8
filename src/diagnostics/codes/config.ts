/** Codes of this phase: `PHASE_WHAT` → what it means and how to mend it, for docs/errors.md. */
export const configCodes = {
  CONFIG_NO_LAUNCH: 'There is no `config/launch.yaml` here. `make init` writes one.',
  CONFIG_UNREADABLE:
    'A config file cannot be read: it is a folder, no regular file or a link that leads nowhere, or you may not read it.',
  CONFIG_NOT_UTF8: 'A config file is not UTF-8 text. Save it as UTF-8.',
  CONFIG_TOO_LARGE:
    'A config file is larger than any configuration. Hyperparameters span the matrix for you.',
  CONFIG_TOO_DEEP: 'Values are nested deeper than any configuration needs.',
  CONFIG_EMPTY: 'A config file has nothing in it.',
  CONFIG_SYNTAX: 'A file is not valid YAML from here on. Later problems of the file are not looked for.',
  CONFIG_DOCUMENTS: 'A file holds several YAML documents; one is read.',
  CONFIG_TAG: 'A YAML tag (`!name`) stands where plain values belong.',
  CONFIG_ALIAS: 'An alias (`*name`) or merge key (`<<`) names nothing, repeats itself, or repeats too much.',
  CONFIG_BAD_KEY: 'A key is not a plain text, is empty, or is a name that cannot be used.',
  CONFIG_DUPLICATE_KEY: 'The same key is written twice in one mapping.',
  CONFIG_UNKNOWN_KEY: 'There is no field of that name in this place. docs/fields.md lists the fields.',
  CONFIG_MISSING_KEY: 'A field that is needed is not there.',
  CONFIG_WRONG_TYPE: 'A value is of another type than its field takes: text for a number, a list for a text.',
  CONFIG_BAD_VALUE: 'A value is of the right type, but not one that the field takes.',
  CONFIG_BAD_NAME:
    'A hyperparameter, environment variable, label or annotation has a name that cannot be used.',
  CONFIG_PROJECT_WISE: 'A setting of the whole project stands where only settings of a trial can be.',
  CONFIG_PROJECT_NAME: 'The two config files give the project different names.',
  CONFIG_BOTH_LISTS: 'A whitelist and a blacklist of the same thing are both in effect. Keep one.',
  CONFIG_GROUP_KEYS: 'The named groups of a hyperparameter do not all set the same keys.',
  CONFIG_HPARAM_CLASH: 'A hyperparameter is written with and without `_` in one mapping: both are one name.',
  CONFIG_RUN_UNKNOWN: '`run` names a model or dataset that is not in the file.',
  CONFIG_RUN_HPARAM:
    '`run.hparam` asks for a hyperparameter or a value that none of the selected models and datasets has.',
  CONFIG_OLD_SPELLING: 'A field is written in an old spelling, which still works. (A warning.)',
  CONFIG_OWN_LABEL: 'A label is written that the toolbox sets itself; its own value is used. (A warning.)',
  CONFIG_ENV_LINE: 'A line of `.env` is not `KEY=VALUE`. docs/env.md has the grammar.',
  CONFIG_ENV_REPEATED: 'A variable is set twice in `.env`; the last one counts. (A warning.)',
  CONFIG_MORE: 'There are more problems than are worth printing at once.',
} as const;
