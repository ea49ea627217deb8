#!/usr/bin/env bash
# Sourced by startup.sh: activate_found activates the Python environments that the image, or the code in the current
# directory, has. bash 3.2 or newer.
# shellcheck disable=SC2034,SC2154 # told, image_home and project_home are startup.sh's

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
  export UV_PROJECT_ENVIRONMENT=$venv
  if [ -d "$venv" ] && [ ! -w "$venv" ]; then
    # The image's, and as the image has it.
    activate_venv "$venv"
    return
  fi
  uv sync --frozen --quiet || return
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
