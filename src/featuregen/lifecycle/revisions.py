"""The migrations of features over their later life: kept, followed by new ones, taken out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from featuregen.line_ends import plain, same
from featuregen.migrations.chain import VERSIONS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from featuregen.lifecycle.known import Known
    from featuregen.lock import Lock, Pristine
    from featuregen.migrations.chain import Chain
    from featuregen.migrations.history import KnownRevision
    from featuregen.plan.model import FeaturePlan
    from featuregen.workspace import Write

Texts = Mapping[str, str]


class Revisions(NamedTuple):
    """A feature's: those that are written, and those to be added, which are not formatted yet.

    What is written is never written anew: a database may have gone through it.
    """

    written: Texts
    added: Texts


def next_revisions(
    known: Known, plan: FeaturePlan, was: Mapping[str, str], chain: Chain
) -> Revisions:
    """What a plan makes of the tables as migrated. `was` maps features to their locks' names."""
    name = plan.feature.name
    lock = known.features.get(was.get(name, name))
    before = lock.contribution.tables if lock and lock.contribution else ()
    added = chain.extend(plan.spec, before, plan.contribution.tables)
    return Revisions(_texts(lock.files if lock else {}), added)


class Kept(NamedTuple):
    """The revisions of a feature whose lock is made anew.

    `written` are their texts as they were rendered. Where no lock tells, they are taken as they
    stand, and `unsure` names them; but the `only` one of a feature can be rendered again.
    """

    written: Texts
    unsure: tuple[str, ...] = ()
    only: KnownRevision | None = None

    def revisions(self, plan: FeaturePlan) -> Revisions:
        """With the only one as the plan has it."""
        from featuregen.migrations.revision import first_again

        if self.only is None:
            return Revisions(self.written, {})
        text = first_again(plan.spec, plan.contribution.tables, self.only)
        return Revisions(self.written, {self.only.path: text})


def kept_revisions(root: Path, feature: str, lock: Lock | None, *, sound: bool) -> Kept:
    """What there is to know. `lock` is not `sound` where it is but one side of git's merge."""
    if lock is not None and sound:
        return Kept(_texts(lock.files), lock.unsure)
    from featuregen.migrations.history import read_history
    from featuregen.migrations.revision import revision_id

    rendered = _texts(lock.files) if lock else {}
    ending = revision_id(0, feature).removeprefix("0000")
    found = sorted((root / VERSIONS).glob(f"[0-9][0-9][0-9][0-9]{ending}.py"))
    on_disk = {f"{VERSIONS}/{path.name}": path.read_text(encoding="utf-8") for path in found}
    if len(on_disk) == 1 and not rendered:
        known = {each.path: each for each in read_history(root).revisions}
        only = known.get(next(iter(on_disk)))
        if only is not None and len(only.after) <= 1:
            return Kept({}, only=only)
    unsure = tuple(path for path in on_disk if path not in rendered)
    return Kept({path: rendered.get(path, text) for path, text in on_disk.items()}, unsure)


def history_faults(root: Path) -> Iterator[str]:
    """What stands in the way of a next migration."""
    from featuregen.errors import FeaturegenError
    from featuregen.migrations.history import read_history

    try:
        read_history(root).head()
    except FeaturegenError as fault:
        yield f"{fault.what}; {fault.hint}" if fault.hint else fault.what


class Relinked(NamedTuple):
    """What a removal does to the migrations of others, and what to say of databases."""

    writes: tuple[Write, ...]
    seen: Mapping[str, bytes | None]
    notes: tuple[str, ...]


def relink(known: Known, feature: str, kept: Collection[str]) -> Relinked:
    """Take a feature's revisions out of the line; what followed them follows what they followed.

    `kept` are files that stay although they are the feature's. The locks of the other features
    learn of it, so that a revision does not count as edited.
    """
    from featuregen.migrations.history import revision_files
    from featuregen.migrations.relinking import relinked
    from featuregen.workspace import Write

    lock = known.features[feature]
    texts = revision_files(known.root)
    gone = [path for path in _texts(lock.files) if path in texts and path not in kept]
    if not gone:
        return Relinked((), {}, ())
    changed = relinked(texts, gone)
    files = [Write(path, text) for path, text in changed.items()]
    locks = _relinked_locks(known, feature, changed, texts)
    tables = lock.contribution.tables if lock.contribution else ()
    notes = _told(sorted(table.name for table in tables), gone, left=len(texts) > len(gone))
    return Relinked((*files, *locks), {path: texts[path] for path in changed}, tuple(notes))


def _relinked_locks(
    known: Known, feature: str, changed: Mapping[str, bytes], before: Mapping[str, bytes]
) -> Iterator[Write]:
    from featuregen.lifecycle.locks_after import write_lock
    from featuregen.lock import Pristine

    for name, lock in known.features.items():
        mine = {
            path: Pristine(plain(text))
            for path, text in changed.items()
            if path in lock.files and same(lock.files[path].text, before[path])
        }
        if mine and name != feature:
            yield write_lock(replace(lock, files={**lock.files, **mine}))


def _told(tables: Sequence[str], gone: Sequence[str], *, left: bool) -> Iterator[str]:
    yield (
        f"databases that have been migrated keep the tables {', '.join(tables)}: drop them there "
        "once nothing needs them"
    )
    if not left:
        return
    ids = ", ".join(path.rpartition("/")[2].removesuffix(".py") for path in gone)
    yield (
        f"a database that stands at {ids} is to be told where it is now: alembic stamp --purge head"
    )


def _texts(files: Mapping[str, Pristine]) -> dict[str, str]:
    return {
        path: item.text.decode() for path, item in files.items() if path.startswith(f"{VERSIONS}/")
    }
