/** Codes of this phase: `PHASE_WHAT` → what it means and how to mend it, for docs/errors.md. */
export const localCodes = {
  LOCAL_LOCKED: 'Another toolbox runs trials in this project. Wait for it, or end it with the command shown.',
  LOCAL_TAKEN_OVER:
    'The toolbox that held the lock was killed. The lock is yours now; its trials are looked after.',
  LOCAL_UNWRITABLE: 'A record or log under `.toolbox/` cannot be written or read. The message says why.',
  LOCAL_UNREADABLE_RECORD: 'A run record is damaged. The trial counts as missing; its logs are untouched.',
  LOCAL_NO_BASH: 'There is no `bash` on PATH. Trials run in bash; install it.',
  LOCAL_NO_FOLDER: 'The folder the toolbox was started in does not exist any more.',
  LOCAL_CANNOT_START: 'The operating system refused to start a trial. The message says why.',
  LOCAL_MISSING_DATA: 'A file or folder of `data` is not here. Download it, or correct the field.',
  LOCAL_STILL_RUNNING: 'A trial of an earlier, killed toolbox still runs and is left alone.',
  LOCAL_LOST: 'An earlier toolbox was killed while this trial ran; how the trial ended is not known.',
  LOCAL_LOG_CUT: 'The log of a trial could not be written to the end. The trial itself went on.',
  LOCAL_PYTHON_ENV: 'The Python environment of the project was found but cannot be used.',
  LOCAL_NO_RUN: 'There is no run record of that name. `make status` lists them.',
  LOCAL_NO_TRIAL: 'No trial is left to run after `where=` and `only=`.',
  LOCAL_LAUNCH_JSON:
    '`.vscode/launch.json` is there and is not JSON with comments, so nothing was changed in it.',
  LOCAL_TMUX: 'tmux is missing, refused, or has a session of that name already.',
} as const;
