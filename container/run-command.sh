# shellcheck shell=bash
# Runs the trial's command in the shell that sources this file: . run-command.sh FILE
#
#   FILE  the command, bash text; where it is too long for one file, it is in the pieces FILE.part-000 …
#
# The shell outlives a SIGTERM until the program that it runs has ended, which may be writing a checkpoint, and
# then ends with that program's exit code. A SIGTERM that comes between two programs ends it with 143: what
# was left to do has not been done. A trap that the command sets itself takes the place of this one.
# bash 3.2 or newer.

# shellcheck disable=SC2154 # answer is assigned in the trap
trap 'answer=$?
  if [ $answer -eq 0 ] && [ "$(type -t -- "${BASH_COMMAND%%[[:space:]]*}")" != file ]; then answer=143; fi
  exit $answer' TERM

# FILE is not to be an argument of the command.
if [ -e "$1" ]; then
  eval "shift; . $(printf %q "$1")"
else
  eval "shift; $(cat "$1".part-[0-9][0-9][0-9])"
fi
