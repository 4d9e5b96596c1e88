"""Checks a document against the grammar: every fault, each at its place.

What does not hold is cut out of the tree that is returned and leaves a mark (`broken`), so that the
checks that follow neither stumble over it nor report its consequences.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from featuregen.spec.document import Node
from featuregen.spec.shapes import (
    Anything,
    Either,
    Flag,
    Listing,
    Names,
    Number,
    Record,
    Shape,
    Text,
    Variants,
    Whole,
)
from featuregen.spec.suggest import did_you_mean, did_you_mean_or_list, nearest

if TYPE_CHECKING:
    from featuregen.spec.findings import Findings
    from featuregen.spec.model import Path

_LONGEST_SHOWN = 40
_MOST_KEYS = 40
_FLAGS = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}
_KINDS = {
    "null": "nothing",
    "bool": "true or false",
    "int": "a number",
    "float": "a number",
    "string": "text",
    "list": "a list",
    "map": "a mapping",
}


def check_structure(root: Node, shape: Shape, findings: Findings) -> Node:
    """The document without what is at fault in it; the faults go to `findings`."""
    return _Structure(findings).check(root, shape, ())


class _Structure:
    def __init__(self, findings: Findings) -> None:
        self.findings = findings

    def check(self, node: Node, shape: Shape, path: Path) -> Node:  # noqa: C901 - a case a shape
        match shape:
            case Text():
                return self._text(node, shape, path)
            case Flag():
                return self._flag(node, path)
            case Whole():
                return self._whole(node, shape, path)
            case Number():
                return self._number(node, shape, path)
            case Anything():
                return self._anything(node, path)
            case Listing():
                return self._listing(node, shape, path)
            case Names():
                return self._names(node, shape, path)
            case Record():
                return self._record(node, shape, path)
            case Variants():
                return self._variants(node, shape, path)
            case Either():
                return self._either(node, shape, path)

    def _text(self, node: Node, shape: Text, path: Path) -> Node:
        if node.kind != "string":
            return self._wrong_kind(node, shape.what, path, _joined(shape, node))
        text = node.text
        if not text.strip():
            return self._refuse("FG104", f"expected {shape.what}, found empty text", path)
        if shape.choices and text not in shape.choices:
            hint = shape.hint or did_you_mean_or_list(text, shape.choices)
            return self._refuse(
                shape.code, f"expected {shape.what}, found {_shown(text)}", path, hint
            )
        if shape.pattern and not shape.checked_later and not _matches(shape.pattern, text):
            hint = shape.hint or (_name_hint(shape, text) if shape.code == "FG107" else None)
            hint = hint or did_you_mean(text, shape.words)
            return self._refuse(
                shape.code, f"expected {shape.what}, found {_shown(text)}", path, hint
            )
        return node

    def _flag(self, node: Node, path: Path) -> Node:
        if node.kind != "bool":
            return self._wrong_kind(node, "true or false", path, _flag_hint(node))
        return node

    def _whole(self, node: Node, shape: Whole, path: Path) -> Node:
        if node.kind != "int":
            return self._wrong_kind(node, shape.what, path)
        assert isinstance(node.value, int)  # noqa: S101 - said by the kind
        if not shape.least <= node.value <= shape.most:
            return self._refuse("FG104", f"expected {shape.what}, found {_shown(node.text)}", path)
        return node

    def _number(self, node: Node, shape: Number, path: Path) -> Node:
        if node.kind not in ("int", "float"):
            return self._wrong_kind(node, shape.what, path)
        assert isinstance(node.value, int | float)  # noqa: S101 - said by the kind
        if not math.isfinite(node.value) or (shape.least is not None and node.value < shape.least):
            return self._refuse("FG104", f"expected {shape.what}, found {_shown(node.text)}", path)
        return node

    def _anything(self, node: Node, path: Path) -> Node:
        if node.kind == "float" and isinstance(node.value, float) and not math.isfinite(node.value):
            return self._refuse("FG104", f"JSON has no {_shown(node.text)}", path)
        for index, item in enumerate(node.items):
            self._anything(item, (*path, index))
        seen: set[str] = set()
        for key, value in node.entries:
            if key.text in seen:  # `1:` and `"1":` are two keys in YAML and one in JSON
                self._refuse(
                    "FG106", f"the key '{key.text}' is given twice", (*path, key.name), key=True
                )
            seen.add(key.text)
            self._anything(value, (*path, key.name))
        return node

    def _listing(self, node: Node, shape: Listing, path: Path) -> Node:
        if node.kind != "list":
            return self._wrong_kind(node, shape.what, path)
        if len(node.items) < shape.least:
            return self._refuse("FG104", f"expected {shape.what}, found an empty list", path)
        kept = Node("list", node.position)
        for index, item in enumerate(node.items):
            checked = self.check(item, shape.item, (*path, index))
            kept.items.append(checked)
            kept.broken = kept.broken or checked.kind == "broken"
        return kept

    def _names(self, node: Node, shape: Names, path: Path) -> Node:
        if node.kind != "map":
            return self._wrong_kind(node, shape.what, path)
        if len(node.entries) < shape.least:
            return self._refuse("FG104", f"expected {shape.what}, found an empty mapping", path)
        kept = Node("map", node.position)
        seen: set[str] = set()
        for key, value in node.entries:
            here = (*path, key.name)
            if self._is_name(key, shape, here, seen):
                kept.entries.append((key, self.check(value, shape.value, here)))
            else:
                kept.broken = True
                self.check(value, shape.value, here)
            seen.add(key.text)
        return kept

    def _is_name(self, key: Node, shape: Names, path: Path, seen: set[str]) -> bool:
        if key.kind != "string" and not (shape.numbers and key.kind == "int"):
            found = _KINDS[key.kind]
            self._refuse(
                shape.key.code,
                f"expected {shape.key.what}, found {found}: {_shown(key.text)}",
                path,
                f'quote it: "{key.text}"' if key.kind != "null" else None,
                key=True,
            )
            return False
        if shape.key.pattern and not _matches(shape.key.pattern, key.text):
            hint = shape.key.hint or _name_hint(shape.key, key.text)
            self._refuse(
                shape.key.code,
                f"expected {shape.key.what}, found {_shown(key.text)}",
                path,
                hint,
                key=True,
            )
            return False
        if key.text in seen:
            self._refuse("FG106", f"the key '{key.text}' is given twice", path, key=True)
            return False
        return True

    def _record(self, node: Node, shape: Record, path: Path) -> Node:
        if node.kind != "map":
            short = shape.short if node.kind in ("string", "int") else None
            hint = f"write {{{short}: {node.text}}}" if short else None
            return self._wrong_kind(node, f"a mapping: {shape.title}", path, hint)
        kept = Node("map", node.position)
        for key, value in node.entries:
            here = (*path, key.name)
            spec = shape.keys.get(key.text) if key.kind == "string" else None
            if spec is None:
                self._unknown_key(key, shape, here)
                kept.broken = True
            else:
                checked = self.check(value, spec.shape, here)
                kept.entries.append((key, checked))
                kept.broken = kept.broken or checked.kind == "broken"
        missing = [name for name, spec in shape.keys.items() if spec.required]
        if shape.some_of and not any(node.get(name) is not None for name in shape.some_of):
            missing.append(shape.some_of[0])
        for name in missing:
            if node.get(name) is None:
                self._missing(name, shape, node, path)
                kept.broken = True
        return kept

    def _missing(self, name: str, shape: Record, node: Node, path: Path) -> None:
        spec = shape.keys[name]
        near = did_you_mean(
            name, [key.text for key, _ in node.entries if key.text not in shape.keys]
        )
        if near is None:  # else the unknown key says it all
            about = (
                spec.about if spec.about[1].isupper() else spec.about[0].lower() + spec.about[1:]
            )
            needed = "' or '".join(shape.some_of if name in shape.some_of else (name,))
            self._refuse("FG105", f"{shape.title} needs '{needed}': {about}", path, key=True)

    def _variants(self, node: Node, shape: Variants, path: Path) -> Node:
        if node.kind != "map":
            return self._wrong_kind(node, shape.what, path)
        given = [name for name in shape.records if node.get(name) is not None]
        if not given:
            known = ", ".join(f"'{name}'" for name in shape.records)
            return self._refuse(
                "FG105", f"expected {shape.what}; one of {known} must be there", path
            )
        return self._record(node, shape.records[given[0]], path)

    def _either(self, node: Node, shape: Either, path: Path) -> Node:
        for option in shape.options:
            if _accepts_kind(option, node):
                return self.check(node, option, path)
        return self._wrong_kind(node, shape.what, path)

    def _unknown_key(self, key: Node, shape: Record, path: Path) -> None:
        place = (shape.elsewhere or {}).get(key.text)
        listed = did_you_mean_or_list(key.text, shape.keys, most=_MOST_KEYS)
        hint = f"'{key.text}' {place}" if place else listed
        self._refuse(
            "FG101", f"unknown key {_shown(key.text)} in {shape.title}", path, hint, key=True
        )

    def _wrong_kind(self, node: Node, expected: str, path: Path, hint: str | None = None) -> Node:
        found = _KINDS[node.kind]
        if node.kind in ("bool", "int", "float") and expected.startswith(
            ("text", "a name", "the name")
        ):
            hint = hint or f'quote it: "{node.text}"'
        if node.kind == "map" and len(node.entries) == 1 and expected.startswith("text"):
            hint = hint or "quote text that contains ': '"
        return self._refuse("FG102", f"expected {expected}, found {found}", path, hint)

    def _refuse(
        self, code: str, message: str, path: Path, hint: str | None = None, *, key: bool = False
    ) -> Node:
        self.findings.add(code, message, path, hint=hint, at="key" if key else "value")
        return Node("broken", self.findings.source.at(*path))


def _flag_hint(node: Node) -> str | None:
    if node.kind != "string":
        return None
    meant = _FLAGS.get(node.text.lower()) or nearest(node.text, ("true", "false"))
    of_old = "in YAML 1.2 `yes`, `no`, `on` and `off` are text"
    if meant is None:
        return of_old
    return f"did you mean '{meant}'?" + (f" ({of_old})" if node.text.lower() in _FLAGS else "")


def _accepts_kind(shape: Shape, node: Node) -> bool:
    match shape:
        case Text():
            return node.kind == "string"
        case Flag():
            return node.kind == "bool"
        case Whole():
            return node.kind == "int"
        case Number():
            return node.kind in ("int", "float")
        case Listing():
            return node.kind == "list"
        case Anything():
            return True
        case Names() | Record() | Variants():
            return node.kind == "map"
        case Either():
            return any(_accepts_kind(option, node) for option in shape.options)


def _name_hint(shape: Text, text: str) -> str | None:
    """The nearest right name: `payment_method` for `paymentMethod`."""
    if (plain := text.removeprefix("settings.")) != text and _fits(shape, plain):
        return f"write '{plain}': it can be nothing but a setting"
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", text)
    for name in ("_".join(words).lower(), "".join(word[:1].upper() + word[1:] for word in words)):
        if name != text and _fits(shape, name):
            return f"write '{name}'"
    return None


def _joined(shape: Text, node: Node) -> str | None:
    """A path is given as a list of its steps."""
    steps = [item.text for item in node.items if item.kind == "string"]
    path = ".".join(steps)
    if len(steps) == len(node.items) > 0 and shape.pattern and _fits(shape, path):
        return f"write {path}"
    return None


def _fits(shape: Text, text: str) -> bool:
    return shape.pattern is not None and _matches(shape.pattern, text)


def _matches(pattern: str, text: str) -> bool:
    """Whether JSON Schema's `pattern` matches; unlike Python's, its `$` is the very end."""
    return re.search(pattern[:-1] + r"\Z" if pattern.endswith("$") else pattern, text) is not None


def _shown(text: str) -> str:
    short = text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"
    return f"'{short}'"
