#!/bin/sh
# Uploads the outputs every so often, while the command runs.
#
#   sync.sh
#
#   TOOLBOX_WORK        directory shared by the pod's containers; startup.sh makes $TOOLBOX_WORK/.outputs, a link
#                       to the directory that holds the outputs, which is in it or on a volume
#   TOOLBOX_OUTPUTS     paths or patterns relative to that directory, one a line
#   TOOLBOX_SYNC_EVERY  seconds between the end of one upload and the start of the next
#
# The native sidecar `sync`: Kubernetes sends it SIGTERM once the main container has ended, however that
# went, also when it was killed for its memory; it then uploads once more and exits 0. While run.sh uploads, which
# it says by the file $TOOLBOX_WORK/.ended, this does not. A failed upload is
# told and tried again the next time. POSIX sh.
set -u
: "${TOOLBOX_WORK:?}" "${TOOLBOX_OUTPUTS:?}" "${TOOLBOX_SYNC_EVERY:?}"
PATH=${TOOLBOX_HOME:-/opt/toolbox}/bin:$PATH
export PATH
# shellcheck source=container/region.sh
. "$(dirname "$0")/region.sh"
# shellcheck source=container/upload.sh
. "$(dirname "$0")/upload.sh"

say() { printf 'kube-toolbox: %s\n' "$*" >&2; }

told=
upload() {
  if [ ! -d "$TOOLBOX_WORK/.outputs/" ]; then
    if [ -L "$TOOLBOX_WORK/.outputs" ] && [ -z "$told" ]; then
      say "outputs: $(readlink "$TOOLBOX_WORK/.outputs") is not in this container; it is uploaded at the end only"
      told=1
    fi
    return 0
  fi
  printf '%s\n' "$TOOLBOX_OUTPUTS" | while IFS= read -r output; do
    [ -n "$output" ] || continue
    (
      cd "$TOOLBOX_WORK/.outputs/" || exit 1
      # Not there yet is the normal state of an output; ktb expands patterns itself.
      case $output in *[*?[]*) ;; *) [ -e "$output" ] || exit 0 ;; esac
      upload_output "$output" >&2
    ) || say "outputs: uploading $output failed with exit code $?; it is tried again"
  done
}

stopping=
pause=
trap 'stopping=1; [ -z "$pause" ] || kill "$pause" 2>/dev/null' TERM INT

while [ -z "$stopping" ]; do
  sleep "$TOOLBOX_SYNC_EVERY" &
  pause=$!
  # A signal that came between the test above and here has set the flag but found nothing to stop.
  [ -z "$stopping" ] || kill "$pause" 2>/dev/null
  wait "$pause" 2>/dev/null
  pause=
  [ -n "$stopping" ] || [ -e "$TOOLBOX_WORK/.ended" ] || upload
done
upload
exit 0
