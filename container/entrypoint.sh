#!/bin/sh
# Gives a container the user's own identity, home and shell, then runs the command as that user.
#
#   entrypoint.sh COMMAND [ARGUMENT…]
#
# Identity (all four; any of the names on a line, the first that is set counts):
#   NB_USER,  CLUSTER_USER,       LDAP_USERNAME
#   NB_UID,   CLUSTER_USER_ID,    LDAP_UID
#   NB_GROUP, CLUSTER_GROUP_NAME, LDAP_GROUPNAME
#   NB_GID,   CLUSTER_GROUP_ID,   LDAP_GID
# Optional:
#   SCRATCH_HOME_ROOT   folder of the homes on the scratch volume; without it nothing is kept on scratch
#   SCRATCH_HOME        default $SCRATCH_HOME_ROOT/$NB_USER
#   WORKING_DIR         default the directory the container starts in, or SCRATCH_HOME where the user may not enter it
#   HF_HOME             default hf_cache beside SCRATCH_HOME_ROOT
#   SCRATCH_SEED_USER   user name or number as whom directories on scratch are made, since the export may be
#                       root-squashed; default NB_USER
#   NB_SHELL            default the first of zsh, bash, sh that the image has
#   SHELL_SKELETON      folder with first versions of .zshrc, .bashrc, .oh-my-zsh; default /docker, then /etc/skel
#   GRANT_SUDO          yes: sudo without password
#   SSH_PRIVATE_KEY_B64, SSH_PUBLIC_KEY, SSH_KNOWN_HOSTS   written to ~/.ssh at each start
#   GIT_USER_NAME, GIT_USER_EMAIL                          git's identity, if it has none
#   TOOLBOX_WORK        a directory of this pod to hand to the user
#
# Without an identity it says so in one line and runs the command as it is. As another user than root it does
# what it can and says what it skipped. Values that are not plain names, numbers and paths are refused with
# exit code 2. Nothing secret is written to scratch or printed.
#
# The command runs as this process's child: SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1 and SIGUSR2 are passed
# on, and the exit code is the command's. POSIX sh, without any tool but the basic ones: accounts are edited
# in /etc/passwd and /etc/group themselves.
set -u

say() { printf 'kube-toolbox: %s\n' "$*" >&2; }
skipped() { say "identity: skipped $*"; }
scripts=$(cd "$(dirname "$0")" && pwd)

if [ $# -eq 0 ]; then set -- "${SHELL:-/bin/sh}"; fi

# --- running the command ------------------------------------------------------------------------------------

child='' interrupted='' missed='' resets_signals='' handing_over=''

forward() {
  interrupted=1
  # Told to stop before there is a command, there will be none. The others are for a command to understand.
  if [ -z "$handing_over" ]; then
    case $1 in HUP) exit 129 ;; INT) exit 130 ;; QUIT) exit 131 ;; TERM) exit 143 ;; *) return ;; esac
  fi
  # A child that cannot be freed of ignoring these two (see hand_over) is asked to stop in the usual way.
  case $1 in INT | QUIT) [ -n "$resets_signals" ] || set -- TERM ;; esac
  if [ -n "$child" ]; then kill -"$1" "$child" 2>/dev/null; else missed=$1; fi
}
# From the start: process 1 does not get a signal that it has no trap for.
for name in TERM INT HUP QUIT USR1 USR2; do
  # shellcheck disable=SC2064 # the name is meant to be expanded now
  trap "forward $name" "$name"
done

# Runs its arguments in the directory $start_in as the user, as a child; ends with the child's exit code.
hand_over() {
  # A shell makes its background children ignore SIGINT and SIGQUIT, which only another program can undo.
  if env --default-signal=INT,QUIT true 2>/dev/null; then
    resets_signals=1
    set -- env --default-signal=INT,QUIT "$@"
  elif perl -e 1 2>/dev/null; then
    resets_signals=1
    set -- perl -e '$SIG{INT} = $SIG{QUIT} = "DEFAULT"; exec {$ARGV[0]} @ARGV or exit 127' "$@"
  fi
  # ... and gives them /dev/null as standard input, unless it is said by another number.
  exec 3<&0
  handing_over=1
  # Entering the directory is the user's to do: root may not be let in.
  become sh -c 'cd "$1" && shift && exec "$@"' sh "$start_in" "$@" <&3 3<&- &
  child=$!
  exec 3<&-
  [ -z "$missed" ] || forward "$missed"
  code=''
  while :; do
    interrupted=''
    wait "$child"
    answer=$?
    # A signal may come just as the wait returns: the child is then unknown to the next wait, which says 127.
    if [ "$answer" -ne 127 ] || [ -z "$code" ]; then code=$answer; fi
    [ -n "$interrupted" ] || break
  done
  exit "$code"
}

# --- being somebody else ------------------------------------------------------------------------------------

# become COMMAND…: replaces this (sub)shell by the command, run as the user once there is one.
become() { exec "$@"; }

# as_user COMMAND…, as_seed COMMAND…: runs it and comes back.
as_user() { (become "$@"); }
as_seed() { as_user "$@"; }

# Sets `switch` to the first tool of the image that changes user, group and groups, and runs nothing between.
find_switch() {
  for switch in setpriv gosu su-exec chroot start-stop-daemon su; do
    command -v "$switch" >/dev/null 2>&1 || continue
    case $switch in
      # Busybox has tools of these names that do something else.
      setpriv) setpriv --reuid=0 --regid=0 --clear-groups true 2>/dev/null || continue ;;
      chroot) chroot --userspec=0:0 --groups=0 / true 2>/dev/null || continue ;;
      start-stop-daemon) start-stop-daemon -S -c root:0 -p /nonexistent -x /bin/sh -- -c : >/dev/null 2>&1 || continue ;;
    esac
    return 0
  done
  switch=
  return 1
}

# exec_as UID GID GROUPS NAME COMMAND…: GROUPS is comma-separated; NAME may be empty for a number without a name.
exec_as() {
  as_uid=$1 as_gid=$2 as_groups=$3 as_name=$4
  shift 4
  case $switch in
    setpriv) exec setpriv --reuid="$as_uid" --regid="$as_gid" --groups="$as_groups" -- "$@" ;;
    chroot)
      # chroot changes to the new root.
      exec chroot --userspec="$as_uid:$as_gid" --groups="$as_groups" / sh -c 'cd "$1" 2>/dev/null; shift; exec "$@"' sh "$PWD" "$@"
      ;;
    start-stop-daemon)
      # What busybox has. Given a PID file that is not there it runs the program whatever else is running.
      exec start-stop-daemon -S -c "$as_name:$as_gid" -p /nonexistent -x /bin/sh -- -c 'exec "$@"' sh "$@"
      ;;
    gosu | su-exec) exec "$switch" "$as_uid:$as_gid" "$@" ;;
    su)
      exec su -p -s /bin/sh "$as_name" -c 'exec "$@"' -- sh "$@"
      ;;
  esac
}

# --- what is asked for --------------------------------------------------------------------------------------

# refuse VARIABLE WHAT: the value itself is not printed, since it may hold anything.
refuse() {
  say "identity: refused the value of $1: $2"
  exit 2
}

check_name() {
  (
    LC_ALL=C
    case $2 in
      [!A-Za-z_]* | *[!A-Za-z0-9._-]* | *. | root) exit 1 ;;
    esac
    [ ${#2} -le 32 ]
  ) || refuse "$1" 'a name is at most 32 letters, digits, dots, underscores and hyphens, begins with a letter, and is not root'
}

check_number() {
  (
    LC_ALL=C
    case $2 in *[!0-9]* | 0*) exit 1 ;; esac
    [ ${#2} -le 10 ] && [ "$2" -le 4294967294 ]
  ) || refuse "$1" 'it must be a whole number from 1 to 4294967294'
}

check_path() {
  (
    LC_ALL=C
    case $2 in
      [!/]* | *[!A-Za-z0-9._/@+=,:-]* | */../* | */..) exit 1 ;;
    esac
  ) || refuse "$1" 'a path is absolute, without "..", spaces, quotes and line breaks'
}

check_line() {
  case $2 in
    *"
"*) refuse "$1" 'it must be one line' ;;
  esac
}

read_request() {
  NB_USER=${NB_USER:-${CLUSTER_USER:-${LDAP_USERNAME-}}}
  NB_UID=${NB_UID:-${CLUSTER_USER_ID:-${LDAP_UID-}}}
  NB_GROUP=${NB_GROUP:-${CLUSTER_GROUP_NAME:-${LDAP_GROUPNAME-}}}
  NB_GID=${NB_GID:-${CLUSTER_GROUP_ID:-${LDAP_GID-}}}
  missing=''
  [ -n "$NB_USER" ] || missing="$missing NB_USER"
  [ -n "$NB_UID" ] || missing="$missing NB_UID"
  [ -n "$NB_GROUP" ] || missing="$missing NB_GROUP"
  [ -n "$NB_GID" ] || missing="$missing NB_GID"
  [ -z "$missing" ] || return 1

  check_name NB_USER "$NB_USER"
  check_number NB_UID "$NB_UID"
  check_name NB_GROUP "$NB_GROUP"
  check_number NB_GID "$NB_GID"
  for name in SCRATCH_HOME_ROOT SCRATCH_HOME WORKING_DIR HF_HOME NB_SHELL SHELL_SKELETON; do
    eval "value=\${$name-}"
    [ -z "$value" ] || check_path "$name" "$value"
  done
  case ${SCRATCH_SEED_USER-} in
    '') ;;
    [0-9]*) check_number SCRATCH_SEED_USER "$SCRATCH_SEED_USER" ;;
    *) check_name SCRATCH_SEED_USER "$SCRATCH_SEED_USER" ;;
  esac
  for name in GIT_USER_NAME GIT_USER_EMAIL; do
    eval "value=\${$name-}"
    check_line "$name" "$value"
  done
  if [ -n "${SCRATCH_HOME_ROOT-}" ]; then SCRATCH_HOME=${SCRATCH_HOME:-${SCRATCH_HOME_ROOT%/}/$NB_USER}; fi
  if [ -z "${NB_SHELL-}" ] || [ ! -x "$NB_SHELL" ]; then
    [ -z "${NB_SHELL-}" ] || skipped "the shell $NB_SHELL: this image does not have it"
    for NB_SHELL in /bin/zsh /usr/bin/zsh /bin/bash /bin/sh; do
      [ ! -x "$NB_SHELL" ] || break
    done
  fi
  export NB_USER NB_UID NB_GROUP NB_GID
}

# --- accounts -----------------------------------------------------------------------------------------------

# field N LINE: a field of a colon-separated line.
field() {
  (
    IFS=:
    set -f
    n=$1
    # shellcheck disable=SC2086 # meant to be split
    set -- $2
    eval "printf '%s' \"\${$n-}\""
  )
}

# line_of FILE N VALUE: the first line whose field N is VALUE.
line_of() {
  while IFS= read -r line || [ -n "$line" ]; do
    if [ "$(field "$2" "$line")" = "$3" ]; then
      printf '%s\n' "$line"
      return 0
    fi
  done <"$1"
  return 1
}

# renamed LIST OLD NEW: a comma-separated list with one name replaced.
renamed() {
  case ",$1," in
    *",$2,"*)
      list=,$1,
      list=${list%%",$2,"*},$3,${list#*",$2,"}
      list=${list#,}
      printf '%s' "${list%,}"
      ;;
    *) printf '%s' "$1" ;;
  esac
}

# replace FILE N ID LINE FORMER: writes FILE with LINE in place of the first line whose field N is ID, without the
# other line of LINE's name, and where FORMER is given with the user's new name for it in lists of members.
replace() {
  # The whole text is in `text` before the file is opened again.
  file=$1 at=$2 id=$3 new=$4 former=$5 text='' done=''
  while IFS= read -r line || [ -n "$line" ]; do
    if [ -z "$done" ] && [ "$(field "$at" "$line")" = "$id" ]; then
      line=$new done=1
    elif [ "${line%%:*}" = "${new%%:*}" ]; then
      continue
    elif [ -n "$former" ]; then
      line=${line%:*}:$(renamed "${line##*:}" "$former" "$NB_USER")
    fi
    text=$text$line'
'
  done <"$file"
  [ -n "$done" ] || text=$text$new'
'
  printf '%s' "$text" >"$file"
}

mirror_accounts() {
  if [ ! -w /etc/passwd ] || [ ! -w /etc/group ]; then
    skipped "the account $NB_USER: /etc/passwd or /etc/group cannot be written"
    return 0
  fi
  HOME=/home/$NB_USER
  was=$(line_of /etc/passwd 3 "$NB_UID") || was=$(line_of /etc/passwd 1 "$NB_USER") || was=
  old=${was%%:*}
  [ "$old" != "$NB_USER" ] || old=
  group=$(line_of /etc/group 3 "$NB_GID") || group=$(line_of /etc/group 1 "$NB_GROUP") || group=
  members=${group##*:}
  [ -n "$group" ] || members=
  if [ -n "$old" ]; then members=$(renamed "$members" "$old" "$NB_USER"); fi
  replace /etc/group 3 "$NB_GID" "$NB_GROUP:x:$NB_GID:$members" "$old"
  # Without a password entry in shadow a star bars logging in by password, and sudo still knows the account.
  password=$(field 2 "$was")
  replace /etc/passwd 3 "$NB_UID" "$NB_USER:${password:-*}:$NB_UID:$NB_GID:$(field 5 "$was"):$HOME:$NB_SHELL" ''
  if [ -n "$old" ] && [ -w /etc/shadow ] && shadow=$(line_of /etc/shadow 1 "$old"); then
    replace /etc/shadow 1 "$old" "$NB_USER:${shadow#*:}" ''
  fi
  say "identity: ${old:+$old is now }user $NB_USER ($NB_UID), group $NB_GROUP ($NB_GID), shell $NB_SHELL"
}

make_home() {
  # What an image has there as a link is not a home.
  if [ -L "$HOME" ] && pod_local "${HOME%/*}"; then rm -f "$HOME"; fi
  if [ ! -d "$HOME" ]; then
    mkdir -p "$HOME" || return
    [ ! -d /etc/skel ] || cp -R /etc/skel/. "$HOME/" 2>/dev/null
  elif ! pod_local "$HOME"; then
    chown "$NB_UID:$NB_GID" "$HOME" 2>/dev/null || :
    return 0
  fi
  chmod 750 "$HOME" 2>/dev/null
  # Not into volumes mounted below; the home last, since root may not be let in afterwards.
  find "$HOME" -depth -xdev ! -user "$NB_UID" -exec chown -h "$NB_UID:$NB_GID" {} + 2>/dev/null ||
    chown "$NB_UID:$NB_GID" "$HOME"
}

# By number: sudo takes a name in capitals for an alias.
allow_sudo() {
  case ${GRANT_SUDO-} in yes | true | 1) ;; *) return 0 ;; esac
  if [ ! -d /etc/sudoers.d ] || ! command -v sudo >/dev/null 2>&1; then
    skipped 'sudo: this image does not have it'
    return 0
  fi
  (umask 0227 && rm -f /etc/sudoers.d/kube-toolbox && printf '#%s ALL=(ALL) NOPASSWD: ALL\n' "$NB_UID" >/etc/sudoers.d/kube-toolbox) ||
    skipped 'sudo: /etc/sudoers.d cannot be written'
}

# The user's groups, and those the pod gives every process (fsGroup), but root's own.
group_list() {
  list=$NB_GID
  for group in $(id -G "$NB_USER" 2>/dev/null) $(id -G); do
    case ,$list, in *",$group,"*) continue ;; esac
    [ "$group" = 0 ] || list=$list,$group
  done
  printf '%s' "$list"
}

become_user() {
  find_switch || {
    skipped 'changing user: this image has no setpriv, gosu, su-exec, chroot, start-stop-daemon or su'
    return 1
  }
  groups=$(group_list)
  become() { exec_as "$NB_UID" "$NB_GID" "$groups" "$NB_USER" "$@"; }

  seed_uid=$NB_UID seed_name=$NB_USER
  case ${SCRATCH_SEED_USER-} in
    '' | "$NB_USER" | "$NB_UID") return 0 ;;
    [0-9]*)
      case $switch in start-stop-daemon | su)
        skipped "the seed user $SCRATCH_SEED_USER: this image's $switch wants a name; $NB_USER makes the directories"
        return 0
        ;;
      esac
      seed_uid=$SCRATCH_SEED_USER seed_name=''
      ;;
    *)
      seed=$(line_of /etc/passwd 1 "$SCRATCH_SEED_USER") || {
        skipped "the seed user $SCRATCH_SEED_USER: this image has no such account; $NB_USER makes the directories"
        return 0
      }
      seed_uid=$(field 3 "$seed") seed_name=$SCRATCH_SEED_USER
      # Root is who the export squashes.
      [ "$seed_uid" != 0 ] || refuse SCRATCH_SEED_USER 'it is root'
      ;;
  esac
  as_seed() { (exec_as "$seed_uid" "$NB_GID" "$NB_GID" "$seed_name" "$@"); }
}

# --- scratch ------------------------------------------------------------------------------------------------

# shared_directory PATH: there, mode 770 (a set-group-id bit stays), and the user may write it.
shared_directory() {
  as_seed sh -c 'mkdir -p "$1" && chmod u+rwx,g+rwx,o-rwx "$1"' sh "$1" 2>/dev/null
  # Not on the export after all, or a directory of the user's own.
  as_user sh -c 'mkdir -p "$1" && chmod u+rwx,g+rwx,o-rwx "$1"' sh "$1" 2>/dev/null
  if [ "$(id -u)" = 0 ] && [ ! -d "$1" ] && (umask 022 && mkdir -p "$1") 2>/dev/null; then
    chmod 770 "$1" && chown "$NB_UID:$NB_GID" "$1"
  fi
  as_user sh -c '[ -d "$1" ] && [ -w "$1" ] && [ -x "$1" ]' sh "$1"
}

# pod_local PATH: whether it is gone with the pod. Asked as the user, since a volume may not let root in.
pod_local() { as_user sh "$scripts/pod-local.sh" "$1"; }

stage_scratch() {
  if [ -z "${SCRATCH_HOME-}" ]; then
    skipped 'scratch: SCRATCH_HOME_ROOT is not set, nothing is kept when the pod ends'
    return 0
  fi
  shared_directory "$SCRATCH_HOME" || {
    skipped "scratch: $NB_USER cannot write $SCRATCH_HOME"
    return 0
  }
  ! pod_local "$SCRATCH_HOME" ||
    say "identity: $SCRATCH_HOME is on no volume but on this pod's own disk: it goes with the pod"
  ZDOTDIR=$SCRATCH_HOME/.shell
  GIT_CONFIG_GLOBAL=$SCRATCH_HOME/.gitconfig
  UV_CACHE_DIR=${UV_CACHE_DIR:-$SCRATCH_HOME/.cache/uv}
  UV_PYTHON_INSTALL_DIR=${UV_PYTHON_INSTALL_DIR:-$SCRATCH_HOME/.uv}
  export SCRATCH_HOME ZDOTDIR GIT_CONFIG_GLOBAL UV_CACHE_DIR UV_PYTHON_INSTALL_DIR
  skeleton=${SHELL_SKELETON:-/docker}
  [ -d "$skeleton" ] || skeleton=/etc/skel
  as_user sh -c '
    mkdir -p "$ZDOTDIR" "$UV_CACHE_DIR" "$UV_PYTHON_INSTALL_DIR" || exit
    for name in .zshrc .zshenv .bashrc .oh-my-zsh oh-my-zsh; do
      [ -e "$ZDOTDIR/$name" ] || [ ! -e "$1/$name" ] || cp -R "$1/$name" "$ZDOTDIR/$name"
    done
    [ -e "$ZDOTDIR/.zshrc" ] || printf "%s\n" "HISTFILE=\${SCRATCH_HOME:-\$HOME}/.zsh_history" \
      "HISTSIZE=50000" "SAVEHIST=50000" "setopt append_history hist_ignore_space" >"$ZDOTDIR/.zshrc"
    [ -e "$GIT_CONFIG_GLOBAL" ] || : >"$GIT_CONFIG_GLOBAL"
    [ -e "$SCRATCH_HOME/.zsh_history" ] || : >"$SCRATCH_HOME/.zsh_history"
    # A home on a volume keeps its own, and may be this very folder.
    sh "$2/pod-local.sh" "$HOME" || exit 0
    for name in .zsh_history .vscode .vscode-server .cursor .cursor-server; do
      [ "$name" = .zsh_history ] || mkdir -p "$SCRATCH_HOME/$name"
      [ ! "$HOME/$name" -ef "$SCRATCH_HOME/$name" ] || continue
      # Something real of that name is the image'"'"'s; an empty one is nothing to keep.
      [ -L "$HOME/$name" ] || rmdir "$HOME/$name" 2>/dev/null
      if [ -e "$HOME/$name" ] && [ ! -L "$HOME/$name" ]; then
        echo "kube-toolbox: identity: skipped linking ~/$name: there is one already" >&2
      else
        ln -sfn "$SCRATCH_HOME/$name" "$HOME/$name"
      fi
    done
  ' sh "$skeleton" "$scripts" || skipped "shell state: $SCRATCH_HOME does not take it"
  for name in .oh-my-zsh oh-my-zsh; do
    if as_user sh -c '[ -d "$1" ]' sh "$ZDOTDIR/$name"; then export ZSH="$ZDOTDIR/$name"; fi
  done

  HF_HOME=${HF_HOME:-$(dirname "${SCRATCH_HOME_ROOT:-$SCRATCH_HOME}")/hf_cache}
  shared_directory "$HF_HOME" || {
    skipped "HF_HOME: $NB_USER cannot write $HF_HOME; the cache is in $SCRATCH_HOME"
    HF_HOME=$SCRATCH_HOME/.cache/huggingface
  }
  export HF_HOME
}

# --- keys and names -----------------------------------------------------------------------------------------

rebuild_ssh() {
  if [ -n "${SSH_PRIVATE_KEY_B64-}${SSH_PUBLIC_KEY-}${SSH_KNOWN_HOSTS-}" ]; then
    # The key comes by the environment and goes through a pipe: never an argument, never a line of the log.
    as_user sh -c '
      umask 077
      for place in "$HOME" "$HOME/.ssh"; do
        if [ "$place" != "$HOME" ] && [ -L "$place" ]; then rm -f "$place"; fi
        # There it would outlive the pod, and what is there is somebody'"'"'s own.
        sh "$1/pod-local.sh" "$place" || {
          echo "kube-toolbox: identity: skipped .ssh: $place is on a volume, where no key is written" >&2
          exit 0
        }
      done
      mkdir -p "$HOME/.ssh" && chmod 700 "$HOME/.ssh" && cd "$HOME/.ssh" || exit
      # Files and links only: a folder in it may be a volume.
      rm -f -- * .[!.]* 2>/dev/null
      if [ -n "${SSH_PRIVATE_KEY_B64-}" ]; then
        printf %s "$SSH_PRIVATE_KEY_B64" | tr -d " \t\r\n" | base64 -d >id_rsa 2>/dev/null && chmod 600 id_rsa || {
          rm -f id_rsa
          echo "kube-toolbox: identity: skipped the SSH key: SSH_PRIVATE_KEY_B64 is not valid base64" >&2
        }
      fi
      umask 022
      [ -z "${SSH_PUBLIC_KEY-}" ] || { printf "%s\n" "$SSH_PUBLIC_KEY" >id_rsa.pub && chmod 644 id_rsa.pub; }
      [ -z "${SSH_KNOWN_HOSTS-}" ] || { printf "%s\n" "$SSH_KNOWN_HOSTS" >known_hosts && chmod 644 known_hosts; }
    ' sh "$scripts" || skipped ".ssh: $HOME cannot be written"
  fi
  unset SSH_PRIVATE_KEY_B64
}

set_git_identity() {
  [ -n "${GIT_USER_NAME-}${GIT_USER_EMAIL-}" ] || return 0
  command -v git >/dev/null 2>&1 || {
    skipped "git's identity: this image has no git"
    return 0
  }
  as_user sh -c '
    [ -z "${GIT_USER_NAME-}" ] || git config --global user.name >/dev/null || git config --global user.name "$GIT_USER_NAME"
    [ -z "${GIT_USER_EMAIL-}" ] || git config --global user.email >/dev/null || git config --global user.email "$GIT_USER_EMAIL"
  ' || skipped "git's identity: its configuration cannot be written"
}

choose_directory() {
  if [ -n "${WORKING_DIR-}" ]; then
    shared_directory "$WORKING_DIR" || say "identity: $NB_USER cannot write $WORKING_DIR"
    start_in=$WORKING_DIR
  elif ! as_user sh -c 'cd "$1"' sh "$start_in" 2>/dev/null; then
    start_in=${SCRATCH_HOME:-$HOME}
  fi
}

# --- the line -----------------------------------------------------------------------------------------------

start_in=$PWD
# Where startup.sh looks for what the image brings.
export TOOLBOX_IMAGE_HOME="$PWD"
if ! read_request; then
  if [ "$missing" = ' NB_USER NB_UID NB_GROUP NB_GID' ]; then
    say 'identity: none is given (NB_USER and so on); the command runs as it is'
  else
    say "identity: incomplete, without$missing; the command runs as it is"
  fi
  hand_over "$@"
fi

umask 007
if [ "$(id -u)" = 0 ]; then
  mirror_accounts
  HOME=/home/$NB_USER
  make_home || skipped "the home $HOME: it cannot be made"
  allow_sudo
  [ -z "${TOOLBOX_WORK-}" ] || [ ! -d "$TOOLBOX_WORK" ] || chown -R "$NB_UID:$NB_GID" "$TOOLBOX_WORK" ||
    skipped "handing over $TOOLBOX_WORK"
  become_user || :
  sh "$scripts/link.sh"
  # What follows is looked at as the user, who may not enter the directory that root started in.
  cd /
else
  skipped "the account $NB_USER, sudo and the seed user: the container runs as user $(id -u), not as root"
  if [ ! -w "${HOME:-/}" ]; then HOME=$(mktemp -d /tmp/home.XXXXXX); fi
fi
USER=$NB_USER LOGNAME=$NB_USER SHELL=$NB_SHELL
export HOME USER LOGNAME SHELL
stage_scratch
choose_directory
rebuild_ssh
set_git_identity
hand_over "$@"
