#!/bin/sh
# Links the toolbox's programs into /usr/local/bin, for shells that are opened in the container later: what
# `kubectl exec` starts has the image's PATH, not the one of the command. What the image has of these names stays.
#
#   TOOLBOX_HOME  default /opt/toolbox
#
# Does nothing where there is no toolbox, or as a user who may not. POSIX sh.
home=${TOOLBOX_HOME:-/opt/toolbox}
if [ ! -w /usr/local/bin ]; then exit 0; fi
for program in ktb kube-toolbox make; do
  [ -x "$home/bin/$program" ] || continue
  command -v "$program" >/dev/null 2>&1 || ln -s "$home/bin/$program" "/usr/local/bin/$program"
done
