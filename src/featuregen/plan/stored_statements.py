"""The statements that services write: an atomic UPDATE or DELETE, and what it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.plan.stored_rows import bumped, column, value

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from featuregen.spec.model import Entity, FeatureSpec, Json


def update_of(
    entity: Entity, where: Sequence[str], values: Sequence[str], spec: FeatureSpec
) -> str:
    """`update(Payment).where(…).values(…).returning(Payment)`."""
    written = ", ".join(bumped(entity, values, spec))
    name = entity.name
    return f"update({name}).where({', '.join(where)}).values({written}).returning({name})"


def executed(entity: Entity, where: Sequence[str], values: Sequence[str], spec: FeatureSpec) -> str:
    """An UPDATE whose outcome nobody asks for."""
    written = ", ".join(bumped(entity, values, spec))
    statement = f"update({entity.name}).where({', '.join(where)}).values({written})"
    return f"await self._session.execute({statement})"


def changed(statement: str, otherwise: str, clash: str | None = None) -> str:
    """The statement, awaited; `otherwise` is raised where no row fits."""
    more = f", conflict={clash}" if clash else ""
    return f"await changed(self._session, {statement}, otherwise={otherwise}{more})"


def literals(entity: Entity, values: Iterable[tuple[str, Json]]) -> tuple[str, ...]:
    """`status="failed"` for each of the fields."""
    return tuple(f"{name}={value(entity.field(name), json)}" for name, json in values)


def value_of(entity: Entity, name: str, json: Json) -> str:
    """A literal of that field's type."""
    return value(entity.field(name), json)


def equals(entity: Entity, name: str, json: Json) -> str:
    """A condition, or an argument of `where`: the column holds that literal."""
    return f"{column(entity, name)} == {value(entity.field(name), json)}"


def one_of(entity: Entity, name: str, values: Sequence[str | int]) -> str:
    """The column holds one of these."""
    if len(values) == 1:
        return equals(entity, name, values[0])
    inside = ", ".join(value(entity.field(name), each) for each in values)
    return f"{column(entity, name)}.in_(({inside}))"


def chosen(entity: Entity, name: str, condition: str, new: str) -> str:
    """`status=case((condition, new), else_=Payment.status)`: written only where it holds."""
    return f"{name}=case(({condition}, {new}), else_={column(entity, name)})"
