#!/usr/bin/env bash
# Installs the Debian packages that the tests need (.ci/apt-packages) where they are missing. Only on Debian
# and its kin, only as root; otherwise it says what to install.
set -euo pipefail
cd "$(dirname "$0")/.."

command -v dpkg-query >/dev/null 2>&1 || exit 0
missing=()
while read -r package _; do
  case $package in '' | '#'*) continue ;; esac
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done <.ci/apt-packages
# kubectl comes from several places; Debian's package would clash with the others.
command -v kubectl >/dev/null 2>&1 || missing+=(kubernetes-client)
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
  echo "the tests need Debian packages that are missing; install them, then try again:" >&2
  echo "  sudo apt-get install -y ${missing[*]}" >&2
  exit 1
fi
echo "installing Debian packages for the tests: ${missing[*]}" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
if ! { apt-get update && apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 </dev/null; then
  tail -n 30 "$log" >&2
  echo "apt-get could not install: ${missing[*]}" >&2
  exit 1
fi
