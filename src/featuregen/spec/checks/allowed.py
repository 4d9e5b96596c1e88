"""`allow`: what is allowed by name, and will never be asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.spec.suggest import did_you_mean

if TYPE_CHECKING:
    from featuregen.spec.draft import Draft
    from featuregen.spec.model import FeatureSpec


def check_allowed(spec: FeatureSpec, draft: Draft) -> None:
    """Remark on every entry that stands for no change of these entities."""
    for index, entry in enumerate(spec.allow):
        stale = _stale(entry, spec)
        if stale is not None:
            message, hint = stale
            draft.findings.add("FG804", message, ("allow", index), hint=hint, severity="warning")


def _stale(entry: str, spec: FeatureSpec) -> tuple[str, str | None] | None:
    """Why nothing is left to allow, as far as the spec alone can tell."""
    verb, _, target = entry.partition(" ")
    name, _, field = target.partition(".")
    entity = spec.entities.get(name)
    gone = "leave the line out once the change is made"
    if verb == "drop":
        is_there = entity is not None and not field
        return (f"'{name}' is an entity still, so its table stays", gone) if is_there else None
    if entity is None:
        return f"there is no entity '{name}'", did_you_mean(name, spec.entities) or gone
    columns = {one.name: one for one in entity.fields}
    if field not in columns:
        return f"{name} has no field '{field}'", did_you_mean(field, columns) or gone
    if verb == "require" and columns[field].nullable:
        return f"'{target}' is not required, so no row is at fault", gone
    return None
