"""What a project's tests need installed, read from the text of its pyproject."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from featuregen.errors import FeaturegenError

if TYPE_CHECKING:
    from packaging.requirements import Requirement

TOOLS = ("mypy", "pytest", "pytest-cov", "ruff")
"""What verification itself runs; added where the project does not name them."""


@dataclass(frozen=True, slots=True)
class Requirements:
    """Normalised requirement lines, sorted; `python` is the project's `requires-python`."""

    lines: tuple[str, ...]
    python: str | None
    elsewhere: tuple[str, ...] = ()
    """Of these, the ones that `[tool.uv.sources]` takes from a path or a repository."""


def read_requirements(pyproject_text: str) -> Requirements:
    """`[project]` dependencies and the `dev` dependency group, with the groups that it includes.

    A project without that group may have its tests' requirements in an extra named `dev` or `test`.
    Raises `FeaturegenError` where the file does not hold.
    """
    import tomllib

    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    try:
        data = tomllib.loads(pyproject_text)
    except tomllib.TOMLDecodeError as reason:
        raise _broken(f"is not valid TOML: {reason}") from reason
    project = _table(data, "project")
    written = _strings(project.get("dependencies", []), "project.dependencies")
    groups: dict[str, object] = {
        canonicalize_name(name): group for name, group in _table(data, "dependency-groups").items()
    }
    if "dev" in groups:
        written += _group(groups, "dev", ())
    else:
        extras = _table(project, "optional-dependencies")
        for name in ("dev", "test", "tests"):
            written += _strings(extras.get(name, []), f"project.optional-dependencies.{name}")
    parsed: dict[str, Requirement] = {}
    for line in written:
        try:
            requirement = Requirement(line)
        except InvalidRequirement as reason:
            raise _broken(f"has a dependency that is no requirement: {line!r}: {reason}") from None
        requirement.name = canonicalize_name(requirement.name)
        parsed[str(requirement)] = requirement
    named = {requirement.name for requirement in parsed.values()}
    lines = sorted({*parsed, *(tool for tool in TOOLS if tool not in named)})
    sources = _table(_table(_table(data, "tool"), "uv"), "sources")
    elsewhere = sorted(named & {canonicalize_name(name) for name in sources})
    python = project.get("requires-python")
    return Requirements(tuple(lines), python if isinstance(python, str) else None, tuple(elsewhere))


def _group(groups: dict[str, object], name: str, above: Sequence[str]) -> list[str]:
    from packaging.utils import canonicalize_name

    if name in above:
        raise _broken(f"has a dependency group that includes itself: {name}")
    if name not in groups:
        raise _broken(f"includes a dependency group that it does not have: {name}")
    items = groups[name]
    if not isinstance(items, list):
        raise _broken(f"has a dependency group that is no list: {name}")
    lines: list[str] = []
    for item in items:
        match item:
            case str():
                lines.append(item)
            case {"include-group": str(included)}:
                lines += _group(groups, canonicalize_name(included), (*above, name))
            case _:
                raise _broken(f"has an entry in dependency-groups.{name} that is no requirement")
    return lines


def _table(data: dict[str, object], key: str) -> dict[str, object]:
    value = data.get(key, {})
    return value if isinstance(value, dict) else {}


def _strings(value: object, where: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _broken(f"has a {where} that is no list of strings")
    return list(value)


def _broken(what: str) -> FeaturegenError:
    return FeaturegenError(f"pyproject.toml {what}", where="pyproject.toml")
