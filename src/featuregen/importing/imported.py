"""What an import comes to: the text of a spec that holds, and what was left behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from featuregen.errors import FeaturegenError, SpecError
from featuregen.spec import yaml_text
from featuregen.spec.load import parse_spec

if TYPE_CHECKING:
    from featuregen.errors import Diagnostic
    from featuregen.spec.yaml_text import Plain

Tree: TypeAlias = "dict[str | int, Plain]"
_MOST_ROUNDS = 40
_SECTIONS = (
    "settings", "errors", "upstreams", "models", "entities", "operations", "webhooks",
)  # fmt: skip
_OWN_LINES = frozenset({"fields", "query", "path_params", "headers", "events"})
_CONTAINS_ITSELF = "FG209"


@dataclass(frozen=True, slots=True)
class Note:
    """Something of the original that the spec does not say."""

    where: str  # in the original: `#/components/schemas/Pet`, `app/models/pet.py:12`
    what: str


@dataclass(frozen=True, slots=True)
class Imported:
    """A first spec. `text` passes `check`."""

    feature: str
    text: str
    notes: tuple[Note, ...]


class Notes:
    """Collects notes, each once."""

    def __init__(self) -> None:
        self._found: dict[Note, None] = {}

    def add(self, where: str, what: str) -> None:
        """Remember what is not carried over."""
        self._found[Note(where, what)] = None

    def all(self) -> tuple[Note, ...]:
        """In the order of their finding."""
        return tuple(self._found)


def finish(tree: Tree, notes: Notes, header: str) -> Imported:
    """The spec of a tree. What the language refuses is taken out of it, and noted."""
    feature = str(tree["feature"])
    for _ in range(_MOST_ROUNDS):
        text = written(tree, header)
        try:
            parse_spec(text, f"{feature}.yaml")
        except SpecError as error:
            _repair(tree, error.diagnostics, notes)
        else:
            return Imported(feature, text, notes.all())
    raise FeaturegenError("what was read makes no spec that holds", hint="narrow it by tag or path")


def _repair(tree: Tree, faults: tuple[Diagnostic, ...], notes: Notes) -> None:
    gone: list[str] = []
    for fault in sorted(faults, key=_deepest_last):
        parts = fault.path.split(".")
        at = fault.path or "the spec"
        if fault.code == _CONTAINS_ITSELF:
            holder = _holder(tree, parts)
            if isinstance(holder, dict) and parts[-1] in holder:
                holder[parts[-1]] = {"type": "json", "required": False}
                notes.add(at, f"{fault.message}; the inner one is free JSON")
                gone.append(at)
            continue
        if any(f"{at}.".startswith(f"{one}.") for one in gone):
            continue  # it went with what held it
        removed = _remove(tree, parts)
        if removed is None:
            raise FeaturegenError(f"{at}: {fault.message}", hint=fault.hint)
        gone.append(removed)
        notes.add(removed, f"left out: {fault.message}")


def _deepest_last(fault: Diagnostic) -> tuple[int, int]:
    """Items of a list from behind, so that those before keep their places."""
    last = fault.path.rpartition(".")[2]
    return (0, 0) if not last.isdigit() else (1, -int(last))


def _holder(tree: Tree, parts: list[str]) -> Tree | list[Plain] | None:
    found: Plain = tree
    for part in parts[:-1]:
        match found:
            case dict():
                found = found.get(part)
            case list() if part.isdigit() and int(part) < len(found):
                found = found[int(part)]
            case _:
                return None
    return found if isinstance(found, dict | list) else None


def _remove(tree: Tree, parts: list[str]) -> str | None:
    """Take out the part at fault, or the nearest that holds it; None where there is none."""
    for end in range(len(parts), 1, -1):
        holder, part = _holder(tree, parts[:end]), parts[end - 1]
        if isinstance(holder, dict) and part in holder:
            del holder[part]
        elif isinstance(holder, list) and part.isdigit() and int(part) < len(holder):
            del holder[int(part)]
        else:
            continue
        return ".".join(parts[:end])
    return None


def written(tree: Tree, header: str) -> str:
    """The text, as a person would lay it out."""
    lines = [f"# {line}".rstrip() for line in header.splitlines()]
    for key, value in tree.items():
        if key in _SECTIONS and isinstance(value, dict):
            if value:
                lines += ["", f"{key}:", *_definitions(str(key), value)]
        elif isinstance(value, dict | list):
            lines += ["", *yaml_text.entry(key, value, 0, block=True)]
        else:
            lines += yaml_text.entry(key, value, 0, literal=True)
    return "\n".join(lines) + "\n"


def _definitions(section: str, values: Tree) -> list[str]:
    lines: list[str] = []
    for name, value in values.items():
        if section in ("settings", "errors") or not isinstance(value, dict):
            lines += yaml_text.entry(name, value, 2)
            continue
        lines.append(f"  {name}:")
        for key, one in value.items():
            if key in _OWN_LINES and isinstance(one, dict) and one:
                lines.append(f"    {key}:")
                for field, spec in one.items():
                    lines += yaml_text.entry(field, spec, 6)
            else:
                lines += yaml_text.entry(key, one, 4, literal=True)
    return lines
