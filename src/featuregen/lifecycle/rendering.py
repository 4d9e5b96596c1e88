"""What the specs and the templates say now: features and skeleton rendered in one go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from featuregen.assemble import RUFF_VERSION, formatted_before
from featuregen.errors import FeaturegenError
from featuregen.lifecycle.revisions import Kept, next_revisions
from featuregen.line_ends import plain
from featuregen.lock import Pristine, spec_hash
from featuregen.spool import Spool
from featuregen.version import VERSION

if TYPE_CHECKING:
    from pathlib import Path

    from featuregen.house import House
    from featuregen.lifecycle.known import Known
    from featuregen.pipeline import Subject
    from featuregen.plan.contribution import Contribution
    from featuregen.render import Drafts
    from featuregen.spec.model import FeatureSpec


class SpecText:
    """The spec as it stands beside the code, as the bytes that the lock keeps.

    It is loaded once it is asked for. Of many, none stays in memory once it is planned: the few
    that are asked for later are loaded again.
    """

    def __init__(self, feature: str, text: bytes, spec: FeatureSpec | None = None) -> None:
        self.feature = feature
        self.text = text
        self.warns = False
        self._spec = spec

    @property
    def path(self) -> str:
        return spec_path(self.feature)

    @property
    def spec(self) -> FeatureSpec:
        """The spec; raises `FeaturegenError` where it does not hold, or has another name."""
        if self._spec is None:
            self._spec = _loaded(self)
        return self._spec

    def drop(self) -> None:
        """Make room."""
        self.warns = bool(self.spec.warnings)
        self._spec = None


@dataclass(frozen=True, slots=True)
class Render:
    """One feature as it is to be."""

    given: SpecText
    subject: Subject  # of a proof
    applied: str  # the hash of the spec's text
    files: Mapping[str, Pristine]  # with the spec; not in memory
    contribution: Contribution


@dataclass(frozen=True, slots=True)
class Rendered:
    """All that this run renders. `skeleton` is empty where no feature is left."""

    features: Mapping[str, Render]
    skeleton: Mapping[str, str]
    house: str | None = None  # the digest of the team's own templates


def spec_path(feature: str) -> str:
    """Where a feature's spec lies in its project."""
    return f"features/{feature}.yaml"


def read_spec_bytes(root: Path, feature: str) -> bytes:
    """The text of the spec, with plain line ends; raises `FeaturegenError` where it is gone."""
    try:
        return plain((root / spec_path(feature)).read_bytes())
    except OSError as reason:
        raise FeaturegenError(
            f"the spec of {feature} cannot be read: {reason.strerror}",
            where=spec_path(feature),
            hint=f"bring the file back, or take the feature out: featuregen remove {feature}",
        ) from reason


def read_specs(root: Path, features: Sequence[str]) -> list[SpecText]:
    """The specs of features of the project; a single one is loaded at once."""
    specs = [SpecText(name, read_spec_bytes(root, name)) for name in features]
    if len(specs) == 1:
        _ = specs[0].spec
    return specs


def _loaded(given: SpecText) -> FeatureSpec:
    """The spec; it has to call itself by the feature's name."""
    from featuregen.spec.document import decoded
    from featuregen.spec.load import parse_spec

    spec, feature = parse_spec(decoded(given.text, given.path), given.path), given.feature
    if spec.feature != feature:
        raise FeaturegenError(
            f"the spec says 'feature: {spec.feature}', but the project knows it as {feature}",
            where=f"{given.path}:{spec.source.at('feature').line}",
            hint=f"write 'feature: {feature}' again, then: "
            f"featuregen rename {feature} {spec.feature}",
        )
    return spec


def render(
    known: Known,
    specs: Sequence[SpecText],
    *,
    name: str,
    without: Sequence[str] = (),
    keep_skeleton: bool = False,
    afresh: bool = False,
    was: Mapping[str, str] | None = None,
    kept: Mapping[str, Kept] | None = None,
) -> Rendered:
    """Plan and render features, and the skeleton with them and all that stay as they are.

    `was` maps features to the name of their lock, where that is another. `kept` are the migrations
    of every feature, where none is to be added. `without` are features that go; where none is left,
    neither is a skeleton, unless it is to be kept. A skeleton that would come out as it did the
    last time is taken from its lock, unless it is to be made `afresh`. Raises `SpecError` where two
    features want the same name or route, and where data would be lost.
    """
    from featuregen.house import blamed_on, find_house
    from featuregen.plan.project import plan_project
    from featuregen.render import drafts, render_project

    house = find_house(known.root)
    staying = known.contributions(without={*(each.feature for each in specs), *without})
    with drafts(_formatted_before(known)) as drafted:
        features = [*_draft(known, specs, house, drafted, was or {}, kept, staying)]
        contributions = {each.given.feature: each.contribution for each in features}
        everyone = (*staying, *contributions.values())
        unchanged = not (afresh or without) and _is_unchanged(known, contributions, house)
        skeleton: tuple[str, ...] = ()
        with blamed_on(house):
            if (everyone or keep_skeleton) and not unchanged:
                project = plan_project(name, everyone, known.project.templates)
                skeleton = drafted.add(render_project(project, everyone, house))
            drafted.format()
        spool = Spool()
        return Rendered(
            {each.given.feature: each.formatted(drafted, spool) for each in features},
            {path: item.text.decode() for path, item in known.project.files.items()}
            if unchanged
            else {path: drafted.read(path) for path in skeleton},
            house.digest if house else None,
        )


@dataclass(frozen=True, slots=True)
class _Draft:
    """What stays of a feature in memory until all are formatted: not its plan, not its files."""

    given: SpecText
    subject: Subject
    paths: tuple[str, ...]
    written: Mapping[str, str]  # migrations, which stay as they are
    contribution: Contribution

    def formatted(self, drafted: Drafts, spool: Spool) -> Render:
        texts = ((path, drafted.read(path).encode()) for path in self.paths)
        rest = ((path, text.encode()) for path, text in self.written.items())
        files = {
            path: Pristine(spool.park(text))
            for path, text in chain(texts, rest, [(self.given.path, self.given.text)])
        }
        applied = spec_hash(self.given.text)
        return Render(self.given, self.subject, applied, files, self.contribution)


def _draft(
    known: Known,
    specs: Sequence[SpecText],
    house: House | None,
    drafted: Drafts,
    was: Mapping[str, str],
    kept: Mapping[str, Kept] | None,
    staying: Sequence[Contribution],
) -> Iterator[_Draft]:
    """Plan and render the features, one after the other."""
    from featuregen.collisions import check_collisions
    from featuregen.house import blamed_on
    from featuregen.migrations.chain import Chain
    from featuregen.pipeline import subject_of
    from featuregen.plan.make import make_plan
    from featuregen.render import render_feature

    line = Chain(known.root)
    present = [*staying]
    for each in specs:
        plan = make_plan(each.spec)
        if kept:
            revisions = kept[each.feature].revisions(plan)
        else:
            revisions = next_revisions(known, plan, was, line)
        files, contribution = render_feature(plan, house)
        check_collisions(each.spec, contribution, present)
        present.append(contribution)
        with blamed_on(house):
            paths = drafted.add({**files, **revisions.added})
        if len(specs) > 1:
            each.drop()
        yield _Draft(each, subject_of(plan, house), paths, revisions.written, contribution)


def _is_unchanged(
    known: Known, contributions: Mapping[str, Contribution], house: House | None
) -> bool:
    """Whether the skeleton would come out as it did the last time."""
    project = known.project
    return (
        bool(project.files)
        and project.version == VERSION
        and project.ruff == RUFF_VERSION
        and project.house == (house.digest if house else None)
        and all(
            feature in known.features and known.features[feature].contribution == contribution
            for feature, contribution in contributions.items()
        )
    )


def _formatted_before(known: Known) -> dict[str, Pristine]:
    """The last renders: what is among them need not be formatted again."""
    return {path: item for lock in known.locks() for path, item in formatted_before(lock).items()}
