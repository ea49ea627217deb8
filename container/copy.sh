#!/bin/sh
# Copies the toolbox into an empty directory, for a main container whose image has none.
#
#   copy.sh TARGET
#
# The init container `toolbox` of a pod with `toolbox_image`: TARGET is the volume that the main container
# mounts at /opt/toolbox. The toolbox finds its own parts relative to itself, so the copy is whole.
# POSIX sh. Exit code 0, or the failing tool's.
set -eu

# Process 1 gets no signal that it has no trap for, and a shell runs a trap between two programs only; when it ends,
# all of the container does.
if [ $$ -eq 1 ]; then
  trap 'exit 143' TERM
  sh "$0" "$@" &
  wait $! || exit
  exit 0
fi

if [ $# -ne 1 ] || [ ! -d "$1" ]; then
  echo 'usage: copy.sh TARGET (a directory)' >&2
  exit 2
fi
home=$(cd "$(dirname "$0")/.." && pwd)
# Not the folder itself, whose times and mode are not ours to set where the pod runs as another user than root.
for part in "$home"/*; do cp -Rp "$part" "$1/"; done
# Whoever the main container runs as must be able to read it.
chmod -R a+rX "$1/." 2>/dev/null || true
# An unusable copy is told here, where the log says so, rather than in the middle of the command.
"$1/bin/ktb" --version >/dev/null
echo "kube-toolbox: copied the toolbox into $1" >&2
