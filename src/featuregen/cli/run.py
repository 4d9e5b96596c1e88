"""Runs one command: prints what it comes to, or what stopped it, and decides the exit code."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from featuregen.errors import FeaturegenError
from featuregen.terminal import accept_any_text, style_of, to_stderr, to_stdout

if TYPE_CHECKING:
    from types import FrameType

    from featuregen.documents import Document
    from featuregen.terminal import Style

DONE, FAULT, USAGE, CONFLICT, BUG, INTERRUPTED = 0, 1, 2, 3, 70, 130


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command comes to, for people or as a document; only the one asked for is made."""

    text: Callable[[Style], str]
    document: Callable[[], Document]
    remarks: Callable[[Style], str] = lambda _: ""
    """For people, on stderr, in both forms: diagnostics."""
    exit_code: int = DONE


def prepare() -> None:
    """What holds for the whole process: any text can be written, a polite kill ends like Ctrl-C."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the caller: `>&-`
            nowhere = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - for good
            setattr(sys, name, nowhere)
        accept_any_text(getattr(sys, name))
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, _interrupt)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def run(command: str, body: Callable[[], Outcome], *, json: bool = False) -> int:
    """The exit code of the command, after everything is printed."""
    try:
        return finish(body(), json=json)
    except FeaturegenError as error:
        from featuregen.cli.faults import fault

        outcome = fault(command, error)
    except KeyboardInterrupt:
        from featuregen.cli.faults import interruption

        outcome = interruption(command)
    except Exception as error:  # noqa: BLE001 - the last resort: a bug is told, never a traceback
        from featuregen.cli.faults import bug

        outcome = bug(command, error, full=bool(os.environ.get("FEATUREGEN_TRACEBACK")))
    return finish(outcome, json=json)


def finish(outcome: Outcome, *, json: bool) -> int:
    """Print what a command came to; its exit code."""
    remarks = outcome.remarks(style_of(sys.stderr))
    text = _json(outcome) if json else outcome.text(style_of(sys.stdout))
    if remarks:
        to_stderr(remarks)
    if text:
        to_stdout(text)
    return outcome.exit_code


def _json(outcome: Outcome) -> str:
    from featuregen.documents import as_json

    return as_json(outcome.document())
