"""How diagnostics look to people: an excerpt with a caret, a hint, and `explain` for every code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from featuregen.spec.catalogue import CATALOGUE, Entry

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from featuregen.errors import Diagnostic

_TAB = "    "
_WIDTH = 100
_LEAD = 40  # characters kept before the caret where a line is cut
_LONGEST_CARET = 80
_COLORS = {"error": "\033[1;31m", "warning": "\033[1;33m", "help": "\033[36m", "dim": "\033[2m"}
_BOLD, _RESET = "\033[1m", "\033[0m"


def render(diagnostics: Iterable[Diagnostic], source_text: str, *, color: bool = False) -> str:
    """All diagnostics as text for a terminal; ends with a newline, or is empty.

    Nothing of the spec reaches the terminal unescaped: control, bidi and invisible characters are
    shown by their code points.
    """
    lines = re.split(r"\r\n|\n|\r", source_text.removeprefix("\ufeff"))
    blocks = [_block(diagnostic, lines, color=color) for diagnostic in diagnostics]
    return "\n".join(blocks)


def explain(code: str) -> str | None:
    """What a code means, with a wrong and a right example, as Markdown; None for an unknown one."""
    entry = CATALOGUE.get(code.upper())
    return _explained(entry) if entry else None


def catalogue_markdown() -> str:
    """`docs/diagnostics.md`: every code with its explanation."""
    intro = (
        "# Diagnostics\n\n"
        "Every message about a spec has a code. `featuregen explain FG103` prints what is written\n"
        "here. Codes keep their meaning between versions. This file is made from\n"
        "`featuregen.spec.catalogue`; a test keeps the two equal.\n"
    )
    parts = [intro]
    family = ""
    for entry in CATALOGUE.values():
        if entry.code[:3] != family:
            family = entry.code[:3]
            parts.append(f"## {family}xx: {_FAMILIES[family]}\n")
        parts.append(f"##{_explained(entry)}")
    return "\n".join(parts)


_FAMILIES = {
    "FG1": "the document and its structure",
    "FG2": "references",
    "FG3": "fields and their values",
    "FG4": "names",
    "FG5": "operations",
    "FG6": "rules",
    "FG7": "examples",
    "FG8": "warnings",
    "FG9": "changes of what is stored",
}


def _explained(entry: Entry) -> str:
    return (
        f"# {entry.code}: {entry.title}\n\n{entry.explanation}\n\n"
        f"Wrong:\n\n```yaml\n{entry.wrong}\n```\n\nRight:\n\n```yaml\n{entry.right}\n```\n"
    )


def _block(diagnostic: Diagnostic, lines: Sequence[str], *, color: bool) -> str:
    position = diagnostic.position
    label = f"{diagnostic.severity}[{diagnostic.code}]"
    where = f"{visible(diagnostic.file)}:{position.line}:{position.column}"
    place = _paint(where, "bold", color=color)
    kind = _paint(label, diagnostic.severity, color=color)
    block = [f"{place}: {kind}: {visible(diagnostic.message)}"]
    if position.line <= len(lines) and lines[position.line - 1].strip():
        block += _excerpt(lines[position.line - 1], diagnostic, color=color)
    if diagnostic.hint:
        block.append(f"{_paint('help', 'help', color=color)}: {visible(diagnostic.hint)}")
    return "\n".join(block) + "\n"


def _excerpt(line: str, diagnostic: Diagnostic, *, color: bool) -> list[str]:
    start = min(diagnostic.position.column - 1, len(line))
    end = min(start + diagnostic.position.length, len(line))
    begin = max(start - _LEAD, 0) if len(line) > _WIDTH else 0
    before = ("…" if begin else "") + visible(line[begin:start])
    marked = visible(line[start : min(end, start + _WIDTH)])
    room = max(_WIDTH - width(before), 10)
    if width(marked) > min(room, _LONGEST_CARET):
        marked = _cut(marked, min(room, _LONGEST_CARET))
        after = ""
    else:
        after = visible(line[end : end + _WIDTH])
        rest = max(room - width(marked), 0)
        after = after if width(after) <= rest else _cut(after, rest)
    number = str(diagnostic.position.line)
    gutter = " " * len(number)
    carets = "^" * max(width(marked), 1)
    bar = _paint("|", "dim", color=color)
    return [
        f"{_paint(number, 'dim', color=color)} {bar} {before}{marked}{after}".rstrip(),
        f"{gutter} {bar} {' ' * width(before)}{_paint(carets, diagnostic.severity, color=color)}",
    ]


def visible(text: str) -> str:
    """Text that a terminal shows as it is: tabs as spaces, what is not printable as code points."""
    return "".join(_visible(char) for char in text)


def _visible(char: str) -> str:
    if char == "\t":
        return _TAB
    # Not printable: control, format (bidi marks), surrogates, separators but the space, unassigned.
    return char if char.isprintable() else f"<U+{ord(char):04X}>"


def width(text: str) -> int:
    """Columns on a terminal: wide characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    import unicodedata

    columns = 0
    for char in text:
        if unicodedata.combining(char):
            continue
        columns += 2 if unicodedata.east_asian_width(char) in "WF" else 1
    return columns


def _cut(text: str, columns: int) -> str:
    kept = ""
    for char in text:
        if width(kept + char) >= columns:
            break
        kept += char
    return f"{kept}…"


def _paint(text: str, style: str, *, color: bool) -> str:
    if not color:
        return text
    return f"{_BOLD if style == 'bold' else _COLORS[style]}{text}{_RESET}"
