"""Names of elsewhere → names that a spec, Python and pydantic can carry."""

from __future__ import annotations

import builtins
import keyword
import re
from typing import TYPE_CHECKING

from featuregen.spec import reserved
from featuregen.spec.plural import plural

if TYPE_CHECKING:
    from collections.abc import Collection

_LONGEST = 60
_BUILTINS = frozenset(dir(builtins))
_WORDS = re.compile(r"[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*|[0-9]+")


def words(text: str) -> list[str]:
    """`listPetsByTag`, `list-pets-by-tag` → `["list", "pets", "by", "tag"]`."""
    return [word.lower() for word in _WORDS.findall(text)]


def snake(text: str, otherwise: str = "value") -> str:
    """A name in snake_case that begins with a letter."""
    name = "_".join(words(text))[:_LONGEST].rstrip("_") or otherwise
    return name if name[0].isalpha() else f"{otherwise}_{name}"


def pascal(text: str, otherwise: str = "Model") -> str:
    """A name in PascalCase that begins with a letter."""
    parts = re.findall(r"[A-Za-z0-9]+", text)
    name = "".join(part[:1].upper() + part[1:] for part in parts)[:_LONGEST] or otherwise
    return name if name[0].isalpha() else f"{otherwise}{name}"


def free(name: str, taken: Collection[str]) -> str:
    """The name, or with a number where another one has it."""
    known = {one.lower() for one in taken}
    found, number = name, 2
    while found.lower() in known:
        found, number = f"{name}_{number}" if name.islower() else f"{name}{number}", number + 1
    return found


def field_name(wire: str, taken: Collection[str]) -> str:
    """A field of a model; where it differs from `wire`, the field says `wire:`."""
    name = snake(wire, "field")
    clashes = name in reserved.PYDANTIC or name.startswith(reserved.PYDANTIC_PREFIXES)
    if keyword.iskeyword(name) or clashes or name in ("self", "cls"):
        name += "_"
    return free(name, taken)


def parameter_name(wire: str, taken: Collection[str]) -> str:
    """A parameter of path, query or header."""
    name = snake(wire, "parameter")
    if keyword.iskeyword(name) or name in reserved.PARAMETERS:
        name += "_"
    return free(name, taken)


def model_name(text: str, feature: str, taken: Collection[str]) -> str:
    """A class of its own."""
    name = pascal(text)
    if keyword.iskeyword(name) or name in _BUILTINS or name in reserved.CLASSES:
        name = pascal(feature) + name
    made_up = {f"{pascal(feature)}Service", f"{pascal(feature)}ServiceDep"}
    return free(f"{name}Model" if name in made_up else name, taken)


def function_name(text: str, feature: str, taken: Collection[str]) -> str:
    """An operation, and its hook."""
    name = snake(text, "operation")
    made_up = {f"get_{feature}_service", f"{feature}_hooks"}
    if (
        keyword.iskeyword(name)
        or name in _BUILTINS
        or name in reserved.FUNCTIONS
        or name in made_up
    ):
        name = f"{name}_{feature}"
    return free(name, taken)


def feature_name(text: str) -> str:
    """A feature: singular where the word is a plain plural."""
    name = snake(text, "feature")
    for singular in (
        name.removesuffix("s"),
        name.removesuffix("es"),
        f"{name.removesuffix('ies')}y",
    ):
        if singular not in ("", name) and plural(singular) == name:
            name = singular
            break
    taken = reserved.FEATURES | reserved.WINDOWS
    return (
        f"{name}_feature"
        if name in taken or plural(name) in taken or keyword.iskeyword(name)
        else name
    )
