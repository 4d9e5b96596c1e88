"""The building blocks of `grammar`: what may stand in a place, for the check and for the schema.

Without `__eq__` and `__repr__`, which nobody needs here: a dataclass costs time at every start.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, eq=False, repr=False)
class Text:
    """Text. `what` completes "expected …"; `code` is reported where `pattern` does not match."""

    what: str = "text"
    pattern: str | None = None
    choices: tuple[str, ...] = ()
    code: str = "FG104"
    hint: str | None = None
    words: tuple[str, ...] = ()
    """Of what the pattern allows, what a slip may have meant."""
    checked_later: bool = (
        False  # `pattern` is for editors; a check further on says more exactly what is wrong
    )


@dataclass(frozen=True, eq=False, repr=False)
class Flag:
    """`true` or `false`."""


@dataclass(frozen=True, eq=False, repr=False)
class Whole:
    """A whole number within bounds."""

    what: str
    least: int
    most: int


@dataclass(frozen=True, eq=False, repr=False)
class Number:
    """Any number that JSON can hold, at least `least`."""

    what: str = "a number"
    least: float | None = None


@dataclass(frozen=True, eq=False, repr=False)
class Anything:
    """Any JSON value."""


@dataclass(frozen=True, eq=False, repr=False)
class Listing:
    """A list of values of one shape."""

    item: Shape
    what: str
    least: int = 0


@dataclass(frozen=True, eq=False, repr=False)
class Names:
    """A mapping whose keys the spec's author chooses."""

    key: Text
    value: Shape
    what: str
    least: int = 0
    numbers: bool = False  # keys may be whole numbers: statuses


@dataclass(frozen=True, eq=False, repr=False)
class Key:
    """A key of a `Record`."""

    shape: Shape
    about: str
    required: bool = False


@dataclass(frozen=True, eq=False, repr=False)
class Record:
    """A mapping with fixed keys. `title` names it in messages and in the schema."""

    title: str
    keys: dict[str, Key]
    elsewhere: dict[str, str] | None = None  # keys that belong somewhere else: where
    some_of: tuple[str, ...] = ()  # at least one of these keys must be there
    short: str | None = None  # the key that a text in the record's place was meant for


@dataclass(frozen=True, eq=False, repr=False)
class Variants:
    """One of several records, told apart by the key that each must have."""

    what: str
    records: dict[str, Record]


@dataclass(frozen=True, eq=False, repr=False)
class Either:
    """Different shapes for different kinds of node: a shorthand and its long form."""

    what: str
    options: tuple[Shape, ...]


Shape: TypeAlias = (
    Text | Flag | Whole | Number | Anything | Listing | Names | Record | Variants | Either
)
