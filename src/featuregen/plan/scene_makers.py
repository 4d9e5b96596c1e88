"""`tests/<feature>_rows.py`: how tests make rows and read them, past the app.

There is a function for each entity. What a test needs of a row, it says; the rest is a sample.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from featuregen.plan.names import snake, words
from featuregen.plan.python_values import VALUE_IMPORTS, python_value
from featuregen.plan.quote import docstring, py_literal, py_string
from featuregen.plan.samples import sample
from featuregen.plan.scene_rows import (
    OWNER,
    are_few,
    asked_by,
    is_one_for_all,
    is_one_for_each,
    new_row,
    rows,
)
from featuregen.plan.signatures import stores

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from featuregen.plan.scene_rows import Row
    from featuregen.spec.model import Entity, FeatureSpec, Field, Json

_SEEDS = 40  # numbers of the seeded rows are below
_NEEDED = 4  # rows that a row needs, and itself
_JSON_KINDS = {"list", "map", "model", "json"}


class MakerPlan(NamedTuple):
    """The function that makes a row of one entity."""

    function: str
    class_name: str
    docstring: str
    values: tuple[tuple[str, str], ...]  # field, Python source


class RowIdPlan(NamedTuple):
    """The constant that holds the id of a row."""

    name: str
    value: str


class RowsPlan(NamedTuple):
    """`tests/<feature>_rows.py`."""

    docstring: str
    imports: tuple[str, ...]
    makers: tuple[MakerPlan, ...]
    ids: tuple[RowIdPlan, ...]
    seeds: tuple[str, ...]  # the rows that the tests of endpoints find
    operations: tuple[str, ...]  # all, where a test is told which row is its user's


def plan_rows(spec: FeatureSpec) -> RowsPlan | None:
    """The module of a feature's rows; None where it keeps none."""
    if not stores(spec):
        return None
    found = rows(spec)
    return RowsPlan(
        docstring=docstring(
            f"Rows of the {words(spec.feature)} feature: made and read past the app",
            indent=0,
        ),
        imports=(
            *VALUE_IMPORTS,
            "from typing import Any",
            "from sqlalchemy import select",
            "from app.db.base import Base",
            "from app.db.session import Database",
            *(f"from app.tables.{spec.feature} import {name}" for name in spec.entities),
        ),
        makers=tuple(_maker(each, spec) for each in spec.entities.values()),
        ids=tuple(RowIdPlan(row.constant, py_string(row.id)) for row in found),
        seeds=tuple(
            _seed(row, spec)
            for name in _referred_first(spec)
            for row in found
            if row.entity.name == name
        ),
        operations=tuple(spec.operations) if shares_out(spec) else (),
    )


def shares_out(spec: FeatureSpec) -> bool:
    """Whether the user of the tests can have but one of some rows that they find."""
    return any(are_few(row.entity) for row in rows(spec))


def _maker(entity: Entity, spec: FeatureSpec) -> MakerPlan:
    values = made_values(entity, spec)
    return MakerPlan(
        function=f"make_{snake(entity.name)}",
        class_name=entity.name,
        docstring=docstring(f"Make a {words(snake(entity.name))} of {OWNER}", indent=4),
        values=tuple(
            (field.name, stored_source(values[field.name], field)) for field in entity.fields
        ),
    )


def made_values(entity: Entity, spec: FeatureSpec) -> dict[str, Json]:
    """What `make_<entity>()` puts into a row, as JSON."""
    return {field.name: stored_sample(field, spec) for field in entity.fields}


def stored_sample(field: Field, spec: FeatureSpec) -> Json:
    """What a row holds where nothing else is said: a first state is the row's own."""
    if field.references is not None and field.nullable:
        return None
    match field.generated:
        case None:
            return sample(field, spec)
        case generated if generated.kind == "owner":
            return OWNER
        case generated if generated.kind == "literal":
            return generated.value
        case _:
            return sample(field, spec)


def stored_source(value: Json, field: Field) -> str:
    """A row's value as Python: JSON columns hold what JSON has."""
    if value is None or field.type.kind in _JSON_KINDS:
        return py_literal(value)
    return python_value(value, field.type, field)


def make(entity: Entity, spec: FeatureSpec, changes: Mapping[str, Json] | None = None) -> str:
    """The call that makes a row in which these values are other than in any."""
    made = made_values(entity, spec)
    arguments = (
        f"{name}={stored_source(value, entity.field(name))}"
        for name, value in (changes or {}).items()
        if value != made[name]
    )
    return f"make_{snake(entity.name)}({', '.join(arguments)})"


def needed_rows(
    entity: Entity, spec: FeatureSpec, *, beside_seeds: bool = False
) -> tuple[str, ...]:
    """The rows that a row refers to, the farthest first; but for those that are seeded."""
    seeded = {row.id for row in rows(spec)} if beside_seeds else set[str]()
    needed = dict(_needed(entity, spec, frozenset({entity.name})))
    return tuple(code for code, row_id in needed.items() if row_id not in seeded)


def _needed(entity: Entity, spec: FeatureSpec, above: frozenset[str]) -> Iterator[tuple[str, str]]:
    """The calls that make them, and their ids."""
    for field in entity.fields:
        if field.references is None or field.nullable or field.references in above:
            continue
        other, there = spec.entities[field.references], sample(field, spec)
        yield from _needed(other, spec, above | {other.name})
        yield make(other, spec, {other.id.name: there}), str(there)


def another_row(
    entity: Entity, spec: FeatureSpec, number: int, values: Mapping[str, Json]
) -> tuple[str, ...]:
    """The calls that make a row beside the seeded ones, behind those of the rows that it needs.

    Rows of different numbers clash in no key, but for what `values` says.
    """
    row = new_row(entity, "", number * _NEEDED + _SEEDS, spec)
    return (*_referred_by(row, spec, number, values), make(entity, spec, row.values | dict(values)))


def another_id(entity: Entity, spec: FeatureSpec, number: int) -> str:
    """The id of the row that `another_row` makes."""
    return new_row(entity, "", number * _NEEDED + _SEEDS, spec).id


def _referred_by(
    row: Row, spec: FeatureSpec, number: int, values: Mapping[str, Json], depth: int = 1
) -> Iterator[str]:
    """Make the rows that the row refers to, the farthest first, and write their ids into it."""
    for field in row.entity.fields:
        if field.references is None or field.nullable or field.name in values:
            continue
        other = new_row(
            spec.entities[field.references], "", number * _NEEDED + _SEEDS + depth, spec
        )
        depth += 1
        if depth < _NEEDED:
            yield from _referred_by(other, spec, number, {}, depth)
        yield make(other.entity, spec, other.values)
        row.values[field.name] = other.id


def _seed(row: Row, spec: FeatureSpec) -> str:
    name = row.entity.id.name
    code = make(row.entity, spec, {key: row.values[key] for key in row.values if key != name})
    function, _, rest = code.partition("(")
    values = f"{'' if rest == ')' else ', '}{rest}"
    if not are_few(row.entity):
        return f"{function}({name}={row.constant}{values}"
    tested = ", ".join(map(py_string, asked_by(row, spec)))
    whose, owner = f"{{{tested}}}" if tested else "set()", ""
    if is_one_for_each(row.entity) and row.entity.owner is not None:
        owner = f", {row.entity.owner.name}=holder(test, {row.constant}, {whose})"
    made = f"{function}({name}={row.constant}{owner}{values}"
    return f"*([{made}] if is_about(test, {whose}) else [])" if is_one_for_all(row.entity) else made


def _referred_first(spec: FeatureSpec) -> tuple[str, ...]:
    order: list[str] = []

    def visit(name: str, above: frozenset[str]) -> None:
        if name in order or name in above:
            return
        for field in spec.entities[name].fields:
            if field.references is not None:
                visit(field.references, above | {name})
        order.append(name)

    for name in spec.entities:
        visit(name, frozenset())
    return tuple(order)
