"""What the specs and the templates say now: features and skeleton rendered in one go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from featuregen.assemble import RUFF_VERSION, formatted_before
from featuregen.errors import FeaturegenError
from featuregen.lifecycle.revisions import Revisions, next_revisions
from featuregen.lock import spec_hash
from featuregen.version import VERSION

if TYPE_CHECKING:
    from pathlib import Path

    from featuregen.house import House
    from featuregen.lifecycle.known import Known
    from featuregen.plan.contribution import Contribution
    from featuregen.plan.model import FeaturePlan
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
    plan: FeaturePlan
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
    """The text of the spec; raises `FeaturegenError` where it is gone."""
    try:
        return (root / spec_path(feature)).read_bytes()
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
    kept: Mapping[str, Mapping[str, str]] | None = None,
) -> Rendered:
    """Plan and render features, and the skeleton with them and all that stay as they are.

    `was` maps features to the name of their lock, where that is another. `kept` are all migrations
    by feature, where none is to be added. `without` are features that go; where none is left,
    neither is a skeleton, unless it is to be kept. A skeleton that would come out as it did the
    last time is taken from its lock, unless it is to be made `afresh`. Raises `SpecError` where two
    features want the same name or route, and where data would be lost.
    """
    from featuregen.house import blamed_on, find_house
    from featuregen.plan.project import plan_project
    from featuregen.render import format_files, render_feature, render_project

    plans = _plans(known, specs, without)
    revisions = Revisions(kept, {}) if kept else next_revisions(known, plans, was or {})
    house = find_house(known.root)
    rendered = {plan.feature.name: render_feature(plan, house) for plan in plans}
    contributions = {feature: contribution for feature, (_, contribution) in rendered.items()}
    staying = known.contributions(without={*contributions, *without})
    everyone = (*staying, *contributions.values())
    unchanged = not (afresh or without) and _is_unchanged(known, contributions, house)
    skeleton: dict[str, str] = {}
    if (everyone or keep_skeleton) and not unchanged:
        skeleton = render_project(
            plan_project(name, everyone, known.project.templates), everyone, house
        )
    with blamed_on(house):
        formatted = format_files(
            {
                **skeleton,
                **{path: text for own, _ in rendered.values() for path, text in own.items()},
                **revisions.new_files(),
            },
            _formatted_before(known),
        )
    return Rendered(
        {
            each.spec.feature: Render(
                each.spec,
                plan,
                spec_hash(each.text),
                {path: formatted[path] for path in rendered[each.spec.feature][0]}
                | {path: formatted[path] for path in revisions.added.get(each.spec.feature, {})}
                | dict(revisions.written.get(each.spec.feature, {}))
                | {each.path: each.text.decode()},
                contributions[each.spec.feature],
            )
            for each, plan in zip(specs, plans, strict=True)
        },
        {path: item.text.decode() for path, item in known.project.files.items()}
        if unchanged
        else {path: formatted[path] for path in skeleton},
        house.digest if house else None,
    )


def _plans(
    known: Known, specs: Sequence[SpecText], without: Sequence[str]
) -> tuple[FeaturePlan, ...]:
    from featuregen.collisions import check_collisions
    from featuregen.plan.make import make_plan

    plans = tuple(make_plan(each.spec) for each in specs)
    staying = known.contributions(without={*(each.spec.feature for each in specs), *without})
    for each, plan in zip(specs, plans, strict=True):
        others = (other.contribution for other in plans if other is not plan)
        check_collisions(each.spec, plan.contribution, (*staying, *others))
    return plans


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
