"""Patterns mean the same in pydantic's Rust engine, which serves, and in Python's, which tests."""

from __future__ import annotations

import math
import re
import warnings

# What both engines read alike; the rest is tried in pydantic's own, whose import costs 60 ms.
_PLAIN = re.compile(
    r"(?:[^\\\[\](){}|*+?]|\\[dwsDWSb.\\/+*?()\[\]{}^$|-]|\[\^?(?:[^\\\[\]&~|]|\\[dwsDWS.\\/+*?()\[\]{}^$|-])+\]"
    r"|\((?!\?)|\(\?:|\)|\||[*+?]|\{[0-9]{1,2}(?:,[0-9]{0,2})?\})*"
)
_UNSUPPORTED = {
    r"\(\?=|\(\?!": "look-ahead",
    r"\(\?<[=!]": "look-behind",
    r"\\[1-9]|\(\?P=": "a back-reference",
    r"\(\?\(": "a conditional",
    r"\(\?>|[*+?}]\+": "a possessive or atomic part",
}
_LONGEST = 1000
_MOST_REPEATS = 200  # beyond, the Rust engine's limit of size may be reached


def fault_of_pattern(pattern: str) -> tuple[str, str | None] | None:
    """What is wrong with a pattern, and a hint; None where nothing is."""
    if len(pattern) > _LONGEST:
        return f"the pattern is longer than {_LONGEST} characters", None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(pattern)
    except re.error as error:
        return f"the pattern is not a regular expression: {error.msg}", None
    except (FutureWarning, DeprecationWarning):
        return (
            "a set within a set is read differently by different engines",
            "escape [ and && with a backslash",
        )
    except (RecursionError, OverflowError):
        return "the pattern is too large", None
    if _PLAIN.fullmatch(pattern) and _repeats(pattern) <= _MOST_REPEATS:
        return None
    plain = pattern.replace("\\\\", "")
    if "\\Z" in plain:
        return (
            "the pattern has \\Z, which pydantic's engine does not know",
            "write $: it is the very end there",
        )
    for construct, name in _UNSUPPORTED.items():
        if re.search(construct, plain):
            return (
                f"the pattern has {name}, which pydantic's engine does not know",
                "say it as a rule instead",
            )
    return _probe(pattern)


def _repeats(pattern: str) -> int:
    """How often the most repeated part may be, at most."""
    return math.prod(max(int(count), 1) for count in re.findall(r"[{,]([0-9]+)(?=\})", pattern))


def _probe(pattern: str) -> tuple[str, str | None] | None:
    from pydantic_core import SchemaError, SchemaValidator, core_schema

    try:
        SchemaValidator(core_schema.str_schema(pattern=pattern))
    except SchemaError as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        reason = lines[-1].removeprefix("error: ") if lines else "it does not compile"
        return f"pydantic's engine refuses the pattern: {reason}", None
    return None
