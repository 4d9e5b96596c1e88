"""What is written of a bounded row once its bound is reached, where calls decide what counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from featuregen.plan.conflict_texts import title
from featuregen.plan.names import snake
from featuregen.plan.quote import docstring
from featuregen.plan.stored_bounds import any_of, bound, bounded, reference, unsettled
from featuregen.plan.stored_rows import column, variable
from featuregen.plan.stored_statements import executed, literals

if TYPE_CHECKING:
    from featuregen.spec.model import FeatureSpec, Operation, Reserve


class CompletionPlan(NamedTuple):
    """A private method: what is written once the bound is reached, and nothing undecided counts."""

    name: str
    signature: str
    docstring: str
    lines: tuple[str, ...]


def completion(operation: Operation, spec: FeatureSpec) -> tuple[str, ...]:
    """The line behind an outcome: the bound may be reached now."""
    reserve = operation.reserve
    if reserve is None or not _completes(operation):
        return ()
    made = spec.entities[operation.entity or ""]
    name = f"{variable(made)}.{reference(operation, reserve, spec)}"
    return (f"await self.{_name(reserve, spec)}({name})",)


def _completes(operation: Operation) -> bool:
    return bool(operation.reserve and operation.reserve.full and operation.call)


def _name(reserve: Reserve, spec: FeatureSpec) -> str:
    """Operations that complete a row alike share the method; others are told apart."""
    first: dict[tuple[object, ...], str] = {}
    for operation in spec.operations.values():
        other = operation.reserve
        if other is not None and other.entity == reserve.entity and _completes(operation):
            first.setdefault(_way(other), operation.name)
    plain = f"_complete_{snake(reserve.entity)}"
    return plain if len(first) == 1 else f"{plain}_of_{first[_way(reserve)]}"


def _way(reserve: Reserve) -> tuple[object, ...]:
    return reserve.field, reserve.up_to, reserve.full


def completion_plan(operation: Operation, spec: FeatureSpec) -> CompletionPlan | None:
    """The method that `completion` calls."""
    reserve = operation.reserve
    if reserve is None or not _completes(operation):
        return None
    entity = bounded(reserve, spec)
    row, key = f"{snake(entity.name)}_id", entity.id.name
    reached = f"{column(entity, reserve.field)} >= {bound(reserve, entity)}"
    where = [f"{column(entity, key)} == {row}", reached]
    lines: list[str] = []
    waiting = unsettled(reserve, row, spec)
    if waiting:
        lines += [
            f"await self._session.get({entity.name}, {row}, with_for_update=True)",
            f"waiting = {any_of(waiting)}",
        ]
        where.append("~waiting")
    lines.append(executed(entity, where, literals(entity, reserve.full), spec))
    return CompletionPlan(
        name=_name(reserve, spec),
        signature=f"self, {row}: str",
        docstring=docstring(
            f"Write that the {title(entity)} is full, once nothing that counts is undecided",
            "The row is locked, so that two that settle at once see each other."
            if waiting
            else None,
            indent=8,
        ),
        lines=tuple(lines),
    )
