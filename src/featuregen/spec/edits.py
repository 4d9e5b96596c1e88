"""What an edit of a spec is, and what the document says after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from featuregen.errors import FeaturegenError
from featuregen.spec import yaml_text
from featuregen.spec.grammar import specification
from featuregen.spec.shapes import Either, Listing, Names, Record, Text

if TYPE_CHECKING:
    from featuregen.spec.model import Json, Path
    from featuregen.spec.shapes import Shape
    from featuregen.spec.yaml_text import Plain


@dataclass(frozen=True, slots=True)
class Set:
    """`path` holds `value` afterwards; what surrounds it is made where it is missing.

    A shorthand (`note: string`) becomes its long form where a key is set in it.
    """

    path: Path
    value: Json


@dataclass(frozen=True, slots=True)
class Append:
    """The list at `path` ends with `value`; a missing list is made, a lone text becomes one."""

    path: Path
    value: Json


@dataclass(frozen=True, slots=True)
class Delete:
    """Nothing stands at `path` afterwards; the last entry of a mapping leaves `{}`."""

    path: Path


Edit: TypeAlias = Set | Append | Delete


class CannotEditError(FeaturegenError):
    """The text is written so that the edit cannot reach it; the hint says what to do by hand."""

    def __init__(self, edit: Edit, reason: str) -> None:
        what = f"cannot edit {dotted(edit.path)}: {reason}"
        super().__init__(what, hint=f"by hand: {describe(edit)}")
        self.edit = edit


def dotted(path: Path) -> str:
    """`models.Payment.fields.note`."""
    return ".".join(str(part) for part in path)


def describe(edit: Edit) -> str:
    """The edit in one line."""
    match edit:
        case Set(path, value):
            return f"{dotted(path)}: {yaml_text.flow(plain(value))}"
        case Append(path, value):
            return f"{dotted(path)}: add {yaml_text.flow(plain(value))}"
        case Delete(path):
            return f"remove {dotted(path)}"


def edited(value: Plain, edit: Edit, at: Path) -> Plain:
    """What the document says after the edit, told from the data alone."""
    rest = edit.path[len(at) :]
    if not rest:
        match edit:
            case Set(_, new):
                return plain(new)
            case Append(_, new):
                return [*_as_list(value), plain(new)]
            case Delete():
                return value
    key = rest[0]
    deletes = isinstance(edit, Delete) and len(rest) == 1
    if isinstance(value, list) and isinstance(key, int):
        inner = [] if deletes else [edited(value[key], edit, (*at, key))]
        return [*value[:key], *inner, *value[key + 1 :]]
    if isinstance(value, str) and is_shorthand(shape_at(at)):
        value = {"type": value}
    entries = dict(value) if isinstance(value, dict) else {}
    key = next((name for name in entries if str(name) == str(key)), key)
    if deletes:
        entries.pop(key, None)
        return entries
    return {**entries, key: edited(entries.get(key), edit, (*at, key))}


def plain(value: Json) -> Plain:
    """The value as a document holds it."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


def _as_list(value: Plain) -> list[Plain]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def same(one: Plain, other: Plain) -> bool:
    """Equal, and of one type all the way down: `1` is not `1.0`, nor `true`."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))
    return type(one) is type(other) and repr(one) == repr(other)


def shape_at(path: Path) -> Shape | None:
    """What the language says may stand at `path`; None where it leaves that open."""
    shape: Shape | None = specification
    for part in path:
        if isinstance(shape, Either):
            shape = next(
                (one for one in shape.options if isinstance(one, Record | Names | Listing)), None
            )
        match shape:
            case Record(_, keys):
                shape = keys[str(part)].shape if str(part) in keys else None
            case Names():
                shape = shape.value
            case Listing():
                shape = shape.item
            case _:
                return None
    return shape


def is_shorthand(shape: Shape | None) -> bool:
    """Whether a lone text stands for a mapping with that `type`."""
    return (
        isinstance(shape, Either)
        and isinstance(shape.options[0], Text)
        and any(isinstance(one, Record) and "type" in one.keys for one in shape.options)
    )
