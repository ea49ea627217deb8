/** Codes of the command line: `PHASE_WHAT` → what it means and how to mend it, for docs/errors.md. */
export const cliCodes = {
  CLI_UNKNOWN_COMMAND: 'There is no command of that name. `ktb --help` lists them.',
  CLI_UNKNOWN_FLAG: 'The command has no flag of that name. `ktb COMMAND --help` lists its flags.',
  CLI_BAD_VALUE: 'A flag was given a value it does not take.',
  CLI_MISSING_VALUE: 'The command needs a value for this flag.',
  CLI_UNEXPECTED_WORD: 'The command takes no further words.',
  CLI_CANNOT_WRITE: 'A file of the project could not be written; the message says which and why.',
  CLI_FILE_REFUSED:
    'The operating system refused a file or a folder: no rights, no space (also for standard output), or something else of that name.',
  CLI_CANNOT_ASK: 'There is no terminal to ask on. `yes=true` goes on without being asked.',
  CLI_NO_EDITOR:
    'The `code` command of Visual Studio Code is missing or failed. Open the printed link instead.',
  INTERNAL: 'A bug in the toolbox. Please report it with the printed stack.',
} as const;
