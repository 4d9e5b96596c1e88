"""Text that a regular expression matches, and text that it just does not.

Walks the tree of Python's own parser and checks every result with `re`, so that an answer is right
or absent. Patterns are read by pydantic's Rust engine, where `$` is the very end.
"""

from __future__ import annotations

import re
import warnings
from functools import lru_cache
from typing import Any

_MOST = 64
_KEPT = 1024  # answers: specs ask for the same few patterns over and over, and a walk takes long
_COMMON = "a0A-_. @/:b1B"
_CATEGORIES = {
    "CATEGORY_DIGIT": "0123456789",
    "CATEGORY_WORD": "abcxyzABCXYZ0123456789_",
    "CATEGORY_SPACE": " \t",
    "CATEGORY_NOT_DIGIT": "abcxyzABC-_ ",
    "CATEGORY_NOT_WORD": "-. @/:",
    "CATEGORY_NOT_SPACE": "abcxyzABC0123456789",
}
_CONTROLS = [*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F]


@lru_cache(maxsize=_KEPT)
def matching(
    pattern: str, *, index: int = 0, shortest: int = 0, longest: int | None = None
) -> str | None:
    """Return a text that the pattern matches, between those lengths; None if none was found.

    Different `index`es give different texts where the pattern leaves a choice.
    """
    for repeats in _lengths(shortest, longest):
        for shift in (index, index + 1, index + 7, 0):
            text = _generated(pattern, shift, repeats)
            if text is None:
                return None
            for candidate in (text, _padded(text, shortest, pattern)):
                if _fits(candidate, pattern, shortest, longest):
                    return candidate
    return None


@lru_cache(maxsize=_KEPT)
def near_misses(pattern: str) -> tuple[str, ...]:
    """Return texts that are almost matched, but not: a wrong, a missing, an added character."""
    text = matching(pattern)
    if text is None:
        return ()
    candidates = [
        f"{text}\n",
        text[:-1],
        f"{text}!",
        f"!{text[1:]}",
        text.swapcase(),
        f" {text}",
        "",
    ]
    found: list[str] = []
    for candidate in candidates:
        if candidate not in found and not matches(candidate, pattern):
            found.append(candidate)
    return tuple(found)


def matches(text: str, pattern: str) -> bool:
    r"""Tell whether pydantic finds the pattern in `text`; `$` is no match before a final `\n`."""
    compiled = _compiled(pattern)
    try:
        return compiled is not None and compiled.search(text) is not None
    except RecursionError:
        return False


@lru_cache(maxsize=_KEPT)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return re.compile(_strict_end(pattern))
    except (re.error, RecursionError, OverflowError):
        return None


@lru_cache(maxsize=_KEPT)
def admits_controls(pattern: str) -> bool:
    """Tell whether a text with a control character in it could match."""
    tree = _tree(pattern)
    if tree is None or not _anchored(pattern):
        return True
    return any(_admits(item) for item in tree)


def _anchored(pattern: str) -> bool:
    if "|" in pattern and not re.fullmatch(r"\^\((?:\?:)?[^()]*\)\$", pattern):
        return False
    return pattern.startswith("^") and pattern.endswith("$") and not pattern.endswith("\\$")


def _admits(item: tuple[Any, Any]) -> bool:
    operator, argument = str(item[0]), item[1]
    match operator:
        case "LITERAL":
            return argument in _CONTROLS
        case "NOT_LITERAL" | "ANY":
            return True
        case "IN":
            return bool(_members(argument, _CONTROLS))
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            return any(_admits(part) for part in argument[2])
        case "SUBPATTERN":
            return any(_admits(part) for part in argument[3])
        case "BRANCH":
            return any(_admits(part) for branch in argument[1] for part in branch)
        case "AT":
            return False
        case _:
            return True


def _strict_end(pattern: str) -> str:
    return re.sub(r"(?<!\\)((?:\\\\)*)\$(?![^\[]*\])", r"\1(?!\\n)\\Z", pattern)


def _lengths(shortest: int, longest: int | None) -> tuple[int, ...]:
    """Return how often a repetition may be repeated, in the order that is tried."""
    wanted = [2, 1, 3, 0, *range(4, 13), shortest, longest or shortest]
    return tuple(dict.fromkeys(count for count in wanted if count <= _MOST * 16))


def _fits(text: str, pattern: str, shortest: int, longest: int | None) -> bool:
    long_enough = shortest <= len(text) and (longest is None or len(text) <= longest)
    return long_enough and matches(text, pattern)


def _padded(text: str, shortest: int, pattern: str) -> str:
    """Lengthen the match of a pattern that is open at one side."""
    missing = "a" * max(shortest - len(text), 0)
    return missing + text if pattern.endswith("$") else text + missing


@lru_cache(maxsize=_KEPT)
def _tree(pattern: str) -> tuple[tuple[Any, Any], ...] | None:
    from re import _parser  # type: ignore[attr-defined]

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return tuple(_parser.parse(pattern))
    except (re.error, RecursionError, OverflowError):
        return None


def _generated(pattern: str, index: int, repeats: int) -> str | None:
    tree = _tree(pattern)
    if tree is None:
        return None
    try:
        return _Writer(index, repeats).sequence(tree)
    except _CannotWriteError:
        return None


class _CannotWriteError(Exception):
    """Part of the pattern says where, not what: look-arounds, back-references."""


class _Writer:
    def __init__(self, index: int, repeats: int) -> None:
        self.index = index
        self.repeats = repeats

    def sequence(self, items: Any) -> str:  # noqa: ANN401 - the parser's tree is untyped
        return "".join(self.item(str(operator), argument) for operator, argument in items)

    def item(self, operator: str, argument: Any) -> str:  # noqa: ANN401
        match operator:
            case "LITERAL":
                return chr(argument)
            case "NOT_LITERAL":
                return self.pick([char for char in _COMMON if ord(char) != argument])
            case "ANY":
                return self.pick(list("abcdefgh"))
            case "IN":
                return self.pick(_members(argument))
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                least, most, part = argument
                count = min(max(int(least), self.repeats), int(most), max(int(least), _MOST * 16))
                return "".join(self.sequence(part) for _ in range(count))
            case "SUBPATTERN":
                return self.sequence(argument[3])
            case "ATOMIC_GROUP":
                return self.sequence(argument)
            case "BRANCH":
                branches = argument[1]
                return self.sequence(branches[self.index % len(branches)])
            case "AT":
                return ""
            case _:
                raise _CannotWriteError

    def pick(self, members: list[str]) -> str:
        if not members:
            raise _CannotWriteError
        self.index += 1
        return members[(self.index - 1) % len(members)]


def _members(items: Any, among: list[int] | None = None) -> list[str]:  # noqa: ANN401
    """Return characters of a set, of `among` or of the common ones; for `[^…]` those it leaves."""
    negated = bool(items) and str(items[0][0]) == "NEGATE"
    if not negated and among is None:
        return [char for item in items for char in _listed(item)]
    candidates = [chr(point) for point in among] if among else list(_COMMON)
    inside = [char for char in candidates if any(_holds(item, char) for item in items)]
    return [char for char in candidates if (char in inside) is not negated]


def _listed(item: tuple[Any, Any]) -> list[str]:
    operator, argument = str(item[0]), item[1]
    match operator:
        case "LITERAL":
            return [chr(argument)]
        case "RANGE":
            low, high = argument
            return [chr(point) for point in range(low, min(high, low + 40) + 1)]
        case "CATEGORY":
            return list(_CATEGORIES.get(str(argument), ""))
        case _:
            return []


def _holds(item: tuple[Any, Any], char: str) -> bool:
    operator, argument = str(item[0]), item[1]
    match operator:
        case "LITERAL":
            return bool(ord(char) == argument)
        case "RANGE":
            return bool(argument[0] <= ord(char) <= argument[1])
        case "CATEGORY":
            shape = {"DIGIT": r"\d", "WORD": r"\w", "SPACE": r"\s"}[
                str(argument).rpartition("_")[2]
            ]
            return bool(re.match(shape, char)) is not str(argument).startswith("CATEGORY_NOT")
        case _:
            return False
