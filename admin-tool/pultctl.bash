# SPDX-License-Identifier: EUPL-1.2
# shellcheck shell=bash
# Completion for bash: pultctl itself knows what may come next.
_pultctl() {
  local word typed=${COMP_WORDS[COMP_CWORD]}
  COMPREPLY=()
  while read -r word; do
    if [[ $word == "$typed"* ]]; then COMPREPLY+=("$word"); fi
  done < <("$1" complete -- "${COMP_WORDS[@]:1:COMP_CWORD-1}" 2>/dev/null)
  if [[ ${COMPREPLY[0]-} == *= ]]; then compopt -o nospace 2>/dev/null || true; fi
}
complete -F _pultctl pultctl
