"""What a stream can show, and writing to it without surprises."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import IO

from featuregen.errors import FeaturegenError

_MIN_WIDTH = 20
_MAX_WIDTH = 120
_PIPE_WIDTH = 100
_USUAL_WIDTH = 80  # of a terminal that does not tell
_MINUTE = 60
_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


@dataclass(frozen=True, slots=True)
class Style:
    """How to write for one stream. Plain is the default: what goes to files and pipes."""

    color: bool = False
    unicode: bool = True
    width: int = _PIPE_WIDTH

    def paint(self, text: str, *names: str) -> str:
        """`text` in these of `_CODES`; as it is where there is no colour."""
        if not self.color or not text:
            return text
        codes = ";".join(_CODES[name] for name in names)
        return f"\x1b[{codes}m{text}\x1b[0m"

    @property
    def ok(self) -> str:
        return "✓" if self.unicode else "ok"

    @property
    def failed(self) -> str:
        return "✗" if self.unicode else "FAILED"

    @property
    def ellipsis(self) -> str:
        return "…" if self.unicode else "..."


def style_of(stream: IO[str]) -> Style:
    """What this stream shows. `NO_COLOR` and `FORCE_COLOR` decide before what it is."""
    terminal = is_terminal(stream)
    return Style(
        color=_wants_color(terminal=terminal), unicode=speaks_unicode(stream), width=_width(stream)
    )


def is_terminal(stream: IO[str]) -> bool:
    """False as well for a stream that is closed or was never there."""
    try:
        return stream.isatty()
    except (AttributeError, ValueError):
        return False


def can_move_cursor(stream: IO[str]) -> bool:
    """A line can be drawn again in its place."""
    return is_terminal(stream) and os.environ.get("TERM") != "dumb"


def speaks_unicode(stream: IO[str]) -> bool:
    """The stream's encoding has every character."""
    return (getattr(stream, "encoding", None) or "").lower().replace("-", "").startswith("utf")


def _wants_color(*, terminal: bool) -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return terminal and os.environ.get("TERM") != "dumb"


def _width(stream: IO[str]) -> int:
    if not is_terminal(stream):
        return _PIPE_WIDTH
    columns = os.environ.get("COLUMNS", "")
    if columns.isdigit() and int(columns) > 0:
        width = int(columns)
    else:
        try:
            width = os.get_terminal_size(stream.fileno()).columns or _USUAL_WIDTH
        except (OSError, ValueError):
            width = _USUAL_WIDTH
    return max(_MIN_WIDTH, min(width, _MAX_WIDTH))


def visible(text: str) -> str:
    """Text of unknown origin, on one line: what a terminal would obey or hide is shown by code."""
    if text.isprintable():
        return text
    from featuregen import diagnostics  # the one place that knows how; not imported for plain text

    return diagnostics.visible(text)


def visible_lines(text: str) -> str:
    """Like `visible`, for a text of several lines."""
    return "\n".join(visible(line) for line in text.replace("\r\n", "\n").split("\n"))


def width(text: str) -> int:
    """Columns that `text` takes on a terminal."""
    if text.isascii():
        return len(text)
    from featuregen import diagnostics

    return diagnostics.width(text)


def fit(text: str, columns: int, style: Style) -> str:
    """`text`, cut so that it takes no more than `columns`."""
    if width(text) <= columns:
        return text
    room = max(columns - len(style.ellipsis), 0)
    kept = text[:room]
    while width(kept) > room:
        kept = kept[:-1]
    return kept + style.ellipsis


def duration(seconds: float) -> str:
    """`240 ms`, `3.2 s`, `2 min 5 s`."""
    if round(seconds, 3) < 1:
        return f"{seconds * 1000:.0f} ms"
    if round(seconds, 1) < _MINUTE:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), _MINUTE)
    return f"{minutes} min {rest} s"


def accept_any_text(stream: IO[str]) -> None:
    """A character that the stream's encoding lacks is written escaped; it never stops a run."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")


def write(stream: IO[str], text: str) -> None:
    """Write and flush. A reader that has gone (`| head`) is no fault: the rest goes nowhere.

    Raises `FeaturegenError` where nothing can be written: the disk is full, say.
    """
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        _forget(stream)
    except OSError as reason:
        _forget(stream)
        raise FeaturegenError(f"cannot write the output: {reason.strerror}") from reason


def _forget(stream: IO[str]) -> None:
    """Point the stream to nowhere, so that the interpreter's last flush does not complain."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, stream.fileno())
    finally:
        os.close(nowhere)


def to_stdout(text: str) -> None:
    write(sys.stdout, text)


def to_stderr(text: str) -> None:
    write(sys.stderr, text)
