#!/bin/sh
# Unpacks a code snapshot into the pod's work directory, and verifies it.
#
#   unpack.sh
#
#   TOOLBOX_WORK         directory shared by the pod's containers
#   TOOLBOX_PROJECT      the tree goes to $TOOLBOX_WORK/$TOOLBOX_PROJECT
#   TOOLBOX_CODE_DIGEST  SHA-256 of the unpacked tar, 64 hex digits
#   TOOLBOX_CODE_PARTS   directory with the pieces part-000 … of the packed tar (from ConfigMaps), or
#   TOOLBOX_CODE_KEY     the packed tar's key in the bucket, fetched with ktb and the S3 settings
#
# The packed tar stays in $TOOLBOX_WORK/.code.tar.gz, for a main container that runs as another user (startup.sh).
# The init container `code`. With pieces it needs sh, cat, gzip and tar only, so that any image will do;
# sha256sum is used where there is one. POSIX sh.
set -eu
# Process 1 gets no signal that it has no trap for, and a shell runs a trap between two programs only; when it ends,
# all of the container does.
if [ $$ -eq 1 ]; then
  trap 'exit 143' TERM
  sh "$0" "$@" &
  wait $! || exit
  exit 0
fi

umask 022

say() { printf 'kube-toolbox: %s\n' "$*" >&2; }
fail() {
  say "$*"
  exit 1
}

: "${TOOLBOX_WORK:?}" "${TOOLBOX_PROJECT:?}" "${TOOLBOX_CODE_DIGEST:?}"
target=$TOOLBOX_WORK/$TOOLBOX_PROJECT
stage=$TOOLBOX_WORK/.unpacking
# A restarted init container begins anew: what a killed one left is not trusted.
rm -rf "$stage" "$target"
mkdir -p "$stage" "$target"

for tool in tar gzip cat; do
  command -v "$tool" >/dev/null 2>&1 ||
    fail "code: this image has no $tool; set toolbox_image in config/kube.yaml, or add $tool to the image"
done

if [ -n "${TOOLBOX_CODE_PARTS-}" ]; then
  packed=$stage/code.tar.gz
  cat "$TOOLBOX_CODE_PARTS"/part-* >"$packed"
else
  PATH=${TOOLBOX_HOME:-/opt/toolbox}/bin:$PATH
  # shellcheck source=container/region.sh
  . "$(dirname "$0")/region.sh"
  command -v ktb >/dev/null 2>&1 ||
    fail 'code: this image has no ktb to fetch the snapshot with; set toolbox_image in config/kube.yaml'
  (cd "$stage" && ktb download --file="${TOOLBOX_CODE_KEY:?}" >&2)
  packed=$stage/$TOOLBOX_CODE_KEY
  [ -f "$packed" ] || fail "code: $TOOLBOX_CODE_KEY is not in the bucket"
fi

gzip -dc "$packed" >"$stage/code.tar" || fail 'code: the snapshot is damaged (gzip cannot read it)'
if command -v sha256sum >/dev/null 2>&1; then
  found=$(sha256sum <"$stage/code.tar")
  found=${found%% *}
  [ "$found" = "$TOOLBOX_CODE_DIGEST" ] ||
    fail "code: the snapshot is damaged: its digest is $found, expected $TOOLBOX_CODE_DIGEST"
fi
# Modes as they were, whatever the umask is.
tar -xpf "$stage/code.tar" -C "$target" || fail 'code: tar could not unpack the snapshot'
mv "$packed" "$TOOLBOX_WORK/.code.tar.gz"
chmod 644 "$TOOLBOX_WORK/.code.tar.gz"
rm -rf "$stage"
say "code: unpacked snapshot $(printf %.12s "$TOOLBOX_CODE_DIGEST") into $target"
