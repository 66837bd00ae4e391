"""The script that completes names in a shell: click's, with what it does not know of each shell around it.

What bench cannot answer is a file or a folder, as it is where no script was loaded.
"""

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

# zsh puts what is answered in place of the whole word, of --impl=NAME too, unless it is told what to leave; and does
# not heed that where answers are added without matching (-U)
ZSH = r"""_bench_completion() {
    compset -P '--*='
    _bench_answers
    (( compstate[nmatches] )) || { compset -P '*='; _files; }
}

"""

# fish takes only answers that begin as the whole word does; '' is a command of which it knows nothing but files
FISH = r"""
function _bench_completion;
    set -l word (commandline --current-token);
    set -l answers (_bench_answers);
    if set -q answers[1];
        printf '%s\n' (string match --regex -- '^--[^=]*=' $word; or echo)$answers;
    else;
        set -l path (string replace --regex -- '^.*=' '' $word);
        printf '%s\n' (string match --regex -- '^.*=' $word; or echo)(complete --do-complete "'' $path");
    end;
end;
"""


def script(shell: str, command: click.Command) -> str:
    """What a user of ``shell`` (bash, zsh or fish) evaluates, so that the words of ``command``, bench, complete."""
    kind = get_completion_class(shell)
    assert kind
    text = kind(command, {}, "bench", VARIABLE).source()
    if shell == "zsh":
        text = text.replace("compadd -U ", "compadd ")
        return text.replace("_bench_completion() {", ZSH + "_bench_answers() {")
    if shell == "fish":  # a name may hold commas of its own
        text = text.replace('string split ","', 'string split --max 1 ","')
        return text.replace("function _bench_completion;", "function _bench_answers;") + FISH
    text = text.replace("complete -o nosort", "complete -o nosort -o default")
    return text.replace("_bench_completion() {", "_bench_answers() {") + BASH
