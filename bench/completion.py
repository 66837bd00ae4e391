"""The script that completes names in a shell: click's, and for bash one that knows what bash does to colons."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

VARIABLE = "_BENCH_COMPLETE"

# bash breaks words at : and =, and puts what is answered in place of what follows the last break
BASH = r"""
_bench_completion() {
    local IFS=$'\n' word last words=()
    for word in "${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
        if [[ ${#words[@]} -gt 0 && ( $word == [:=]* || ${words[-1]} == *[:=] ) ]]; then
            words[-1]+=$word
        else
            words+=("$word")
        fi
    done
    last=${words[-1]#--*=}
    [[ $COMP_WORDBREAKS == *:* ]] && last=${last%"${last##*:}"} || last=
    local COMP_WORDS=("${words[@]}") COMP_CWORD=$((${#words[@]} - 1))
    _bench_answers "$1"
    COMPREPLY=("${COMPREPLY[@]#"$last"}")
}
"""


def script(shell: str, command: click.Command) -> str:
    """What a user of ``shell`` (bash, zsh or fish) evaluates, so that the words of ``command``, bench, complete."""
    kind = get_completion_class(shell)
    assert kind
    text = kind(command, {}, "bench", VARIABLE).source()
    if shell != "bash":
        return text
    return text.replace("_bench_completion() {", "_bench_answers() {") + BASH
