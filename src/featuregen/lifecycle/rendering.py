"""What the specs and the templates say now: features and skeleton rendered in one go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from featuregen.assemble import RUFF_VERSION, formatted_before
from featuregen.errors import FeaturegenError
from featuregen.lifecycle.revisions import Kept, next_revisions
from featuregen.line_ends import plain
from featuregen.lock import spec_hash
from featuregen.version import VERSION

if TYPE_CHECKING:
    from pathlib import Path

    from featuregen.house import House
    from featuregen.lifecycle.known import Known
    from featuregen.pipeline import Subject
    from featuregen.plan.contribution import Contribution
    from featuregen.render import Drafts
    from featuregen.spec.model import FeatureSpec


@dataclass(frozen=True, slots=True)
class SpecText:
    """The spec as it stands beside the code, loaded, and as the bytes that the lock keeps."""

    spec: FeatureSpec
    text: bytes

    @property
    def path(self) -> str:
        return spec_path(self.spec.feature)


@dataclass(frozen=True, slots=True)
class Render:
    """One feature as it is to be."""

    spec: FeatureSpec
    subject: Subject  # of a proof
    applied: str  # the hash of the spec's text
    files: Mapping[str, str]  # with the spec
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


def read_spec(root: Path, feature: str) -> SpecText:
    """The spec of a feature of the project; it has to call itself by the feature's name."""
    from featuregen.spec.load import load_spec

    text = read_spec_bytes(root, feature)
    spec = load_spec(root / spec_path(feature), shown_as=spec_path(feature))
    if spec.feature != feature:
        raise FeaturegenError(
            f"the spec says 'feature: {spec.feature}', but the project knows it as {feature}",
            where=f"{spec_path(feature)}:{spec.source.at('feature').line}",
            hint=f"write 'feature: {feature}' again, then: "
            f"featuregen rename {feature} {spec.feature}",
        )
    return SpecText(spec, text)


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
    staying = known.contributions(without={*(each.spec.feature for each in specs), *without})
    with drafts(_formatted_before(known)) as drafted:
        features = [*_draft(known, specs, house, drafted, was or {}, kept)]
        _check_collisions(features, staying)
        contributions = {each.given.spec.feature: each.contribution for each in features}
        everyone = (*staying, *contributions.values())
        unchanged = not (afresh or without) and _is_unchanged(known, contributions, house)
        skeleton: tuple[str, ...] = ()
        with blamed_on(house):
            if (everyone or keep_skeleton) and not unchanged:
                project = plan_project(name, everyone, known.project.templates)
                skeleton = drafted.add(render_project(project, everyone, house))
            drafted.format()
        return Rendered(
            {each.given.spec.feature: each.formatted(drafted) for each in features},
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

    def formatted(self, drafted: Drafts) -> Render:
        files = {path: drafted.read(path) for path in self.paths}
        files |= {**self.written, self.given.path: self.given.text.decode()}
        applied = spec_hash(self.given.text)
        return Render(self.given.spec, self.subject, applied, files, self.contribution)


def _draft(
    known: Known,
    specs: Sequence[SpecText],
    house: House | None,
    drafted: Drafts,
    was: Mapping[str, str],
    kept: Mapping[str, Kept] | None,
) -> Iterator[_Draft]:
    """Plan and render the features, one after the other."""
    from featuregen.house import blamed_on
    from featuregen.migrations.chain import Chain
    from featuregen.pipeline import subject_of
    from featuregen.plan.make import make_plan
    from featuregen.render import render_feature

    chain = Chain(known.root)
    for each in specs:
        plan = make_plan(each.spec)
        if kept:
            revisions = kept[each.spec.feature].revisions(plan)
        else:
            revisions = next_revisions(known, plan, was, chain)
        files, contribution = render_feature(plan, house)
        with blamed_on(house):
            paths = drafted.add({**files, **revisions.added})
        yield _Draft(each, subject_of(plan, house), paths, revisions.written, contribution)


def _check_collisions(features: Sequence[_Draft], staying: Sequence[Contribution]) -> None:
    from featuregen.collisions import check_collisions

    for each in features:
        others = (other.contribution for other in features if other is not each)
        check_collisions(each.given.spec, each.contribution, (*staying, *others))


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


def _formatted_before(known: Known) -> dict[str, bytes]:
    """The last renders: what is among them need not be formatted again."""
    return {path: text for lock in known.locks() for path, text in formatted_before(lock).items()}
