# shellcheck shell=bash
# Completion of ktb, kube-toolbox and, in a project with config/launch.yaml, of make. Put this line into ~/.bashrc:
#   source <(ktb completion shell=bash)
# Keeps to bash 3.2.

# The words up to the cursor, split at spaces only: bash itself would split `name=value` at the `=`.
_ktb_words() {
  local so_far=${COMP_LINE:0:COMP_POINT} IFS=$' \t\n'
  read -ra _ktb_typed <<<"$so_far"
  case $so_far in *[[:space:]]) _ktb_typed+=('') ;; esac
}

# Turns candidates, one a line on standard input, into COMPREPLY.
_ktb_reply() {
  local candidate _ current=${_ktb_typed[${#_ktb_typed[@]} - 1]} split=${COMP_WORDS[COMP_CWORD]}
  # Bash replaces only what follows the last `=` or `:` of the word.
  case $split in [=:]) split= ;; esac
  local before=${current%"$split"}
  COMPREPLY=()
  while IFS=$'\t' read -r candidate _; do
    COMPREPLY+=("${candidate#"$before"}")
  done
  case ${COMPREPLY[0]-} in
    *[=/]) if type compopt >/dev/null 2>&1; then compopt -o nospace; fi ;;
  esac
}

_ktb() {
  local -a _ktb_typed
  local IFS=$'\n'
  _ktb_words
  _ktb_reply < <("${_ktb_typed[0]}" completion "complete=${_ktb_typed[*]:1}" 2>/dev/null)
}
complete -F _ktb ktb kube-toolbox

# What completed make before, so that other projects keep it.
_ktb_make_before=$(complete -p make 2>/dev/null | sed -n 's/.* -F \([^ ]*\) .*/\1/p')
case $_ktb_make_before in '' | _ktb_make | _minimal) _ktb_make_before=_make ;; esac

_ktb_make() {
  local -a _ktb_typed
  local IFS=$'\n'
  _ktb_words
  if [ -e config/launch.yaml ] && [ ${#_ktb_typed[@]} -ge 2 ]; then
    _ktb_reply < <(make -s --no-print-directory completion "complete=${_ktb_typed[*]:1}" 2>/dev/null)
    [ ${#COMPREPLY[@]} -eq 0 ] || return 0
  fi
  unset IFS
  if ! type "$_ktb_make_before" >/dev/null 2>&1; then
    # The package bash-completion loads a command's completion when it is first asked for, and then registers it.
    if type _comp_load >/dev/null 2>&1; then _comp_load make; fi
    if type _completion_loader >/dev/null 2>&1; then _completion_loader make; fi
    complete -o bashdefault -o default -F _ktb_make make
  fi
  if type "$_ktb_make_before" >/dev/null 2>&1; then "$_ktb_make_before" "$@"; fi
}
complete -o bashdefault -o default -F _ktb_make make
