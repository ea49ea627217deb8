#!/usr/bin/env bash
# Sourced by startup.sh: how a trial's code comes to the pod, by git or as a snapshot, and with which keys. The
# variables are described there. fetch_code sets project_home, own_snapshot uses it. bash 3.2 or newer.
# shellcheck disable=SC2034,SC2154 # told, image_home and project_home are startup.sh's

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
  unset GIT_SSH_COMMAND GIT_TERMINAL_PROMPT DEPLOY_KEY_B64
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
    fetch_commit || { use_ssh && "${git[@]}" remote set-url origin "$REPLY" && fetch_commit; } || return
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

# Not every server hands out a commit by its number; every server hands out its branches.
fetch_commit() {
  "${git[@]}" fetch --quiet --depth 1 origin "$TOOLBOX_GIT_COMMIT" 2>/dev/null ||
    "${git[@]}" fetch --quiet --tags origin '+refs/heads/*:refs/remotes/origin/*'
}

# Sets REPLY to the address by which ssh reaches a repository whose https address wants a password: there is a key.
use_ssh() {
  local path host port=''
  case $TOOLBOX_GIT_URL in https://*/*) ;; *) return 1 ;; esac
  [ -n "${DEPLOY_KEY_B64-}${SSH_PRIVATE_KEY_B64-}" ] && command -v ssh >/dev/null 2>&1 || return
  path=${TOOLBOX_GIT_URL#https://}
  host=${path%%/*} path=${path#*/}
  host=${host%%:*}
  # gitlab.example.org may have its ssh at gitlab-ssh.example.org.
  if [ "${host#*.}" = "${TOOLBOX_SSH_HOST#*.}" ]; then host=$TOOLBOX_SSH_HOST port=${TOOLBOX_SSH_PORT:+:$TOOLBOX_SSH_PORT}; fi
  REPLY=ssh://git@$host$port/$path
  say "code: trying $REPLY with the key"
}

fetch_code() {
  command -v git >/dev/null 2>&1 || {
    say 'code: this image has no git; add it to the image, or use `code: snapshot`'
    return 127
  }
  # Nobody is there to be asked for a password.
  export GIT_TERMINAL_PROMPT=0
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
  checkout_commit "$project_home" || return
  project_home=$project_home${TOOLBOX_GIT_PREFIX:+/${TOOLBOX_GIT_PREFIX%/}}
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
