#!/usr/bin/env bash
# Makes a pod ready for a trial's command, then becomes it.
#
#   startup.sh COMMAND
#
#   TOOLBOX_PROJECT               the project's name
#   TOOLBOX_WORK                  directory shared by the pod's containers; optional outside of a pod
#   TOOLBOX_CODE                  git | snapshot | image (default): where the code comes from
#   TOOLBOX_GIT_URL, _GIT_COMMIT  git: the repository, and the commit that the sweep was started at
#   TOOLBOX_SSH_HOST, _SSH_PORT   git over ssh: the port of that host
#   DEPLOY_KEY_B64                git over ssh: the deploy key, base64 (also SSH_PRIVATE_KEY_B64); kept in
#   SSH_KNOWN_HOSTS               memory-backed or pod-local files and removed before the command runs
#   SSH_PRIVATE_KEY_B64           the user's key, base64, where the entrypoint has not written it: ~/.ssh gets it,
#   SSH_PUBLIC_KEY                and the command the others without it
#   TOOLBOX_FILES                 directory of `file:` entries, copied into the working directory
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
#
# Steps: code, files, environments, extra_startup_script, data. Each prints one line with its time on
# standard error; a failing one says which it was and ends the whole with its exit code. Variables and
# functions that the startup scripts set are exported to the command. bash 3.2 or newer.

say() { printf 'kube-toolbox: %s\n' "$*" >&2; }

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
  started=$REPLY told=$name
  "$@"
  code=$?
  clock
  local spent=$((REPLY - started))
  if [ $code -ne 0 ]; then
    say "startup step \"$name\" failed with exit code $code after $((spent / 1000)).$((spent % 1000 / 100)) s"
    exit $code
  fi
  [ -z "$told" ] || say "$told ($((spent / 1000)).$((spent % 1000 / 100)) s)"
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
  [ "$(stat -c %d "$1" 2>/dev/null)" = "$(stat -c %d / 2>/dev/null)" ]
}

# --- code ---------------------------------------------------------------------------------------------------

# Writes key, known hosts and ssh's configuration into a private directory, and points git at it.
prepare_ssh() {
  command -v ssh >/dev/null 2>&1 || {
    case $TOOLBOX_GIT_URL in https:* | http:*) return 0 ;; esac
    say 'code: this image has no ssh; add openssh-client to it, or use `code: snapshot`'
    return 1
  }
  # Never TMPDIR: it may be on a volume that others read.
  ssh_home=$(umask 077 && { mktemp -d /dev/shm/kube-toolbox.XXXXXX || mktemp -d /tmp/kube-toolbox.XXXXXX; } 2>/dev/null) || return
  local key
  {
    if [ -n "${TOOLBOX_SSH_HOST-}" ]; then
      printf 'Host %s\n  User git\n' "$TOOLBOX_SSH_HOST"
      [ -z "${TOOLBOX_SSH_PORT-}" ] || printf '  Port %s\n' "$TOOLBOX_SSH_PORT"
    fi
    printf 'Host *\n  BatchMode yes\n  StrictHostKeyChecking accept-new\n'
    printf '  UserKnownHostsFile %s/known_hosts %s/.ssh/known_hosts\n' "$ssh_home" "${HOME:-/root}"
    for key in DEPLOY_KEY_B64 SSH_PRIVATE_KEY_B64; do
      [ -z "${!key-}" ] || printf '  IdentityFile %s/%s\n' "$ssh_home" "$key"
    done
    for key in "${HOME:-/root}"/.ssh/id_*; do
      case $key in *.pub | *'*') ;; *) printf '  IdentityFile %s\n' "$key" ;; esac
    done
  } >"$ssh_home/config"
  (
    umask 077
    for key in DEPLOY_KEY_B64 SSH_PRIVATE_KEY_B64; do
      [ -z "${!key-}" ] || printf '%s' "${!key}" | base64 -d >"$ssh_home/$key" || {
        say "code: $key is not valid base64"
        exit 1
      }
    done
    [ -z "${SSH_KNOWN_HOSTS-}" ] || printf '%s\n' "$SSH_KNOWN_HOSTS" >"$ssh_home/known_hosts"
  ) || return
  export GIT_SSH_COMMAND="ssh -F $ssh_home/config"
}

forget_ssh() {
  [ -z "${ssh_home-}" ] || rm -rf "$ssh_home"
  unset GIT_SSH_COMMAND DEPLOY_KEY_B64
}

# Writes the user's key, which the entrypoint has done already where there is an identity, for the command's ssh.
# What the image has stays, and a home on a volume gets none.
write_key() {
  local home=${HOME:-/root}
  told=''
  if [ -z "${SSH_PRIVATE_KEY_B64-}" ] || [ -e "$home/.ssh/id_rsa" ]; then return 0; fi
  if [ ! -w "$home" ] || [ -L "$home/.ssh" ] || ! pod_local "$home"; then
    say "ssh: the key is not written: $home is not this pod's and user's own"
    return 0
  fi
  (
    umask 077
    mkdir -p "$home/.ssh" && cd "$home/.ssh" || exit
    printf %s "$SSH_PRIVATE_KEY_B64" | tr -d ' \t\r\n' | base64 -d >id_rsa 2>/dev/null || {
      rm -f id_rsa
      say 'ssh: the key is not written: SSH_PRIVATE_KEY_B64 is not valid base64'
    }
    umask 022
    [ -z "${SSH_PUBLIC_KEY-}" ] || [ -e id_rsa.pub ] || printf '%s\n' "$SSH_PUBLIC_KEY" >id_rsa.pub
    [ -z "${SSH_KNOWN_HOSTS-}" ] || [ -e known_hosts ] || printf '%s\n' "$SSH_KNOWN_HOSTS" >known_hosts
  ) || say "ssh: the key is not written: $home/.ssh cannot be"
}

checkout_commit() {
  # A repository may belong to whoever built the image.
  local git=(git -c "safe.directory=$1" -c advice.detachedHead=false -C "$1")
  if ! "${git[@]}" cat-file -e "$TOOLBOX_GIT_COMMIT^{commit}" 2>/dev/null; then
    # Not every server hands out a commit by its number; every server hands out its branches.
    "${git[@]}" fetch --quiet --depth 1 origin "$TOOLBOX_GIT_COMMIT" 2>/dev/null ||
      "${git[@]}" fetch --quiet --tags origin '+refs/heads/*:refs/remotes/origin/*' || return
    "${git[@]}" cat-file -e "$TOOLBOX_GIT_COMMIT^{commit}" 2>/dev/null || {
      say "code: commit $TOOLBOX_GIT_COMMIT is not in $TOOLBOX_GIT_URL; push it, or use \`code: snapshot\`"
      return 1
    }
  fi
  "${git[@]}" checkout --quiet --force --detach "$TOOLBOX_GIT_COMMIT" || return
  if [ -f "$1/.gitmodules" ]; then
    "${git[@]}" submodule --quiet sync --recursive &&
      "${git[@]}" submodule --quiet update --init --recursive --force || return
  fi
}

fetch_code() {
  command -v git >/dev/null 2>&1 || {
    say 'code: this image has no git; add it to the image, or use `code: snapshot`'
    return 127
  }
  prepare_ssh || return
  local top
  # An image built from the project's Dockerfile holds a clone already: pull there. Never in a clone on a
  # shared volume, where another trial may be running at another commit.
  top=$(git -C "$image_home" -c 'safe.directory=*' rev-parse --show-toplevel 2>/dev/null)
  if [ -n "$top" ] && [ -w "$top/.git" ] && pod_local "$top"; then
    project_home=$top
    told="code: pulled commit ${TOOLBOX_GIT_COMMIT:0:12} into $top"
  else
    project_home=${TOOLBOX_WORK:-$PWD}/$TOOLBOX_PROJECT
    told="code: cloned commit ${TOOLBOX_GIT_COMMIT:0:12} into $project_home"
    git init --quiet "$project_home" || return
  fi
  # An image's clone may come from an address that only its builder could use.
  local git=(git -c 'safe.directory=*' -C "$project_home" remote)
  "${git[@]}" add origin "$TOOLBOX_GIT_URL" 2>/dev/null || "${git[@]}" set-url origin "$TOOLBOX_GIT_URL" || return
  checkout_commit "$project_home"
}

# Unpacks the snapshot again where an init container did so as another user: this image's user may be anybody, and
# only an owner may read and change everything.
own_snapshot() {
  local packed=$TOOLBOX_WORK/.code.tar.gz
  told=''
  if [ ! -w "$project_home" ]; then
    mv "$project_home" "$TOOLBOX_WORK/.unpacked" && mkdir "$project_home" &&
      gzip -dc "$packed" | tar -xp -f - -C "$project_home" || return
    told="code: unpacked again into $project_home, which was another user's"
  fi
  rm -f "$packed"
}

# --- files and outputs --------------------------------------------------------------------------------------

copy_files() {
  local entry name count=0
  # Names with two leading dots are the volume's own.
  for entry in "$TOOLBOX_FILES"/* "$TOOLBOX_FILES"/.[!.]*; do
    [ -e "$entry" ] || continue
    name=${entry##*/}
    case $name in
      .env | .env.part-*) pod_local "$PWD" || {
        say "files: .env is not copied: its variables are set, and $PWD outlives the pod"
        continue
      } ;;
    esac
    cp -RL "$entry" ./ || return
    count=$((count + 1))
  done
  # What is larger than an object of the cluster comes in pieces.
  while IFS= read -r name; do
    [ -e "$name.part-000" ] || continue
    cat "$name".part-[0-9][0-9][0-9] >"$name" && rm -f "$name".part-[0-9][0-9][0-9] || return
  done <<<"${TOOLBOX_SPLIT_FILES-}"
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
    case $output in
      '' | /* | *..*) continue ;;
    esac
    # The whole first folder of the path, since a file or a pattern cannot be linked before it is there.
    top=${output%%/*}
    case $top in *[*?[]*)
      say "outputs: $output has no folder of its own; it is uploaded at the end only"
      continue
      ;;
    esac
    [ "$top" != "$output" ] || [ ! -f "$top" ] || continue
    [ ! -L "$top" ] || continue
    if [ -d "$top" ]; then cp -R "$top" "$shared/" && rm -rf "$top" || return; else mkdir -p "$shared/$top" || return; fi
    ln -s "$shared/$top" "$top" || return
  done <<<"$TOOLBOX_OUTPUTS"
  ln -sfn outputs "$TOOLBOX_WORK/.outputs"
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

# --- environments -------------------------------------------------------------------------------------------

activate_conda() {
  local home=${TOOLBOX_CONDA_HOME:-/opt/conda} name=${TOOLBOX_CONDA_ENV:-${TOOLBOX_PROJECT-}}
  told="conda: activated $name"
  if [ -f "$home/etc/profile.d/conda.sh" ]; then
    # shellcheck disable=SC1091 # the image's own
    . "$home/etc/profile.d/conda.sh" || return
    if [ ! -d "$home/envs/$name" ] && ! conda env list | grep -q "^$name "; then
      name=base
      told="conda: there is no environment \"${TOOLBOX_CONDA_ENV:-${TOOLBOX_PROJECT-}}\"; activated base"
    fi
    conda activate "$name"
  else
    export CONDA_PREFIX=$home/envs/$name CONDA_DEFAULT_ENV=$name PATH="$home/envs/$name/bin:$PATH"
  fi
}

activate_venv() {
  # shellcheck disable=SC1091 # the image's own
  . "$1/bin/activate" || return
  told="venv: activated $1"
}

sync_uv() {
  local venv=${UV_PROJECT_ENVIRONMENT:-.venv}
  # The image's own environment saves installing everything again into a fresh clone.
  if [ ! -d "$venv" ] && [ -w "$image_home/.venv" ]; then venv=$image_home/.venv; fi
  UV_PROJECT_ENVIRONMENT=$venv uv sync --frozen --quiet || return
  export UV_PROJECT_ENVIRONMENT=$venv
  activate_venv "$venv" || return
  told="uv: synced and activated $venv"
}

activate_poetry() {
  local venv
  poetry install --no-interaction --no-root --quiet || return
  venv=$(poetry env info --path) || return
  if [ "$venv" != "${CONDA_PREFIX-}" ] && [ "$venv" != "${VIRTUAL_ENV-}" ]; then activate_venv "$venv" || return; fi
  told="poetry: installed and activated $venv"
}

activate_found() {
  local conda_home=${TOOLBOX_CONDA_HOME:-/opt/conda}
  if [ -f "$conda_home/etc/profile.d/conda.sh" ] || [ -d "$conda_home/envs/${TOOLBOX_CONDA_ENV:-$TOOLBOX_PROJECT}/bin" ]; then
    step 'conda environment' activate_conda
  fi
  if [ -f uv.lock ] && command -v uv >/dev/null 2>&1; then
    step 'uv sync' sync_uv
  else
    [ ! -f uv.lock ] || say 'uv: there is a uv.lock, but no uv in this image; skipped'
    if [ -f .venv/bin/activate ]; then
      step '.venv' activate_venv "$PWD/.venv"
    elif [ -f "$image_home/.venv/bin/activate" ]; then
      step '.venv' activate_venv "$image_home/.venv"
    fi
  fi
  if [ -f poetry.lock ] && command -v poetry >/dev/null 2>&1; then step poetry activate_poetry; fi
}

# --- the line -----------------------------------------------------------------------------------------------

TOOLBOX_STATE=${TOOLBOX_STATE:-$(mktemp -d /tmp/kube-toolbox.XXXXXX)}
image_home=${TOOLBOX_IMAGE_HOME:-$PWD}
project_home=$PWD
trap forget_ssh EXIT

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

trap - EXIT
# Read by run.sh: the command is about to run here, so from now on there may be outputs.
printf '%s\n' "$PWD" >"$TOOLBOX_STATE/outputs"

# What the scripts defined, conda's among it, is the command's too; what this file defined is not.
unset -f say clock step run_text pod_local prepare_ssh forget_ssh write_key checkout_commit fetch_code own_snapshot \
  copy_files share_outputs download_data activate_conda activate_venv sync_uv activate_poetry activate_found
while read -r _ _ name; do export -f "${name?}"; done < <(declare -F)
unset TOOLBOX_STATE TOOLBOX_IMAGE_HOME REPLY told
exec bash -c "${1-}" bash
