# shellcheck shell=bash
# Runs the trial's command in the shell that sources this file: . run-command.sh FILE
#
#   FILE  the command, bash text; where it is too long for one file, it is in the pieces FILE.part-000 …
#
# The shell outlives a SIGTERM until the program that it runs has ended, which may be writing a checkpoint, and
# then ends with that program's exit code. A SIGTERM that comes between two programs ends it with 143: what
# was left to do has not been done. Which of them it is, run.sh says by the file $TOOLBOX_WORK/.busy. A trap that
# the command sets itself takes the place of this one.
# bash 3.2 or newer.

# shellcheck disable=SC2154 # answer is assigned in the trap
trap 'answer=$?; [ $answer -ne 0 ] || [ -e "${TOOLBOX_WORK-}/.busy" ] || answer=143; exit $answer' TERM

# In `program | tee log` the signal is the program's: what it prints while it saves must find tee still there, which
# ends with it. Not where it is run by this very shell, which does hear the signal.
tee() {
  [ "${BASHPID-$$}" != $$ ] || {
    command tee "$@"
    return
  }
  trap '' TERM
  command tee "$@"
  set -- $?
  trap - TERM
  return "$1"
}

# FILE is not to be an argument of the command.
if [ -e "$1" ]; then
  eval "shift; . $(printf %q "$1")"
else
  eval "shift; $(cat "$1".part-[0-9][0-9][0-9])"
fi
