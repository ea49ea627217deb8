#!/usr/bin/env bash
# Makes a pod ready for a trial's command, then becomes it.
#
#   startup.sh COMMAND
#
#   TOOLBOX_PROJECT               the project's name
#   TOOLBOX_WORK                  directory shared by the pod's containers; optional outside of a pod
#   TOOLBOX_CODE                  git | snapshot | image (default): where the code comes from
#   TOOLBOX_GIT_URL, _GIT_COMMIT  git: the repository, and the commit that the sweep was started at
#   TOOLBOX_GIT_PREFIX            git: the project's folder in the repository
#   TOOLBOX_SSH_HOST, _SSH_PORT   git over ssh: the port of that host
#   DEPLOY_KEY_B64                git over ssh: the deploy key, base64 (also SSH_PRIVATE_KEY_B64); kept in
#   SSH_KNOWN_HOSTS               memory-backed or pod-local files and removed before the command runs
#   SSH_PRIVATE_KEY_B64           the user's key, base64, where the entrypoint has not written it: ~/.ssh gets it,
#   SSH_PUBLIC_KEY                and the command the others without it
#   TOOLBOX_FILES                 directory of `file:` entries, copied into the working directory
#   TOOLBOX_SECRET_FILES          those that nobody else may read, one a line
#   TOOLBOX_SPLIT_FILES           those that are there as PATH.part-000 … and are to be joined, one a line
#   TOOLBOX_DATA                  paths or patterns to download before the command, one a line
#   TOOLBOX_SYNC                  1: a sidecar uploads the outputs, which must then be in $TOOLBOX_WORK
#   TOOLBOX_OUTPUTS               paths or patterns, one a line
#   TOOLBOX_CONDA_HOME            default /opt/conda
#   TOOLBOX_CONDA_ENV             conda environment to activate, default TOOLBOX_PROJECT
#   TOOLBOX_STARTUP_SCRIPT        bash text that replaces the fetching of code and the environments
#   TOOLBOX_EXTRA_STARTUP_SCRIPT  bash text that follows
#   TOOLBOX_IMAGE_HOME            where the container started, if that is not here
#   TOOLBOX_STATE                 directory in which to leave word for run.sh
#   TOOLBOX_LAST_WORDS            file that says why there was no command, if it is there; default /dev/termination-log,
#                                 which Kubernetes shows with the exit code
#
# Steps: code, files, environments, extra_startup_script, data. Each prints one line with its time on
# standard error; a failing one says which it was and ends the whole with its exit code. Variables and
# functions that the startup scripts set are exported to the command. bash 3.2 or newer.

toolbox_scripts=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=container/code.sh
. "$toolbox_scripts/code.sh"
# shellcheck source=container/environments.sh
. "$toolbox_scripts/environments.sh"

say() { printf 'kube-toolbox: %s\n' "$*" >&2; }
last_words() {
  local file=${TOOLBOX_LAST_WORDS:-/dev/termination-log}
  if [ -f "$file" ]; then printf '%s' "$*" 2>/dev/null >"$file"; fi
}

# Milliseconds of a clock; whole seconds where bash is older than 5.
clock() {
  local now=${EPOCHREALTIME-}
  if [ -n "$now" ]; then
    now=${now/[.,]/}
    REPLY=${now%???}
  else
    REPLY=${SECONDS}000
  fi
}

# step NAME COMMAND…: runs it in this shell. The command may set `told` to what the line should say.
step() {
  local name=$1 code started
  shift
  clock
  started=$REPLY told=$name current=$name
  "$@"
  code=$?
  current=''
  clock
  local spent=$((REPLY - started))
  if [ $code -ne 0 ]; then
    say "startup step \"$name\" failed with exit code $code after $((spent / 1000)).$((spent % 1000 / 100)) s"
    last_words "startup step \"$name\" failed"
    exit $code
  fi
  [ -z "$told" ] || say "$told ($((spent / 1000)).$((spent % 1000 / 100)) s)"
}

# However this shell ends before the command has begun. A script that says `exit 0` has not run the command.
ended() {
  local code=$?
  forget_ssh
  [ -n "$current" ] || return
  [ "$code" -ne 0 ] || code=1
  say "startup step \"$current\" ended the start, exit code $code"
  last_words "startup step \"$current\" ended the start"
  exit "$code"
}

# Runs bash text in this shell, so that what it exports, defines and activates is there for the command.
run_text() {
  printf '%s\n' "$2" >"$TOOLBOX_STATE/$1" || return
  set -a
  # shellcheck disable=SC1090 # the user's own text
  . "$TOOLBOX_STATE/$1"
  local code=$?
  set +a
  return "$code"
}

# Whether a directory is gone with the pod, rather than on a volume that other pods may share.
pod_local() {
  case $1/ in "${TOOLBOX_WORK:-/nowhere}"/*) return 0 ;; esac
  sh "$toolbox_scripts/pod-local.sh" "$1"
}

# --- files and outputs --------------------------------------------------------------------------------------

copy_files() {
  local entry name target=. count=0
  # What outlives the pod gets no secret: they are sorted out elsewhere first.
  pod_local "$PWD" || target=$TOOLBOX_STATE/files
  mkdir -p "$target" || return
  # Names with two leading dots are the volume's own.
  for entry in "$TOOLBOX_FILES"/* "$TOOLBOX_FILES"/.[!.]*; do
    [ -e "$entry" ] || continue
    cp -RL "$entry" "$target/" || return
    count=$((count + 1))
  done
  # What is larger than an object of the cluster comes in pieces.
  while IFS= read -r name; do
    name=$target/$name
    [ -e "$name.part-000" ] || continue
    cat "$name".part-[0-9][0-9][0-9] >"$name" && rm -f "$name".part-[0-9][0-9][0-9] || return
  done <<<"${TOOLBOX_SPLIT_FILES-}"
  while IFS= read -r name; do
    if [ -z "$name" ] || [ ! -e "$target/$name" ]; then continue; fi
    if [ "$target" = . ]; then
      chmod go-rwx "$name"
    else
      rm -f "$target/$name"
      rmdir "$(dirname "$target/$name")" 2>/dev/null
      say "files: $name is not copied, since $PWD outlives the pod; it is $TOOLBOX_FILES/$name"
    fi
  done <<<"${TOOLBOX_SECRET_FILES-}"
  if [ "$target" != . ] && [ -d "$target" ]; then cp -R "$target/." ./ && rm -rf "$target" || return; fi
  told="files: copied $count into $PWD"
}

# A sidecar sees $TOOLBOX_WORK, the volumes, and nothing else of this container: outputs elsewhere become links into
# the former.
share_outputs() {
  local shared=$TOOLBOX_WORK/outputs output top here
  here=$(pwd -P)
  told=''
  if [ "${here#"$TOOLBOX_WORK"/}" != "$here" ] || ! pod_local "$here"; then
    ln -sfn "$here" "$TOOLBOX_WORK/.outputs"
    return
  fi
  mkdir -p "$shared" || return
  while IFS= read -r output; do
    while [ "${output#./}" != "$output" ]; do output=${output#./}; done
    [ -n "$output" ] || continue
    share_output "$output" || say "outputs: $output cannot be shared; it is uploaded at the end only"
  done <<<"$TOOLBOX_OUTPUTS"
  ln -sfn outputs "$TOOLBOX_WORK/.outputs"
}

# The whole first folder of the path, since a file or a pattern cannot be linked before it is there.
share_output() {
  local shared=$TOOLBOX_WORK/outputs top=${1%%/*} there
  case /$1/ in //* | */../* | /./*) return 1 ;; esac
  case $top in *[*?[]*) return 1 ;; esac
  [ ! -e "$shared/$top" ] || return 0
  if [ -L "$top" ]; then
    # A link of the image's own: the sidecar sees what is on a volume.
    there=$(cd "$top" 2>/dev/null && pwd -P) && ! pod_local "$there" && ln -s "$there" "$shared/$top"
    return
  fi
  if [ ! -w . ] || [ -f "$top" ]; then return 1; fi
  if [ -d "$top" ]; then cp -Rp "$top" "$shared/" && rm -rf "$top" || return; else mkdir -p "$shared/$top" || return; fi
  ln -s "$shared/$top" "$top"
}

download_data() {
  command -v ktb >/dev/null 2>&1 || {
    say 'data: this image has no ktb; set toolbox_image in config/kube.yaml'
    return 127
  }
  local path
  told=''
  while IFS= read -r path; do
    [ -n "$path" ] || continue
    told="${told:-data: downloaded}${told:+,} $path"
    ktb download --file="$path" --overwrite=true </dev/null || return
  done <<<"$TOOLBOX_DATA"
}

# --- the line -----------------------------------------------------------------------------------------------

TOOLBOX_STATE=${TOOLBOX_STATE:-$(mktemp -d /tmp/kube-toolbox.XXXXXX)}
image_home=${TOOLBOX_IMAGE_HOME:-$PWD}
project_home=$PWD
current=''
trap ended EXIT
trap 'current=; exit 143' TERM

case ${TOOLBOX_CODE-} in
  git) [ -n "${TOOLBOX_STARTUP_SCRIPT+set}" ] || step 'code' fetch_code ;;
  snapshot)
    project_home=$TOOLBOX_WORK/$TOOLBOX_PROJECT
    step 'snapshot' own_snapshot
    ;;
esac
cd "$project_home" || exit
if [ -z "${TOOLBOX_STARTUP_SCRIPT+set}" ]; then
  forget_ssh
  [ -z "${TOOLBOX_FILES-}" ] || step 'files' copy_files
  activate_found
else
  [ -z "${TOOLBOX_FILES-}" ] || step 'files' copy_files
  step 'startup_script' run_text startup_script "$TOOLBOX_STARTUP_SCRIPT"
  forget_ssh
fi
[ -z "${TOOLBOX_EXTRA_STARTUP_SCRIPT-}" ] ||
  step 'extra_startup_script' run_text extra_startup_script "$TOOLBOX_EXTRA_STARTUP_SCRIPT"
[ -z "${TOOLBOX_SYNC-}" ] || step 'outputs' share_outputs
[ -z "${TOOLBOX_DATA-}" ] || step 'data' download_data
step 'ssh' write_key
unset SSH_PRIVATE_KEY_B64

trap - EXIT TERM
# Read by run.sh: the command is about to run here, so from now on there may be outputs.
printf '%s\n' "$PWD" >"$TOOLBOX_STATE/outputs"

# What the scripts defined, conda's among it, is the command's too; what this file defined is not.
unset -f say last_words clock step ended run_text pod_local prepare_ssh forget_ssh write_key checkout_commit fetch_commit use_ssh fetch_code own_snapshot \
  copy_files share_outputs share_output download_data activate_conda activate_venv sync_uv activate_poetry activate_found
while read -r _ _ name; do export -f "${name?}"; done < <(declare -F)
unset TOOLBOX_STATE TOOLBOX_IMAGE_HOME REPLY told current toolbox_scripts
exec bash -c "${1-}" bash
