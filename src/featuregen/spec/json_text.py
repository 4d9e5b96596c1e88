"""JSON with a line for each value."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from featuregen.spec.model import Json


def indented_json(value: Json, indent: int, *, depth: int = 0, ascii_only: bool = True) -> str:
    """As `json.dumps` with an indent, which leaves cycles behind for the garbage collector.

    `depth`: how far the value is indented already.
    """
    if not value or not isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=ascii_only)
    inside = (
        indented_json(each, indent, depth=depth + 1, ascii_only=ascii_only)
        for each in (value.values() if isinstance(value, dict) else value)
    )
    if isinstance(value, dict):
        names = (json.dumps(name, ensure_ascii=ascii_only) for name in value)
        inside = (f"{name}: {text}" for name, text in zip(names, inside, strict=True))
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    before = "\n" + " " * (indent * (depth + 1))
    return f"{opening}{before}{f',{before}'.join(inside)}\n{' ' * (indent * depth)}{closing}"
