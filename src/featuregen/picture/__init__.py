"""What a feature is, for people: routes, settings, errors, traits, security measures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.picture.routes import routes
from featuregen.picture.security import security_measures
from featuregen.picture.traits import traits
from featuregen.plan.samples import sample
from featuregen.results import ErrorAnswer, FeaturePicture, SettingNeeded

if TYPE_CHECKING:
    from featuregen.spec.model import FeatureSpec


def feature_picture(spec: FeatureSpec, hooks: tuple[tuple[str, str], ...] = ()) -> FeaturePicture:
    """`hooks` are the open ones: name, and file:line of the stub."""
    requirements = spec.requirements
    groups = (
        ("users", requirements.users),
        ("performance", requirements.performance),
        ("compliance", requirements.compliance),
        ("acceptance", requirements.acceptance),
        ("notes", requirements.notes),
    )
    return FeaturePicture(
        feature=spec.feature,
        title=spec.title,
        summary=spec.summary,
        routes=routes(spec),
        settings=tuple(
            SettingNeeded(
                name=field.name.upper(),
                required=field.required and not field.has_default,
                description=field.description or "",
                example=str(
                    field.default
                    if field.has_default
                    else field.example
                    if field.has_example
                    else sample(field, spec)
                ),
            )
            for field in spec.settings.values()
        ),
        errors=tuple(
            ErrorAnswer(error.name, error.status, error.code, error.title)
            for error in spec.errors.values()
        ),
        traits=tuple(traits(spec)),
        security=tuple(security_measures(spec)),
        hooks=hooks,
        requirements=tuple((name, items) for name, items in groups if items),
    )
