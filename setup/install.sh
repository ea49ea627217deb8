#!/usr/bin/env bash
# Makes the toolbox ready to run: a Node that is new enough, the packages it is built with, and dist/.
# The Makefile calls it when something of that is missing or older than its sources; it does only what is
# needed, prints a line only for what takes time, and writes nothing outside the toolbox's own folder but
# npm's cache. Several may be started at once: one works, the others wait for it. Keeps to bash 3.2.
set -euo pipefail
cd "$(dirname "$0")/.."

needed_major=22
needed_minor=19

say() { printf 'kube-toolbox: %s\n' "$*" >&2; }
fail() {
  say "$@"
  exit 1
}

# True if the Node at path $1 runs and is new enough.
is_new_enough() {
  local version major minor
  version=$("$1" --version 2>/dev/null) || return 1
  version=${version#v}
  major=${version%%.*}
  minor=${version#*.}
  minor=${minor%%.*}
  [ "$major" -gt "$needed_major" ] || { [ "$major" -eq "$needed_major" ] && [ "$minor" -ge "$needed_minor" ]; }
}

# Runs a command quietly: its output is shown only if it fails.
quietly() {
  local log=".setup.$$.log" status=0
  "$@" >"$log" 2>&1 </dev/null || status=$?
  if [ "$status" -ne 0 ]; then
    tail -n 40 "$log" >&2
    rm -f "$log"
    say "failed with exit code $status: $*"
    exit 1
  fi
  rm -f "$log"
}

need_npm() {
  local version
  version=$(npm --version 2>/dev/null) ||
    fail "needs npm 9 or newer, which comes with Node.js; install Node.js (https://nodejs.org), then try again"
  [ "${version%%.*}" -ge 9 ] ||
    fail "needs npm 9 or newer and found $version; install a newer Node.js (https://nodejs.org), then try again"
}

# One at a time: a symbolic link is made atomically, and says who holds it.
me="$(hostname):$$"
lock=.setup.lock
is_running() { kill -0 "$1" 2>/dev/null || [ -d "/proc/$1" ]; }
release() {
  if [ "$(readlink "$lock" 2>/dev/null)" = "$me" ]; then rm -f "$lock"; fi
  rm -rf ".setup.$$.log" ".setup.$$.ready" ".node.$$"
}
acquire() {
  local holder said=
  until ln -s "$me" "$lock" 2>/dev/null; do
    [ -w . ] || fail "cannot write in $(pwd)"
    holder=$(readlink "$lock" 2>/dev/null) || continue
    if [ "${holder%:*}" = "${me%:*}" ] && ! is_running "${holder##*:}"; then
      # The holder is gone. Whoever renames the link first has taken it over; if it was a newer one that we
      # renamed, it goes back.
      if mv "$lock" ".setup.stale.$$" 2>/dev/null; then
        if [ "$(readlink ".setup.stale.$$")" != "$holder" ]; then ln -s "$(readlink ".setup.stale.$$")" "$lock" || :; fi
        rm -f ".setup.stale.$$"
      fi
      continue
    fi
    if [ -z "$said" ]; then
      said=yes
      say "waiting for another set-up ($holder); if that is not running any more: rm $(pwd)/$lock"
    fi
    sleep 0.2
  done
}

# The machine's own Node if it is new enough, else one that npm puts into .node/, whole or not at all.
choose_node() {
  if [ -x .node/node_modules/.bin/node ] &&
    cmp -s setup/node/package-lock.json .node/package-lock.json &&
    is_new_enough .node/node_modules/.bin/node; then
    return
  fi
  if is_new_enough node; then
    rm -rf .node
    return
  fi
  need_npm
  say "installing Node into $(pwd)/.node, since this machine's is $(node --version 2>/dev/null || echo missing) (once)"
  rm -rf ".node.$$"
  mkdir ".node.$$"
  cp setup/node/package.json setup/node/package-lock.json ".node.$$/"
  quietly npm ci --prefix ".node.$$" --ignore-scripts --no-audit --no-fund --no-update-notifier
  is_new_enough ".node.$$/node_modules/.bin/node" ||
    fail "npm could not get a Node for $(uname -sm): no network, or none is published for it." \
      "Install Node.js $needed_major.$needed_minor or newer (https://nodejs.org), then try again"
  rm -rf .node
  mv ".node.$$" .node
}

install_packages() {
  local stamp=node_modules/.kube-toolbox-lock.json
  if cmp -s package-lock.json "$stamp"; then return; fi
  need_npm
  say "installing packages (once)"
  rm -f "$stamp"
  quietly npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier
  cp package-lock.json "$stamp"
}

is_built() {
  [ -e dist/bin.js ] && [ -e .ready ] &&
    [ -z "$(find src schemas templates scripts package.json package-lock.json -newer .ready 2>/dev/null | head -n 1)" ]
}

trap release EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
acquire
choose_node
if [ -e .node ]; then PATH="$(pwd)/.node/node_modules/.bin:$PATH"; fi
# The stamp is as old as the start of the build: what is edited meanwhile is built the next time.
touch ".setup.$$.ready" 2>/dev/null || exit 0
# An installed package has no sources and is built already.
if [ -e src/bin.ts ]; then
  install_packages
  if ! is_built; then
    say "building"
    quietly npm run --silent build
  fi
fi
mv -f ".setup.$$.ready" .ready
