"""Completion scripts for bash, zsh and fish, and where each shell looks for them."""

from __future__ import annotations

import os
from pathlib import Path

from featuregen.cli.run import USAGE, Outcome, run
from featuregen.errors import FeaturegenError

_BASH = r"""_featuregen() {
    local found IFS=$'\n'
    found=$("$1" _complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
    COMPREPLY=()
    case $found in
        :files) compopt -o default ;;
        :folders) compopt -o dirnames ;;
        *) COMPREPLY=($found); COMPREPLY=("${COMPREPLY[@]%%$'\t'*}") ;;
    esac
}
complete -F _featuregen featuregen
"""

_ZSH = r"""#compdef featuregen
_featuregen() {
    local -a found
    found=("${(@f)$("$words[1]" _complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    case $found[1] in
        :files) _files ;;
        :folders) _files -/ ;;
        '') ;;
        *)
            found=("${(@)found//:/\\:}")
            found=("${(@)found/$'\t'/:}")
            _describe featuregen found
            ;;
    esac
}
if [[ $funcstack[1] == _featuregen ]]; then
    _featuregen "$@"
else
    compdef _featuregen featuregen
fi
"""

_FISH = r"""function __featuregen_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l found ($words[1] _complete $words[2..] "$current" 2>/dev/null)
    switch "$found[1]"
        case :files
            __fish_complete_path "$current"
        case :folders
            __fish_complete_directories "$current"
        case '*'
            printf '%s\n' $found
    end
end
complete -c featuregen -f -a '(__featuregen_complete)'
"""

SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


def completion_command(shell: str | None, *, install: bool) -> int:
    """Print the script of a shell, or put it where that shell finds it."""
    return run("completion", lambda: _completion(shell or _shell_in_use(), install=install))


def _completion(shell: str, *, install: bool) -> Outcome:
    script = SCRIPTS.get(shell)
    if script is None:
        raise FeaturegenError(
            f"no completion for the shell '{shell}'",
            hint=f"name one of {', '.join(SCRIPTS)}, as in: featuregen --show-completion bash",
            exit_code=USAGE,
        )
    text = _install(shell, script) if install else script
    return Outcome(text=lambda _: text, document=dict)


def _shell_in_use() -> str:
    """The shell that started us where the system tells, else the user's own."""
    try:
        name = Path(f"/proc/{os.getppid()}/comm").read_text(encoding="utf-8").strip()
    except OSError:
        name = ""
    return name if name in SCRIPTS else Path(os.environ.get("SHELL", "")).name


def _install(shell: str, script: str) -> str:
    home = Path.home()
    match shell:
        case "fish":
            config = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
            place, start, lines = config / "fish/completions/featuregen.fish", None, ""
        case "zsh":
            folder = Path(os.environ.get("ZDOTDIR") or home)
            place, start = folder / ".zfunc/_featuregen", folder / ".zshrc"
            lines = f"fpath+={_quoted(place.parent)}\nautoload -Uz compinit && compinit\n"
        case _:
            place, start = home / ".bash_completions/featuregen.sh", home / ".bashrc"
            lines = f"source {_quoted(place)}\n"
    _write(place, script)
    if start is not None:
        _add_once(start, lines)
    return f"{shell} completion installed in {place}; it works in the next shell\n"


def _quoted(path: Path) -> str:
    from shlex import quote

    return quote(str(path))


def _write(place: Path, text: str) -> None:
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    except OSError as reason:
        raise FeaturegenError(
            f"cannot write the script: {reason.strerror}", where=str(place)
        ) from reason


def _add_once(start: Path, lines: str) -> None:
    """Lines of a shell's start file, unless they stand there."""
    present = start.read_text(encoding="utf-8", errors="surrogateescape") if start.exists() else ""
    if lines not in present:
        gap = "" if not present or present.endswith("\n") else "\n"
        try:
            with start.open("a", encoding="utf-8") as file:
                file.write(gap + lines)
        except OSError as reason:
            raise FeaturegenError(f"cannot write: {reason.strerror}", where=str(start)) from reason
