#!/bin/sh
# What an image needs beside /opt/toolbox to be somebody's home in a pod: git and ssh for the code, zsh and sudo
# for the shell. Debian and its kin, as root, while an image is built. POSIX sh.
#
#   setup-image.sh [PACKAGE…]     further Debian packages
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install --yes --no-install-recommends bash ca-certificates git gzip openssh-client sudo tar zsh "$@"
rm -rf /var/lib/apt/lists/*
