#!/bin/sh
# Sourced by scripts that use the bucket: on a node of a region that has a gateway of its own, its settings take
# the place of the general ones, where .env has all three of them.
#
#   TOOLBOX_REGION   label topology.kubernetes.io/region of the node, empty where the cluster does not tell pods
#   TOOLBOX_REGIONS  REGION=SUFFIX, with blanks between
#
# POSIX sh. The variables it sets are exported.
for toolbox_pair in ${TOOLBOX_REGIONS-}; do
  [ -n "${TOOLBOX_REGION-}" ] || break
  [ "${toolbox_pair%%=*}" = "$TOOLBOX_REGION" ] || continue
  toolbox_suffix=${toolbox_pair#*=}
  # It becomes part of a variable's name.
  case $toolbox_suffix in '' | *[!A-Za-z0-9_]*) continue ;; esac
  eval "toolbox_id=\${AWS_ACCESS_KEY_ID_$toolbox_suffix-} \
    toolbox_key=\${AWS_SECRET_ACCESS_KEY_$toolbox_suffix-} toolbox_url=\${S3_ENDPOINT_URL_$toolbox_suffix-}"
  # shellcheck disable=SC2154 # the eval sets them
  if [ -n "$toolbox_id" ] && [ -n "$toolbox_key" ] && [ -n "$toolbox_url" ]; then
    export AWS_ACCESS_KEY_ID="$toolbox_id" AWS_SECRET_ACCESS_KEY="$toolbox_key" S3_ENDPOINT_URL="$toolbox_url"
    printf 'kube-toolbox: the bucket is that of region %s\n' "$TOOLBOX_REGION" >&2
  fi
  unset toolbox_id toolbox_key toolbox_url
done
unset toolbox_pair toolbox_suffix
