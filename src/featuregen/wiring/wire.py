"""All edits of the shared files that one or many features ask for: each file is read once.

A file that is not in `files` is none of this run's business (an untouched one is rendered anew,
with every feature in it); one that is there as None was deleted by the user.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from featuregen.plan.contribution import Contribution
from featuregen.plan.needs import NEEDS, dependencies
from featuregen.wiring.dependencies import DependenciesFile
from featuregen.wiring.env import EnvFile
from featuregen.wiring.errors import ErrorsFile
from featuregen.wiring.fakes import FakesFile
from featuregen.wiring.ids import requirements, wired_ids
from featuregen.wiring.order import Order
from featuregen.wiring.outcome import (
    AlreadyThere,
    CannotEdit,
    Edited,
    Edits,
    Outcome,
    RemovedByUser,
    Request,
)
from featuregen.wiring.readme import ReadmeFile
from featuregen.wiring.router import RouterFile
from featuregen.wiring.settings import SettingsFile
from featuregen.wiring.shared_file import SharedFile

Editor: TypeAlias = type[SharedFile[Any]]
Files: TypeAlias = Mapping[str, str | None]
Ledger: TypeAlias = Mapping[str, str]
"""Ids of what was wired for a feature, each with what its undo needs besides the entry."""

EDITORS: tuple[Editor, ...] = (
    RouterFile,
    SettingsFile,
    ErrorsFile,
    FakesFile,
    DependenciesFile,
    EnvFile,
    ReadmeFile,
)
__all__ = ["EDITORS", "PATHS", "unwire", "wire", "wire_all", "wired_ids"]

PATHS: tuple[str, ...] = tuple(editor.path for editor in EDITORS)


@dataclass(frozen=True, slots=True)
class Impossible:
    """An edit that a person has to make."""

    id: str
    path: str
    instructions: str


@dataclass(frozen=True, slots=True)
class WiringResult:
    """The files that changed, and what became of each id."""

    files: dict[str, str] = field(default_factory=dict)
    done: tuple[str, ...] = ()
    undone: tuple[str, ...] = ()
    already: tuple[str, ...] = ()
    by_user: tuple[str, ...] = ()
    """In the file in the user's own words, which stay."""
    removed_by_user: tuple[str, ...] = ()
    impossible: tuple[Impossible, ...] = ()
    inverses: dict[str, str] = field(default_factory=dict)
    """For each id in `done`: what goes into the ledger beside it."""


def entries(editor: Editor, contribution: Contribution) -> dict[str, Any]:
    """What a feature has in one file, by id, in canonical order."""
    sources: Mapping[Editor, Sequence[object]] = {
        RouterFile: contribution.routers,
        SettingsFile: contribution.settings,
        ErrorsFile: contribution.errors,
        FakesFile: contribution.fakes,
        DependenciesFile: requirements(contribution),
        EnvFile: contribution.settings,
        ReadmeFile: (contribution,),
    }
    return {editor.id(entry): entry for entry in sources[editor]}


def wire(
    files: Files,
    contribution: Contribution,
    others: Sequence[Contribution] = (),
    *,
    previous: Contribution | None = None,
    ledger: Ledger | None = None,
    line_length: int = 100,
) -> WiringResult:
    """Bring one feature into the shared files.

    `previous` and `ledger` are what its lock holds: entries that only `previous` has go, those that
    changed are rewritten where the user has not touched them, and those that the user took out
    stay out.
    """
    feature = contribution.feature
    return wire_all(
        files,
        (contribution,),
        others,
        previous={feature: previous} if previous else {},
        ledgers={feature: ledger or {}},
        line_length=line_length,
    )


def wire_all(
    files: Files,
    contributions: Sequence[Contribution],
    others: Sequence[Contribution] = (),
    *,
    previous: Mapping[str, Contribution] | None = None,
    ledgers: Mapping[str, Ledger] | None = None,
    line_length: int = 100,
) -> WiringResult:
    """`wire` for many features, in one reading of each file."""
    everyone = sorted([*contributions, *others], key=lambda each: each.feature)
    before, ledgers = previous or {}, ledgers or {}
    collected = _Collected()
    for editor in EDITORS:
        if editor.path not in files:
            continue
        source = files[editor.path]
        wanted = _merged(editor, contributions)
        stale = _stale(editor, before.values(), everyone, ledgers)
        if source is not None and stale:
            inverses = {key: text for ledger in ledgers.values() for key, text in ledger.items()}
            edits = editor.undo_all(source, stale, inverses, line_length)
            collected.undone(editor, edits)
            source = edits.text
        request = Request(
            wanted,
            _order(editor, everyone),
            _merged(editor, list(before.values())),
            _known(editor, contributions, ledgers),
            line_length,
        )
        collected.wired(editor, _edit(editor, source, request))
        collected.text(editor, files[editor.path])
    return collected.result()


def _merged(editor: Editor, contributions: Sequence[Contribution]) -> dict[str, Any]:
    return {
        key: entry
        for contribution in contributions
        for key, entry in entries(editor, contribution).items()
    }


def _stale(
    editor: Editor,
    previous: Collection[Contribution],
    everyone: Sequence[Contribution],
    ledgers: Mapping[str, Ledger],
) -> dict[str, Any]:
    """What was wired for an earlier form of a feature, and nobody wants any longer."""
    wanted = _merged(editor, everyone)
    wired = {key for ledger in ledgers.values() for key in ledger}
    return {
        key: entry
        for key, entry in _merged(editor, list(previous)).items()
        if key in wired and key not in wanted
    }


def _known(
    editor: Editor, contributions: Sequence[Contribution], ledgers: Mapping[str, Ledger]
) -> frozenset[str]:
    """Ids wired before for every feature that wants them: a newcomer still gets what it needs."""
    known: set[str] = set()
    fresh: set[str] = set()
    for contribution in contributions:
        ledger = ledgers.get(contribution.feature, {})
        for key in entries(editor, contribution):
            (known if key in ledger else fresh).add(key)
    return frozenset(known - fresh)


def _order(editor: Editor, everyone: Sequence[Contribution]) -> Order:
    """By feature, then as the feature has them; requirements by name, as pyproject holds them."""
    if editor is DependenciesFile:
        return Order(DependenciesFile.id(each) for each in dependencies(tuple(NEEDS)))
    groups = {
        key: contribution.feature
        for contribution in reversed(everyone)
        for key in entries(editor, contribution)
    }
    ids = [key for contribution in everyone for key in entries(editor, contribution)]
    return Order(ids, groups)


def _edit(editor: Editor, source: str | None, request: Request[Any]) -> Edits:
    if source is not None:
        return editor.edit_all(source, request)
    outcomes: dict[str, Outcome] = {
        key: RemovedByUser()
        if key in request.ledger
        else CannotEdit(f"{editor.path}: there is no such file. {editor.instructions(entry)}")
        for key, entry in request.entries.items()
    }
    return Edits("", outcomes)


def unwire(
    files: Files,
    contribution: Contribution,
    others: Sequence[Contribution] = (),
    *,
    ledger: Ledger,
    line_length: int = 100,
) -> WiringResult:
    """Take a feature out of the shared files: what its ledger holds and no other feature needs."""
    collected = _Collected()
    for editor in EDITORS:
        source = files.get(editor.path)
        if source is None:
            continue
        shared = _merged(editor, others)
        gone = {
            key: entry
            for key, entry in entries(editor, contribution).items()
            if key in ledger and key not in shared
        }
        if gone:
            collected.undone(editor, editor.undo_all(source, gone, ledger, line_length))
            collected.text(editor, source)
    return collected.result()


class _Collected:
    """Outcomes of one run, file by file."""

    def __init__(self) -> None:
        self.last = ""
        self.files: dict[str, str] = {}
        self.found: dict[str, list[str]] = {}
        self.impossible: list[Impossible] = []
        self.inverses: dict[str, str] = {}

    def wired(self, editor: Editor, edits: Edits) -> None:
        self.last = edits.text
        self.inverses.update(edits.inverses)
        for key, outcome in edits.outcomes.items():
            match outcome:
                case Edited():
                    self._note("done", key)
                case AlreadyThere(by_user=by_user):
                    self._note("by_user" if by_user else "already", key)
                case RemovedByUser():
                    self._note("removed_by_user", key)
                case CannotEdit(instructions):
                    self.impossible.append(Impossible(key, editor.path, instructions))

    def undone(self, editor: Editor, edits: Edits) -> None:
        self.last = edits.text
        for key, outcome in edits.outcomes.items():
            match outcome:
                case Edited():
                    self._note("undone", key)
                case CannotEdit(instructions):
                    self.impossible.append(Impossible(key, editor.path, instructions))
                case _:
                    self._note("removed_by_user", key)

    def _note(self, what: str, key: str) -> None:
        self.found.setdefault(what, []).append(key)

    def text(self, editor: Editor, source: str | None) -> None:
        if source is not None and self.last != source:
            self.files[editor.path] = self.last

    def result(self) -> WiringResult:
        found = {what: tuple(keys) for what, keys in self.found.items()}
        return WiringResult(
            files=self.files,
            impossible=tuple(self.impossible),
            inverses=self.inverses,
            done=found.get("done", ()),
            undone=found.get("undone", ()),
            already=found.get("already", ()),
            by_user=found.get("by_user", ()),
            removed_by_user=found.get("removed_by_user", ()),
        )
