"""Models that contain themselves: no value of a required one ends, and no sample could be made."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from featuregen.spec.draft import Draft
    from featuregen.spec.model import FeatureSpec, Model, TypeRef


def check_cycles(spec: FeatureSpec, draft: Draft) -> None:
    """Report each model that reaches itself, once per cycle, at the field that closes it."""
    reported: set[frozenset[str]] = set()
    for name in spec.models:
        trail = _cycle(name, spec.models)
        if trail is None or frozenset(trail) in reported:
            continue
        reported.add(frozenset(trail))
        field = _field_to(spec.models[name], trail[1])
        draft.findings.add(
            "FG209",
            f"the model contains itself: {' → '.join(trail)}",
            ("models", name, "fields", field),
            at="key",
            hint="refer to the inner one by its id",
        )


def _cycle(start: str, models: dict[str, Model]) -> list[str] | None:
    """The shortest way from a model back to itself."""
    trails = [[start]]
    seen: set[str] = set()
    while trails:
        trail = trails.pop(0)
        for target in _parts(models, trail[-1]):
            if target == start:
                return [*trail, target]
            if target not in seen:
                seen.add(target)
                trails.append([*trail, target])
    return None


def _parts(models: dict[str, Model], name: str) -> list[str]:
    model = models.get(name)
    return [part for field in model.fields if (part := model_in(field.type))] if model else []


def _field_to(model: Model, target: str) -> str:
    return next(field.name for field in model.fields if model_in(field.type) == target)


def model_in(type_: TypeRef) -> str | None:
    """The model that a type holds, also inside a list or a map."""
    while type_.of is not None:
        type_ = type_.of
    return type_.model
