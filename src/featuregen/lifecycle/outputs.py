"""Which template wrote which file, and which file took the place of another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from featuregen.errors import SpecError
from featuregen.render import outputs, templates_of

if TYPE_CHECKING:
    from featuregen.house import House
    from featuregen.lifecycle.rendering import Render
    from featuregen.lock import Lock
    from featuregen.plan.model import FeaturePlan
    from featuregen.spec.model import FeatureSpec


def applied_spec_of(lock: Lock) -> FeatureSpec | None:
    """The spec as it was applied last; None where this featuregen no longer reads it."""
    from featuregen.lifecycle.rendering import spec_path
    from featuregen.spec.load import parse_spec

    path = spec_path(lock.name)
    if path not in lock.files:
        return None
    try:
        return parse_spec(lock.files[path].text.decode(), path)
    except SpecError:
        return None


def template_outputs(plan: FeaturePlan, house: House | None = None) -> dict[str, list[str]]:
    """The files of a feature by the template that they come from."""
    return {
        template: [path for path, _ in outputs(template, plan)]
        for template in templates_of("feature", house)
    }


def moved_files(
    lock: Lock, render: Render, house: House | None = None
) -> Iterator[tuple[str, str]]:
    """Old path and new one of files that the same template writes elsewhere now."""
    from featuregen.plan.make import make_plan

    if not set(lock.files) - set(render.files):
        return
    spec = applied_spec_of(lock)
    if spec is None:
        return
    now = template_outputs(make_plan(render.given.spec), house)
    for template, paths in template_outputs(make_plan(spec), house).items():
        gone = [path for path in paths if path in lock.files and path not in now[template]]
        new = [path for path in now[template] if path in render.files and path not in paths]
        if len(gone) == len(new):
            yield from zip(gone, new, strict=True)
