"""Questions on stderr, answers from stdin, line by line: the same on a terminal and in a pipe."""

from __future__ import annotations

import sys

from featuregen.errors import FeaturegenError
from featuregen.terminal import is_terminal, style_of, to_stderr, visible

STOP = frozenset({"q", "quit", "exit"})
HELP = frozenset({"?", "help"})
BACK = frozenset({"<", "back"})


def say(text: str) -> None:
    """A line for the person."""
    to_stderr(f"{text}\n")


def ask(text: str) -> str | None:
    """What the person answers, without white space around it; None at the end of the input."""
    to_stderr(style_of(sys.stderr).paint(text, "bold") + " ")
    if sys.stdin is None:
        return None
    try:
        line = sys.stdin.readline()
        line.encode()  # other bytes may have come in as surrogates
    except UnicodeError as error:
        raise FeaturegenError("the answer is not UTF-8 text") from error
    if not line:
        to_stderr("\n")
        return None
    if not is_terminal(sys.stdin):
        say(visible(line.rstrip("\n")))  # a terminal shows it, a pipe does not
    return line.strip()


def in_one_line(error: FeaturegenError) -> str:
    """A fault in one line, with what to do."""
    return f"{error.what}; {error.hint}" if error.hint else error.what
