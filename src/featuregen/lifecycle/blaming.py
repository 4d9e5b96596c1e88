"""`featuregen blame FILE:LINE`: the template and the spec's line, a wired edit, or the user."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from featuregen.errors import FeaturegenError
from featuregen.lifecycle.known import Known, read_known, read_state
from featuregen.lifecycle.outputs import applied_spec_of
from featuregen.lifecycle.rendering import spec_path
from featuregen.lock import PROJECT
from featuregen.merge.encoding import decode
from featuregen.opening import opened
from featuregen.version import VERSION

if TYPE_CHECKING:
    from featuregen.lock import Lock

_SECTIONS = {
    "setting": "settings",
    "env": "settings",
    "error": "errors",
    "fake": "upstreams",
}
"""Where in a spec the entry of a wired edit stands, by the kind of its id."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where one line comes from; what is not known is empty."""

    path: str
    line: int
    text: str
    kind: Literal["template", "wired", "spec", "user"]
    feature: str | None = None
    wired: str | None = None  # the edit's id: router:payments
    template: str | None = None  # templates/feature/app/models/feature.py.jinja
    template_line: int = 0
    spec: str | None = None  # features/payment.yaml
    spec_line: int = 0
    spec_path: str = ""  # operations.create_payment


def blame(root: Path, file: str, line: int) -> Origin:
    """Tell where the line of the file comes from. `file` is relative to here or to the project."""
    with opened(root) as project:
        known = read_known(project)
    path = _in_project(known, root, file)
    lines = _lines(known, path)
    if line > len(lines):
        raise FeaturegenError(f"{path} has {len(lines)} lines", where=f"{path}:{line}", exit_code=2)
    origin = Origin(path, line, lines[line - 1], "user")
    for lock in known.locks():
        if path in lock.files:
            return _generated(known, lock, origin, lines)
    return origin


def _in_project(known: Known, root: Path, file: str) -> str:
    for start in (Path.cwd(), Path(root), known.root):
        place = (start / file).absolute()
        if place.is_file() and place.resolve().is_relative_to(known.root):
            return place.resolve().relative_to(known.root).as_posix()
    raise FeaturegenError("there is no such file in the project", where=file, exit_code=2)


def _lines(known: Known, path: str) -> list[str]:
    state = read_state(known.root, path)
    text = decode(state.text).text if state else ""
    return text.removesuffix("\n").split("\n")


def _generated(known: Known, lock: Lock, origin: Origin, lines: list[str]) -> Origin:
    feature = lock.name if lock.name != PROJECT else None
    if origin.path == spec_path(lock.name):
        return replace(
            origin, kind="spec", feature=feature, spec=origin.path, spec_line=origin.line
        )
    wired = _wired(known, origin, lines) if feature is None else None
    if wired is not None:
        return wired
    base = decode(lock.files[origin.path].text).text
    at = _line_of_render(origin, lines, base)
    if at is None:
        return origin
    found = replace(origin, kind="template", feature=feature)
    if feature is not None:
        found = _with_spec(known, lock, found)
    return _with_template(known, lock, found, base, at)


def _line_of_render(origin: Origin, lines: list[str], base: str) -> int | None:
    """The line of the last render that this one is; None for a line of the user's."""
    from featuregen.merge.diff3 import align

    rendered = base.removesuffix("\n").split("\n")
    for theirs, ours in align(rendered, lines):
        if ours == origin.line - 1:
            return theirs + 1
    if not origin.path.endswith(".py") or not origin.text.strip():
        return None
    return _in_moved_symbol(origin, lines, rendered)


def _in_moved_symbol(origin: Origin, lines: list[str], rendered: list[str]) -> int | None:
    """The same line in the function or class of the same name: the user has moved that."""
    from featuregen.verify.blame import symbol_of_line

    symbol = symbol_of_line("\n".join(lines), origin.line)
    if not symbol:
        return None
    text = "\n".join(rendered)
    same = (at for at, line in enumerate(rendered, 1) if line.strip() == origin.text.strip())
    return next((at for at in same if symbol_of_line(text, at) == symbol), None)


# --- wired edits ---------------------------------------------------------------------------------


def _wired(known: Known, origin: Origin, lines: list[str]) -> Origin | None:
    """The edit that the line goes away with, when it is taken out again."""
    from featuregen.merge.diff3 import align
    from featuregen.wiring.wire import EDITORS, entries

    editors = [editor for editor in EDITORS if editor.path == origin.path]
    if not editors or not origin.text.strip():
        return None
    source = "\n".join(lines) + "\n"
    wired = (
        (name, key, entry, lock.wired)
        for name, lock in known.features.items()
        if lock.contribution is not None
        for key, entry in entries(editors[0], lock.contribution).items()
        if key in lock.wired
    )
    for name, key, entry, ledger in wired:
        text = editors[0].undo_all(source, {key: entry}, ledger).text
        if text == source:
            continue
        left = {ours for _, ours in align(text.removesuffix("\n").split("\n"), lines)}
        if origin.line - 1 not in left:
            return _with_entry(known, replace(origin, kind="wired", feature=name, wired=key))
    return None


def _with_entry(known: Known, origin: Origin) -> Origin:
    """With the line of the spec that the entry comes from."""
    lock = known.features[origin.feature or ""]
    spec = applied_spec_of(lock)
    if spec is None:
        return origin
    kind, _, name = (origin.wired or "").partition(":")
    path = (_SECTIONS[kind], name) if kind in _SECTIONS else ("feature",)
    return replace(
        origin,
        spec=spec_path(lock.name),
        spec_line=spec.source.at(*path).line,
        spec_path=".".join(path),
    )


# --- generated lines -----------------------------------------------------------------------------


def _with_spec(known: Known, lock: Lock, origin: Origin) -> Origin:
    from featuregen.migrations.chain import VERSIONS
    from featuregen.plan.make import make_plan
    from featuregen.verify.blame import Blame, attribute_of_line

    spec = applied_spec_of(lock)
    if spec is None:
        return origin
    found = Blame(known.root, make_plan(spec).origins).of_line(origin.path, origin.line)
    if found is None and origin.path.startswith(VERSIONS):
        found = ("entities",)
    if found is None:
        return origin
    source = (known.root / origin.path).read_bytes()
    field = (*found, "fields", attribute_of_line(source, origin.line))
    if field in spec.source.keys:
        found = field
    return replace(
        origin,
        spec=spec_path(lock.name),
        spec_line=spec.source.at(*found).line,
        spec_path=".".join(map(str, found)),
    )


def _with_template(known: Known, lock: Lock, origin: Origin, base: str, at: int) -> Origin:
    """With the template's line, where this featuregen has rendered the file."""
    from featuregen.lifecycle.template_lines import (
        marked_feature_file,
        marked_project_file,
        origin_of,
    )
    from featuregen.lifecycle.updating import project_name
    from featuregen.plan.make import make_plan

    if lock.version != VERSION:
        return origin
    if origin.feature is None:
        name = project_name(known)
        marked = marked_project_file(known.root, origin.path, name, known.contributions())
    else:
        spec = applied_spec_of(lock)
        marked = marked_feature_file(known.root, make_plan(spec), origin.path) if spec else []
    found = origin_of(at, base, marked) if marked else None
    if found is None:
        return origin
    return replace(origin, template=_shown(known.root, found.template), template_line=found.line)


def _shown(root: Path, template: str) -> str:
    """Where a template lies: among ours, or in the team's folder."""
    from featuregen.house import find_house

    house = find_house(root)
    if house is None or template not in house.files:
        return f"templates/{template}"
    if house.root.is_relative_to(root):
        return f"{house.root.relative_to(root).as_posix()}/{template}"
    return str(house.root / template)
