"""From a command line to its command: `grammar` says what there is, argparse reads it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NoReturn

from featuregen.cli.grammar import COMMANDS
from featuregen.cli.run import DONE, USAGE, finish
from featuregen.errors import FeaturegenError
from featuregen.terminal import style_of, to_stderr, to_stdout

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from featuregen.cli.grammar import Argument, Command, Option

_HEAD = """Usage: featuregen COMMAND [ARGUMENTS] [OPTIONS]

Turn a feature spec in YAML into a complete, tested FastAPI feature.

Commands:
"""
_TAIL = """
Options:
  --help, -h                    Show this; 'featuregen COMMAND --help' says more.
  --version                     Print the version.
  --show-completion [SHELL]     Print the completion script: bash, zsh or fish.
  --install-completion [SHELL]  Install it for the shell in use, or the one named.

Exit codes: 0 done; 1 the spec, the project or the generated tests are at fault;
2 usage; 3 drift or conflict; 70 a bug in featuregen; 130 interrupted.
"""


def run_app(arguments: list[str]) -> int:
    """Run a command line; its exit code."""
    match arguments:
        case [name, *rest] if name in COMMANDS:
            return _run(COMMANDS[name], rest)
        case ["-h" | "--help" | "help"]:
            to_stdout(overview())
            return DONE
        case ["help", name] if name in COMMANDS:
            return _run(COMMANDS[name], ["--help"])
        case ["--version"]:
            from featuregen.version import VERSION

            to_stdout(f"featuregen {VERSION}\n")
            return DONE
        case ["_complete", *words]:
            from featuregen.cli.complete import candidates

            to_stdout("".join(f"{line}\n" for line in candidates(words)))
            return DONE
        case ["_apply", template, answers_file, *wishes]:
            from featuregen.cli.copying import apply_command

            return apply_command(template, answers_file, wishes)
        case ["_check", template, answers_file]:
            from featuregen.cli.copying import check_command

            return check_command(template, answers_file)
        case ["--show-completion" | "--install-completion" as wish, *shell] if len(shell) <= 1:
            from featuregen.cli.shells import completion_command

            return completion_command(shell[0] if shell else None, install="install" in wish)
        case []:
            to_stderr(overview())
            return USAGE
    return _refuse("featuregen", _no_command(arguments[0]), arguments)


def overview() -> str:
    """The help of featuregen as a whole."""
    wide = max(map(len, COMMANDS))
    lines = (f"  {command.name:<{wide}}  {command.summary}\n" for command in COMMANDS.values())
    return _HEAD + "".join(lines) + _TAIL


def _run(command: Command, arguments: list[str]) -> int:
    try:
        given = parse(command, arguments)
    except _HelpWantedError as wanted:
        to_stdout(str(wanted))
        return DONE
    except FeaturegenError as error:
        return _refuse(command.name, error, arguments)
    return command.run(given)


def _refuse(command: str, error: FeaturegenError, arguments: Sequence[str]) -> int:
    from featuregen.cli.faults import fault

    return finish(fault(command, error), json="--json" in arguments)


def _no_command(word: str) -> FeaturegenError:
    what = f"no such option: {word}" if word.startswith("-") else f"no such command: {word}"
    hint = "options stand after the command; " if word.startswith("-") else ""
    near = _did_you_mean(word, COMMANDS)
    return FeaturegenError(what, hint=f"{near or hint}see 'featuregen --help'", exit_code=USAGE)


def _did_you_mean(word: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(word, list(known), 1)
    return f"did you mean '{near[0]}'? " if near else ""


class _HelpWantedError(Exception):
    """`--help`: its text."""


def parse(command: Command, arguments: list[str]) -> Namespace:
    """The arguments of a command; raises `FeaturegenError` where they do not fit its grammar."""
    parser = _parser(command)
    if "--" in arguments:
        given, unknown = parser.parse_known_args(arguments)
    else:
        given, unknown = parser.parse_known_intermixed_args(arguments)
    if unknown:
        raise _unexpected(command, unknown[0])
    return given


def _unexpected(command: Command, word: str) -> FeaturegenError:
    option = word.startswith("-")
    known = [f"--{one.name}" for one in command.options]
    return _usage(
        command.name,
        f"no such option: {word}" if option else f"unexpected argument: {word}",
        _did_you_mean(word.partition("=")[0], known) if option else "",
    )


def _usage(name: str, what: str, hint: str = "") -> FeaturegenError:
    return FeaturegenError(what, hint=f"{hint}see 'featuregen {name} --help'", exit_code=USAGE)


def _parser(command: Command) -> ArgumentParser:
    import argparse

    class Parser(argparse.ArgumentParser):
        """Raises where argparse prints and exits."""

        def error(self, message: str) -> NoReturn:
            raise _usage(command.name, message)

        def print_help(self, _file: object = None) -> None:
            raise _HelpWantedError(self.format_help())

    # Told its width, the formatter need not import shutil to find it out.
    columns = style_of(sys.stdout).width
    parser = Parser(
        prog=f"featuregen {command.name}",
        description=command.summary,
        allow_abbrev=False,
        formatter_class=lambda prog: argparse.HelpFormatter(prog, width=columns - 2),
    )
    for argument in command.arguments:
        _add_argument(parser, argument)
    for option in command.options:
        _add_option(parser, option)
    return parser


def _add_argument(parser: ArgumentParser, argument: Argument) -> None:
    counts = {(True, True): "+", (True, False): "*", (False, False): "?"}
    parser.add_argument(
        argument.name,
        metavar=argument.metavar,
        help=argument.help,
        nargs=counts.get((argument.many, argument.required)),
        type=_types()[argument.kind],
    )


def _add_option(parser: ArgumentParser, option: Option) -> None:
    if option.kind == "flag":
        parser.add_argument(f"--{option.name}", action="store_true", help=option.help)
        return
    default = f" Default: {option.default}" if option.default else ""
    parser.add_argument(
        f"--{option.name}",
        metavar=option.metavar,
        action="append" if option.many else "store",
        help=option.help + default,
        default=option.default,
        type=_types()[option.kind],
    )


def _types() -> dict[str, Callable[[str], object]]:
    from pathlib import Path

    return {"text": str, "feature": str, "code": str, "spec": Path, "file": Path, "folder": _folder}


def _folder(text: str) -> Path:
    from argparse import ArgumentTypeError
    from pathlib import Path

    if Path(text).is_file():
        raise ArgumentTypeError(f"{text} is a file, not a folder")
    return Path(text)
