"""Which rows an operation finds: that of its path, if it is there and the caller's."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from featuregen.plan.quote import py_string
from featuregen.plan.scene_requests import url
from featuregen.plan.scene_rows import row_of
from featuregen.plan.scene_values import nth_other
from featuregen.plan.stored_rows import lookup

if TYPE_CHECKING:
    from featuregen.spec.model import FeatureSpec, Operation

STRANGER = "user_2"
FAR = 999  # numbers of rows end before


class FoundScene(NamedTuple):
    """Who asks for which row; a part that does not apply is None."""

    unknown: str | None  # the URL of a row that is not there
    stranger: str | None  # the arguments of `make_token`: may do it, but not with another's row
    reader: str | None  # may read the rows of all owners
    changes: bool  # it, which is more than reading
    everybody: bool  # finds the row of anybody


def found_scene(operation: Operation, spec: FeatureSpec) -> FoundScene | None:
    row, found = row_of(operation, spec), lookup(operation, spec)
    if row is None or found is None:
        return None
    entity = row.entity
    key = entity.field(found.by)
    other = nth_other(key, spec, row.values[found.by], FAR)
    permissions = {operation.permission} - {None}
    opened = {entity.scope_permission} - {None}
    apart = found.kind != "existing" and not (opened and opened <= permissions)
    reads = operation.action == "get" or (operation.action == "list" and operation.parent)
    changes = operation.action in {"update", "delete", "transition"}
    return FoundScene(
        unknown=None
        if other is None
        else py_string(url(operation, spec, {operation.row_param or "": other})),
        stranger=_token(permissions) if apart else None,
        reader=_token(permissions | opened)
        if entity.scope == "permission" and (reads or changes)
        else None,
        changes=changes,
        everybody=found.kind == "existing"
        and entity.owner is not None
        and operation.auth == "required"
        and operation.action == "get",
    )


def _token(permissions: set[str | None]) -> str:
    held = ", ".join(py_string(name) for name in sorted(filter(None, permissions)))
    return f"{py_string(STRANGER)}, [{held}]"
