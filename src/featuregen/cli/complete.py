"""What can come next on a command line: for the scripts in `shells`, one candidate on a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.cli.grammar import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from featuregen.cli.grammar import Argument, Command, Option

FILES, FOLDERS = ":files", ":folders"
"""Instead of candidates: the shell knows better."""

_GENERAL = ("--help", "--version", "--show-completion", "--install-completion")


def candidates(words: list[str]) -> tuple[str, ...]:
    """For the words after `featuregen`, the last one unfinished: `word<TAB>description`."""
    *before, incomplete = words or [""]
    found = _candidates(before, incomplete)
    return tuple(one for one in found if one.startswith((incomplete, ":")))


def _candidates(before: list[str], incomplete: str) -> Iterable[str]:
    match before:
        case []:
            commands = (f"{one.name}\t{one.summary}" for one in COMMANDS.values())
            return _GENERAL if incomplete.startswith("-") else commands
        case ["--show-completion" | "--install-completion"]:
            return ("bash", "zsh", "fish")
        case [name, *given] if name in COMMANDS:
            return _of_command(COMMANDS[name], given, incomplete)
    return ()


def _of_command(command: Command, given: list[str], incomplete: str) -> Iterable[str]:
    valued = {f"--{one.name}": one for one in command.options if one.kind != "flag"}
    if given and given[-1] in valued:
        return _of_one(valued[given[-1]], given)
    if incomplete.startswith("-"):
        fresh = (one for one in command.options if one.many or f"--{one.name}" not in given)
        return (f"--{one.name}\t{one.help}" for one in fresh)
    taken = _positional(given, valued)
    place = min(len(taken), len(command.arguments) - 1)
    if place < 0 or (len(taken) > place and not command.arguments[place].many):
        return ()
    return _of_one(command.arguments[place], given)


def _positional(given: list[str], valued: Iterable[str]) -> list[str]:
    """The words that are neither options nor their values."""
    pairs = zip(["", *given], given, strict=False)
    return [word for last, word in pairs if not word.startswith("-") and last not in valued]


def _of_one(one: Argument | Option, given: list[str]) -> Iterable[str]:
    match one.kind:
        case "text":
            return (word for word in one.words if word not in given)
        case "spec" | "file":
            return (FILES,)
        case "folder":
            return (FOLDERS,)
        case "feature":
            return _features(given)
        case "code":
            from featuregen.spec.catalogue import CATALOGUE

            return (f"{entry.code}\t{entry.title}" for entry in CATALOGUE.values())
    return ()


def _features(given: list[str]) -> Iterator[str]:
    """By the locks in the project that `--into` names, or that the folder is in."""
    from pathlib import Path

    root = Path(given[given.index("--into") + 1] if "--into" in given[:-1] else ".").absolute()
    homes = (folder / ".featuregen" for folder in (root, *root.parents))
    home = next((home for home in homes if home.is_dir()), root)
    for lock in sorted(home.glob("*.lock")):
        if lock.stem not in given and lock.stem != "project":
            yield lock.stem
