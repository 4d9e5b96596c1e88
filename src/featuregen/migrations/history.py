"""The revisions that a project has, whoever wrote them: read with `ast`, never run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from featuregen.errors import FeaturegenError
from featuregen.migrations.chain import VERSIONS

if TYPE_CHECKING:
    from pathlib import Path

MERGE_COMMAND = 'alembic merge heads -m "merge"'


@dataclass(frozen=True, slots=True)
class KnownRevision:
    """A file of `migrations/versions`. `after` are those that it follows, two in a merge."""

    path: str
    id: str
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class History:
    """All revisions of a project."""

    revisions: tuple[KnownRevision, ...] = ()

    @property
    def heads(self) -> tuple[str, ...]:
        """Revisions that no other follows, sorted; one, unless branches were merged."""
        followed = {name for each in self.revisions for name in each.after}
        return tuple(sorted(each.id for each in self.revisions if each.id not in followed))

    @property
    def next_number(self) -> int:
        """One above every number that a revision's name begins with."""
        names = (
            name for each in self.revisions for name in (each.id, each.path[len(VERSIONS) + 1 :])
        )
        found = (re.match(r"([0-9]{4,})_", name) for name in names)
        return max((int(each[1]) for each in found if each), default=0) + 1

    def head(self) -> str | None:
        """The one that the next revision follows; raises `FeaturegenError` where there are two."""
        if len(self.heads) > 1:
            raise FeaturegenError(
                f"the migrations have {len(self.heads)} heads: {', '.join(self.heads)}",
                where=VERSIONS,
                hint=f"bring the branches together, and try again: {MERGE_COMMAND}",
                exit_code=3,
            )
        return self.heads[0] if self.heads else None

    def plus(self, path: str, name: str) -> History:
        """The history with one more revision at its head."""
        known = KnownRevision(path, name, self.heads)
        return History((*self.revisions, known))


def revision_files(root: Path) -> dict[str, bytes]:
    """The files as they stand on the disk, by path."""
    found = sorted((root / VERSIONS).glob("*.py"))
    return {f"{VERSIONS}/{path.name}": path.read_bytes() for path in found if path.is_file()}


def read_history(root: Path) -> History:
    """The history as it stands on the disk."""
    return history_of(revision_files(root).items())


def history_of(texts: Iterable[tuple[str, bytes]]) -> History:
    """Raises `FeaturegenError` for a file whose place in the history cannot be told."""
    found = tuple(known for path, text in texts if (known := _revision(path, text)) is not None)
    names = {each.id for each in found}
    for each in found:
        missing = [name for name in each.after if name not in names]
        if missing:
            raise FeaturegenError(
                f"{each.path} follows the revision {missing[0]!r}, which is not there",
                where=VERSIONS,
                hint="bring its file back",
            )
    return History(found)


def _revision(path: str, text: bytes) -> KnownRevision | None:
    """None for a module without a `revision`, which alembic passes by as well."""
    try:
        values = _assigned(ast.parse(text))
    except (SyntaxError, ValueError) as reason:
        raise FeaturegenError(
            f"{path} cannot be read: {reason}", where=path, hint="mend the revision, or remove it"
        ) from reason
    if "revision" not in values:
        return None
    name, after = values["revision"], values.get("down_revision")
    match after:
        case None:
            follows: tuple[object, ...] = ()
        case str():
            follows = (after,)
        case tuple() | list():
            follows = tuple(after)
        case _:
            follows = (None,)
    if not isinstance(name, str) or not all(isinstance(each, str) for each in follows):
        raise FeaturegenError(
            f"{path} does not say plainly what it follows",
            where=path,
            hint="give `revision` and `down_revision` as literals, as alembic writes them",
        )
    return KnownRevision(path, name, tuple(str(each) for each in follows))


def _assigned(tree: ast.Module) -> dict[str, object]:
    """The literals of a module's own variables; `...` for what is no literal."""
    found: dict[str, object] = {}
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                found[name] = _literal(value)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                found[name] = _literal(value)
    return found


def _literal(node: ast.expr) -> object:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError):
        return ...
