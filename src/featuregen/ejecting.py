"""`featuregen templates`: list the templates, start one of the team's own, compare it with ours."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from featuregen.errors import FeaturegenError
from featuregen.house import (
    HouseTemplate,
    block_names,
    ejected,
    find_house,
    house_setting,
    house_templates,
    original,
    our_templates,
    stamped,
)

HOUSE = "house/"
"""Where the first ejected template goes, unless another folder is named."""


@dataclass(frozen=True, slots=True)
class TemplateState:
    """One template as it is used: ours, or the team's."""

    name: str
    blocks: tuple[str, ...]  # of ours
    house: HouseTemplate | None


@dataclass(frozen=True, slots=True)
class Ejected:
    """What `eject` has written, relative to the project."""

    template: str
    written: tuple[str, ...]


def list_templates(into: Path) -> tuple[TemplateState, ...]:
    """All templates of the project, by name: ours, and what the team has over and beside them."""
    house = find_house(_root(into))
    theirs = {each.name: each for each in (house_templates(house) if house else ())}
    return tuple(
        TemplateState(name, block_names(original(name) or ""), theirs.get(name))
        for name in sorted({*our_templates(), *theirs})
    )


def eject(into: Path, template: str, *, to: str | None, blocks: bool) -> Ejected:
    """Start a template of the team's from ours, and name its folder in pyproject.toml.

    Raises `FeaturegenError` where one is there already, or the team's templates lie elsewhere.
    """
    from featuregen.project import existing_project
    from featuregen.workspace import Write, apply, project_lock, read_file, recover, stage

    root = existing_project(into).root
    with project_lock(root):
        recover(root)
        setting = house_setting(root)
        folder = _folder(setting, to)
        path = f"{folder}/{template}"
        text = ejected(template, blocks=blocks)
        if read_file(root, path) is not None:
            raise FeaturegenError(
                "the team has this template already",
                where=path,
                hint=f"see what it changes: featuregen templates diff {template}",
            )
        writes = [Write(path, text.encode())]
        if setting is None:
            writes.append(Write("pyproject.toml", _with_setting(root, folder)))
        apply(stage(root, writes))
    return Ejected(template, tuple(write.path for write in writes))


def _folder(setting: str | None, to: str | None) -> str:
    if setting is None:
        return (to or HOUSE).rstrip("/")
    if setting.startswith("git+") or (to is not None and to.rstrip("/") != setting.rstrip("/")):
        raise FeaturegenError(
            f"the team's templates are in {setting}",
            where="pyproject.toml",
            hint="eject them there, or change 'templates' in [tool.featuregen] first",
        )
    return setting.rstrip("/")


def _with_setting(root: Path, folder: str) -> bytes:
    """The project's pyproject with the folder in its table, which every project of ours has."""
    text = (root / "pyproject.toml").read_bytes().decode()
    line = f'templates = "{folder}/"\n'
    changed, found = re.subn(
        r"^(\[tool\.featuregen\][^\n]*\n)", lambda table: table[1] + line, text, flags=re.MULTILINE
    )
    if found:
        return changed.encode()
    ended = text if text.endswith("\n") or not text else text + "\n"
    return f"{ended}\n[tool.featuregen]\n{line}".encode()


def accept_template(into: Path, template: str) -> Ejected:
    """Say that the team's template is up to date with ours: it is told as stale no longer."""
    from featuregen.workspace import Write, apply, project_lock, read_file, recover, stage

    root = _root(into)
    with project_lock(root):
        recover(root)
        path = f"{_folder(house_setting(root), None)}/{template}"
        text = read_file(root, path)
        if text is None:
            raise _no_such(template)
        staged = stage(root, [Write(path, stamped(template, text.decode()).encode())])
        apply(staged)
    return Ejected(template, tuple(write.path for write in staged.writes))


def _root(into: Path) -> Path:
    """The project at or above the folder; outside of one, the folder: then there are only ours."""
    from featuregen.project import existing_project

    try:
        return existing_project(into).root
    except FeaturegenError:
        return into


def _no_such(template: str) -> FeaturegenError:
    return FeaturegenError(
        f"the team has no template {template!r}",
        hint=f"start one with: featuregen templates eject {template}",
        exit_code=2,
    )


def diff_template(into: Path, template: str) -> str:
    """The diff from our template as it is now to the team's; empty where they are equal."""
    import difflib

    house = find_house(_root(into))
    if house is None or template not in house.files:
        raise _no_such(template)
    ours = (original(template) or "").splitlines(keepends=True)
    theirs = (house.root / template).read_text(encoding="utf-8").splitlines(keepends=True)
    names = (f"featuregen/{template}", template)
    lines = difflib.unified_diff(ours, theirs, *names)
    return "".join(line if line.endswith("\n") else line + "\n" for line in lines)
