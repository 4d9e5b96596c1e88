"""Two first attempts at one operation: the second finds the row that the first has made."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from featuregen.plan.attempts import is_attempted
from featuregen.plan.conflict_texts import DETAIL, clash_text
from featuregen.plan.quote import py_string, py_text
from featuregen.plan.scene_makers import another_id, another_row
from featuregen.plan.stored_rows import conflict

if TYPE_CHECKING:
    from featuregen.spec.model import FeatureSpec, Operation

_NUMBER = 25  # of the row


class TakenScene(NamedTuple):
    """The row of another attempt; every `str` is Python source."""

    rows: tuple[str, ...]
    table: str
    attempt: str
    error: str
    text: str


def taken_scene(operation: Operation, spec: FeatureSpec) -> TakenScene | None:
    """None where a row is not named after the operation that makes it, or by nobody else."""
    if operation.action != "create" or operation.call is None or not is_attempted(operation):
        return None
    if operation.before or operation.after or operation.is_async:
        return None  # which may refuse it before
    entity = spec.entities[operation.entity or ""]
    named = another_id(entity, spec, _NUMBER).removeprefix(entity.id.prefix or "")
    return TakenScene(
        rows=another_row(entity, spec, _NUMBER, {}),
        table=entity.name,
        attempt=f"Attempt(operation_id={py_string(named)})",
        error=conflict(entity, spec),
        text=py_text(clash_text(entity), DETAIL),
    )
