#compdef ktb kube-toolbox
# Completion of ktb, kube-toolbox and, in a project with config/launch.yaml, of make. Put this line into ~/.zshrc, after
# `autoload -U compinit; compinit`:
#   source <(ktb completion shell=zsh)

# Offers the candidates on standard input, `word TAB description` a line; fails if there are none.
_ktb_offer() {
  local line word
  local -a words texts open_words open_texts
  while IFS= read -r line; do
    word=${line%%$'\t'*}
    case $word in
      (*[=/]) open_words+=("$word") open_texts+=("${line/$'\t'/  }") ;;
      (*) words+=("$word") texts+=("${line/$'\t'/  }") ;;
    esac
  done
  (( $#words + $#open_words )) || return 1
  # The word goes on after `=` or `/`, so no space there.
  (( $#open_words )) && compadd -S '' -l -d open_texts -a open_words
  (( $#words )) && compadd -l -d texts -a words
  return 0
}

_ktb() {
  local IFS=$'\n'
  local typed="${(F)words[2,CURRENT-1]}"
  (( CURRENT > 2 )) && typed+=$'\n'
  _ktb_offer < <($words[1] completion "complete=$typed$PREFIX" 2>/dev/null)
}

_ktb_make() {
  if [[ -e config/launch.yaml ]]; then
    local typed="${(F)words[2,CURRENT-1]}"
    (( CURRENT > 2 )) && typed+=$'\n'
    _ktb_offer < <(make -s --no-print-directory completion "complete=$typed$PREFIX" 2>/dev/null) && return
  fi
  _make "$@"
}

compdef _ktb ktb kube-toolbox
compdef _ktb_make make
