"""What the server remembers between calls, and the folder that it never leaves."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from featuregen.errors import FeaturegenError
from featuregen.mcp.pages import Shelf
from featuregen.project import HOME
from featuregen.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable

    from featuregen.pipeline import Options

_Kept = TypeVar("_Kept")
_REMEMBERED = 32


@dataclass(frozen=True, slots=True)
class SpecText:
    """A spec as an agent gave it. `path` is None where it gave the text itself.

    `text` has the answers that were given since, `before` has not; `on_disk` is what the file said.
    """

    text: str
    shown_as: str
    before: str
    path: Path | None = None
    on_disk: str | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan that was shown: what `generate_feature` and `update_feature` carry out."""

    plan_id: str
    given: SpecText  # with the answers in its text
    feature: str
    root: Path
    updates: bool
    touched: tuple[str, ...]  # paths that it writes or deletes


@dataclass
class Bench:
    """One server's memory, bounded."""

    root: Path
    options: Options
    shelf: Shelf = field(default_factory=Shelf)
    _specs: OrderedDict[str, SpecText] = field(default_factory=OrderedDict)
    _plans: OrderedDict[str, Planned] = field(default_factory=OrderedDict)

    def __post_init__(self) -> None:
        self.root = self.root.resolve()

    def inside(self, path: str) -> Path:
        """A path of the root, resolved; raises `FeaturegenError` for one that leaves it."""
        try:
            found = (self.root / path).resolve()
        except (OSError, ValueError, RuntimeError) as reason:
            raise FeaturegenError(f"{path!r} is no path", exit_code=2) from reason
        if not found.is_relative_to(self.root):
            raise FeaturegenError(
                f"{path!r} is outside of the folder that this server works in",
                where=str(self.root),
                hint="name a path below it",
                exit_code=2,
            )
        return found

    def project_root(self, into: str) -> Path:
        """The folder of a project that is there; one above it does not count."""
        found = self.inside(into)
        if (found / HOME / "project.lock").is_file():
            return found
        raise FeaturegenError(
            "no featuregen project here",
            where=str(found),
            hint="plan_feature and generate_feature make one",
            exit_code=2,
        )

    def shown(self, path: Path) -> str:
        """A path as the agent knows it: below the root."""
        return path.relative_to(self.root).as_posix() or "."

    def read_spec(self, spec: str) -> SpecText:
        """YAML text, the path of a file below the root, or the `spec_id` of an earlier answer."""
        from featuregen.spec.document import read_text

        if "\n" in spec:
            return SpecText(spec, "spec.yaml", spec)
        if spec in self._specs:
            return self._specs[spec]
        if spec.startswith("s-") and not spec.endswith((".yaml", ".yml")):
            raise FeaturegenError(
                f"no spec {spec!r} in this server's memory",
                hint="give the YAML text, or the path of a file",
                exit_code=2,
            )
        path = self.inside(spec)
        shown = self.shown(path)
        text = read_text(path, shown)
        return SpecText(text, shown, text, path, text)

    def keep_spec(self, given: SpecText, text: str) -> str:
        """A `spec_id` for the text; the file's path, where it says just that."""
        if text == given.on_disk:
            return given.shown_as
        name = f"s-{digest([text, given.shown_as])[:8]}"
        _remember(self._specs, name, replace(given, text=text))
        return name

    def keep_plan(self, planned: Planned) -> None:
        _remember(self._plans, planned.plan_id, planned)

    def plan(self, plan_id: str) -> Planned:
        """A plan that still holds; raises `FeaturegenError` for one that is stale or unknown."""
        from featuregen.spec.document import read_text

        planned = self._plans.get(plan_id)
        if planned is None:
            raise _stale(f"no plan {plan_id!r} in this server's memory")
        given = planned.given
        if given.path is not None and read_text(given.path, given.shown_as) != given.on_disk:
            raise _stale(f"the plan {plan_id} is stale: {given.shown_as} has changed since")
        if plan_id != self.plan_id(given.text, planned.root, planned.touched):
            raise _stale(f"the plan {plan_id} is stale: the project has changed since")
        return planned

    def plan_id(self, text: str, root: Path, touched: Iterable[str]) -> str:
        """The hash of the spec, the project and the version.

        The project is its locks, and every file that the plan would write or delete.
        """
        locks = sorted((root / HOME).glob("*.lock")) if root.is_dir() else []
        parts = [VERSION, self.shown(root), text]
        for path in [*locks, *(root / path for path in touched)]:
            content = path.read_bytes() if path.is_file() else None
            parts += [self.shown(path), "" if content is None else digest([content.hex()])]
        return f"p-{digest(parts)[:12]}"


def digest(parts: Iterable[str]) -> str:
    """A hash of texts in which their limits count."""
    from hashlib import sha256
    from json import dumps

    return sha256(dumps(list(parts)).encode()).hexdigest()


def _stale(what: str) -> FeaturegenError:
    return FeaturegenError(what, hint="call plan_feature again", exit_code=3)


def _remember(memory: OrderedDict[str, _Kept], name: str, value: _Kept) -> None:
    memory[name] = value
    memory.move_to_end(name)
    while len(memory) > _REMEMBERED:
        memory.popitem(last=False)
