#!/usr/bin/env bash
# Runs a trial's command inside a pod: startup, then the command, then the upload of its outputs.
#
#   run.sh COMMAND          COMMAND is bash text
#
#   TOOLBOX_OUTPUTS  paths or patterns to upload when the command has ended, one a line
#   TOOLBOX_GRACE    seconds between SIGTERM and SIGKILL (the pod's terminationGracePeriodSeconds)
#   and everything at the top of startup.sh, which runs as a child in a process group of its own and in the
#   end becomes the command.
#
# SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1 and SIGUSR2 go to the command's process group. Where there are
# outputs, after SIGTERM the command has half of TOOLBOX_GRACE to end, then it is killed, so that the other half
# is left for the upload.
# Outputs are uploaded however the command ended. Exit code and signal are the command's; if only the upload
# failed, the exit code is 74, because a job whose outputs are lost has not succeeded.
# bash 3.2 or newer. May be process 1.
set -u

scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# The keys that startup.sh takes from the command are to be out of its sight here, too: the variables that this
# process was started with are in /proc for every process of the same user. It starts itself anew without them.
if [ -n "${SSH_PRIVATE_KEY_B64-}${DEPLOY_KEY_B64-}" ]; then
  keys=("${SSH_PRIVATE_KEY_B64-}" "${DEPLOY_KEY_B64-}")
  unset SSH_PRIVATE_KEY_B64 DEPLOY_KEY_B64
  exec env TOOLBOX_KEYS=<(printf '%s\0' "${keys[@]}") bash "$scripts/run.sh" "$@"
fi

grace=${TOOLBOX_GRACE:-30}
state='' starting='' child='' watchdog='' interrupted='' missed='' stopping=''

say() { printf 'kube-toolbox: %s\n' "$*" >&2; }

forward() {
  interrupted=1
  if [ -z "$starting" ]; then
    # Told to stop before there is a command, there will be none. The others are for a command to understand.
    case $1 in HUP) set -- 129 ;; INT) set -- 130 ;; QUIT) set -- 131 ;; TERM) set -- 143 ;; *) return ;; esac
    [ -z "$state" ] || rm -rf "$state"
    exit "$1"
  fi
  if [ -z "$child" ]; then
    missed=$1
    return
  fi
  # Read by run-command.sh: whether the command's shell is running a program, whose exit code is then its own.
  local programs=''
  if [ "$1" = TERM ]; then
    read -r programs 2>/dev/null <"/proc/$child/task/$child/children"
    [ -z "$programs" ] || : 2>/dev/null >"$busy"
  fi
  kill -"$1" -- "-$child" 2>/dev/null
  if [ "$1" = TERM ] && [ -z "$stopping" ]; then
    stopping=1
    # A program that the startup script was just about to start has not heard it, and bash would wait for its end.
    if [ ! -f "$state/outputs" ]; then
      set -m
      (
        trap - TERM
        sleep 1
        [ -f "$state/outputs" ] || kill -TERM -- "-$child"
      ) >/dev/null 2>&1 </dev/null &
      set +m
    fi
    # With nothing to upload, the command may have all of the grace period.
    [ -n "${TOOLBOX_OUTPUTS-}" ] || return
    say "stopping: the command has $((grace / 2)) s to end"
    # Its own process group, so that the sleep ends with it.
    set -m
    (
      trap - TERM
      sleep $((grace / 2))
      kill -KILL -- "-$child"
    ) >/dev/null 2>&1 </dev/null &
    watchdog=$!
    set +m
  fi
}
for name in TERM INT HUP QUIT USR1 USR2; do
  # shellcheck disable=SC2064 # the name is meant to be expanded now
  trap "forward $name" "$name"
done

# shellcheck source=container/region.sh
. "$scripts/region.sh"
# shellcheck source=container/upload.sh
. "$scripts/upload.sh"
sh "$scripts/link.sh"
toolbox=${TOOLBOX_HOME:-/opt/toolbox}
if [ -d "$toolbox/bin" ]; then export PATH="$toolbox/bin:$PATH"; fi

# startup.sh writes here where the command runs; its presence says that there may be outputs.
state=$(mktemp -d /tmp/kube-toolbox.XXXXXX 2>/dev/null || mktemp -d "${TOOLBOX_WORK:-.}/.run.XXXXXX") || exit 1
export TOOLBOX_STATE=$state
# What a container before this one left is not about this one.
busy=${TOOLBOX_WORK:-$state}/.busy ended=${TOOLBOX_WORK:-$state}/.ended
rm -f "$busy" "$ended"

if [ -n "${TOOLBOX_KEYS-}" ]; then
  { IFS= read -r -d '' SSH_PRIVATE_KEY_B64 && IFS= read -r -d '' DEPLOY_KEY_B64; } <"$TOOLBOX_KEYS"
  # /dev/fd/63 or the like.
  eval "exec ${TOOLBOX_KEYS##*/}<&-"
  unset TOOLBOX_KEYS
  export SSH_PRIVATE_KEY_B64 DEPLOY_KEY_B64
fi

# With job control a background job is the leader of its own process group.
starting=1
set -m
bash "$scripts/startup.sh" "${1-}" &
child=$!
set +m
unset SSH_PRIVATE_KEY_B64 DEPLOY_KEY_B64
[ -z "$missed" ] || forward "$missed"

code='' answer=0
while :; do
  interrupted=''
  wait "$child" 2>/dev/null
  answer=$?
  # A signal may come just as the wait returns: the child is then unknown to the next wait, which says 127.
  if [ $answer -ne 127 ] || [ -z "$code" ]; then code=$answer; fi
  [ -n "$interrupted" ] || break
done
if [ -n "$stopping" ]; then
  # The shell may be gone before the program it ran, which may be writing its last checkpoint.
  while kill -0 -- "-$child" 2>/dev/null; do sleep 0.1; done
fi
[ -z "$watchdog" ] || kill -TERM -- "-$watchdog" 2>/dev/null

# From here on signals are only noted: the upload is what the rest of the grace period is for.
for name in TERM INT HUP QUIT USR1 USR2; do trap : "$name"; done
# Read by sync.sh: two uploads at the same time would only take the time from each other.
[ -z "${TOOLBOX_SYNC-}" ] || : 2>/dev/null >"$ended"

# Uploads one output; the caller is in the directory that holds it.
upload() {
  case $1 in
    *[*?[]*) ;;
    *)
      if [ ! -e "$1" ]; then
        say "outputs: $1 is not there; nothing to upload"
        return 0
      fi
      ;;
  esac
  upload_output "$1"
}

lost=''
if [ -n "${TOOLBOX_OUTPUTS-}" ] && [ -f "$state/outputs" ] && cd "$(cat "$state/outputs")"; then
  while IFS= read -r output; do
    [ -n "$output" ] || continue
    upload "$output" || {
      say "outputs: uploading $output failed with exit code $?"
      lost=1
    }
  done <<<"$TOOLBOX_OUTPUTS"
fi
cd / && rm -rf "$state"

if [ -n "$lost" ] && [ "$code" -eq 0 ]; then
  words=${TOOLBOX_LAST_WORDS:-/dev/termination-log}
  if [ -f "$words" ]; then printf 'the command succeeded, its outputs could not be uploaded' 2>/dev/null >"$words"; fi
  exit 74
fi
if [ "$code" -gt 128 ] && [ $$ -ne 1 ]; then
  # End by the same signal, so that whoever waits for this process sees it. Process 1 cannot.
  ulimit -c 0
  name=$(kill -l "$code" 2>/dev/null)
  # A command may end with such a number by itself; this process is to end, not to stop.
  case $name in
    '' | STOP | TSTP | TTIN | TTOU) ;;
    *) trap - "$name" 2>/dev/null && kill -"$name" $$ ;;
  esac
fi
exit "$code"
