"""The small language of `send` and `receive`: `amount|minor_units(currency)`, `=card`, `user.id`.

    source  = "=" literal | name { "." name } { "|" pipe }
    pipe    = name [ "(" argument { "," argument } ")" ]

What the names stand for is looked up in `calls`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from featuregen.spec.model import Pipe, Source
from featuregen.spec.suggest import did_you_mean_or_list

if TYPE_CHECKING:
    from typing import Literal, TypeAlias

    PipeName: TypeAlias = Literal[
        "minor_units", "from_minor_units", "from_unix", "map", "lower", "upper", "str", "isoformat"
    ]

PIPES = (
    "minor_units",
    "from_minor_units",
    "from_unix",
    "map",
    "lower",
    "upper",
    "str",
    "isoformat",
)
_NAME = re.compile(r"[A-Za-z0-9_$@-]+(?:\.[A-Za-z0-9_$@-]+)*")
_PIPE = re.compile(r"\s*([A-Za-z_]+)\s*(?:\(([^()|]*)\))?\s*")
_MOST_PIPES = 5


class MappingError(Exception):
    """`text[offset : offset + length]` is not what a mapping can say."""

    def __init__(self, message: str, offset: int, length: int, hint: str | None = None) -> None:
        super().__init__(message)
        self.message, self.offset, self.length, self.hint = message, offset, length, hint


def parse_source(text: str) -> Source:
    """A source whose names are not looked up yet: its kind is "upstream" or "literal"."""
    if text.startswith("="):
        return Source("literal", literal=text[1:])
    head, bar, rest = text.partition("|")
    name = head.strip()
    if not _NAME.fullmatch(name):
        raise MappingError(
            f"'{name}' is not a name",
            0,
            len(head),
            'a literal begins with "=", a name is dotted: metadata.user_id',
        )
    pipes: list[Pipe] = []
    offset = len(head) + len(bar)
    for piece in rest.split("|") if bar else ():
        pipes.append(_pipe(piece, offset))
        offset += len(piece) + 1
    if len(pipes) > _MOST_PIPES:
        raise MappingError(f"a source has at most {_MOST_PIPES} pipes", 0, len(text))
    return Source("upstream", tuple(name.split(".")), pipes=tuple(pipes))


def _pipe(piece: str, offset: int) -> Pipe:
    match = _PIPE.fullmatch(piece)
    if match is None:
        raise MappingError(
            f"'{piece.strip()}' is not a pipe",
            offset,
            len(piece),
            "such as |lower or |minor_units(currency)",
        )
    name, inner = match[1], match[2]
    if name not in PIPES:
        raise MappingError(
            f"unknown pipe '{name}'",
            offset + match.start(1),
            len(name),
            did_you_mean_or_list(name, PIPES),
        )
    kind = cast("PipeName", name)
    arguments = (
        tuple(part.strip() for part in inner.split(","))
        if inner is not None and inner.strip()
        else ()
    )
    if name == "map":
        return Pipe(kind, table=_table(arguments, offset, len(piece)))
    wanted = 1 if name in ("minor_units", "from_minor_units") else 0
    if len(arguments) != wanted:
        example = f"{name}(currency)" if wanted else name
        raise MappingError(
            f"'{name}' takes {_count(wanted)}", offset, len(piece), f"write |{example}"
        )
    for argument in arguments:
        if not _NAME.fullmatch(argument):
            raise MappingError(
                f"'{argument}' is not a name", offset + match.start(2), len(inner or "")
            )
    return Pipe(kind, args=arguments)


def _table(arguments: tuple[str, ...], offset: int, length: int) -> tuple[tuple[str, str], ...]:
    table: dict[str, str] = {}
    for argument in arguments:
        theirs, equals, ours = (part.strip() for part in argument.partition("="))
        if not equals or not theirs or not ours:
            raise MappingError(
                f"'{argument}' is not a pair",
                offset,
                length,
                "write |map(theirs=ours, *=otherwise)",
            )
        if theirs in table:
            raise MappingError(f"'{theirs}' is mapped twice", offset, length)
        table[theirs] = ours
    if not table:
        raise MappingError(
            "'map' needs pairs", offset, length, "write |map(theirs=ours, *=otherwise)"
        )
    return tuple(table.items())


def _count(number: int) -> str:
    return "one argument" if number == 1 else "no arguments"
