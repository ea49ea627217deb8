#!/bin/sh
# Whether a directory is on the container's own disk, which is gone with the pod, and not on a volume.
#
#   pod-local.sh PATH     absolute; may be yet to be made
#
# Goes by what the kernel has mounted: an image may have no stat, and a volume that is a folder of the node may be
# on the same device as the container. Exit code 0: it is; 1: it is not, or nobody can tell. POSIX sh.
place=$1
until [ -z "$place" ] || [ -e "$place" ] || [ -L "$place" ]; do place=${place%/*}; done
place=$(cd "${place:-/}" 2>/dev/null && pwd -P) || exit 1

seen=
while read -r _ _ _ _ point _; do
  seen=1
  # Blanks are written as \040.
  point=$(printf '%b' "$point")
  [ "$point" != / ] || continue
  case ${place%/}/ in "$point"/*) exit 1 ;; esac
done 2>/dev/null </proc/self/mountinfo
[ -n "$seen" ]
