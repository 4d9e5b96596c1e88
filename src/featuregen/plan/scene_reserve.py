"""`reserve` in tests: a row with just enough left, with too little, and with enough for a few."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from featuregen.plan.conflict_texts import DETAIL, bound_text
from featuregen.plan.names import snake
from featuregen.plan.quote import py_literal, py_string, py_text
from featuregen.plan.samples import normalised_model, sample_model
from featuregen.plan.scene_charges import (
    broken_conditions,
    charge_scene,
    received_values,
    row_display,
)
from featuregen.plan.scene_makers import (
    another_row,
    made_values,
    make,
    needed_rows,
    stored_source,
)
from featuregen.plan.scene_rows import row_of, rows
from featuregen.plan.stored_bounds import bounded, countings, reference
from featuregen.plan.stored_calls import may_repeat, may_tell, refused_state, state_field
from featuregen.plan.tables import is_versioned

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from featuregen.plan.scene_rows import Row
    from featuregen.spec.model import Entity, FeatureSpec, Field, Json, Operation, Reserve

CROWD = 20
WINNERS = 3
_COUNTED = frozenset({"int", "decimal"})


class ReserveScene(NamedTuple):
    """The bounded row of one operation; every `str` is Python source."""

    table: str
    id: str  # the constant of the row's id
    field: str
    amount: str  # what one request takes
    exact: str  # values of the row that leave just as much, each a dict display
    short: str  # one unit less is left
    loose: str | None  # one unit more; None where the counter would have to be negative
    pair: str | None  # enough for two; None where two of one user clash, too
    few: str | None  # enough for three; None where three clash
    full: str | None  # what is written once the bound is reached, a dict display
    not_full: str  # what is there until then
    detail: str  # what is told where nothing can be reserved
    wrong: tuple[str, ...]  # changes of the row with which nothing can be reserved
    many_users: bool  # each of those who ask has to be another
    crowd_body: str | None  # what they send, where they cannot all refer to one row
    counts_changes: bool  # the row has a version, and the reservation is all that changes it
    turned_down: str | None  # a good answer of the upstream that refuses, a dict display
    waits: bool  # the bound counts as reached only when every outcome is known
    elsewhere: str | None  # rows that wait for an outcome, and have to do with another row
    beside: tuple[Waiting, ...]  # others that count here, and wait for an outcome


class Waiting(NamedTuple):
    """Rows that another operation has made, and whose outcome is not known; `rows` makes them."""

    name: str
    rows: str


def reserve_scene(operation: Operation, spec: FeatureSpec) -> ReserveScene | None:
    """What is tested of a bounded counter; None where the row or the amount is not known."""
    reserve = operation.reserve
    row = bounded_row(operation, spec)
    amount = _amount(operation, spec)
    if reserve is None or row is None or amount is None or amount <= 0:
        return None
    entity = row.entity
    field = entity.field(reserve.field)
    if field.type.kind not in _COUNTED:
        return None
    left = _Left(reserve, row)
    exact, short = left(amount), left(amount - left.unit)
    if exact is None or short is None:
        return None
    pair = left(2 * amount) if _clash(operation, spec) == "none" else None
    few = left(WINNERS * amount) if _clash(operation, spec) != "always" else None
    return ReserveScene(
        table=entity.name,
        id=row.constant,
        field=field.name,
        amount=stored_source(_json(amount, entity, field.name), field),
        exact=row_display(exact, entity),
        short=row_display(short, entity),
        loose=_shown(left(amount + left.unit), entity),
        pair=_shown(pair, entity),
        few=_shown(few, entity),
        full=row_display(dict(reserve.full), entity) if _fills(operation, spec) else None,
        not_full=row_display({name: row.values.get(name) for name, _ in reserve.full}, entity),
        detail=py_text(bound_text(entity, reserve), DETAIL),
        wrong=tuple(_wrong(reserve, row)),
        many_users=_clash(operation, spec) == "same user",
        counts_changes=is_versioned(entity, spec) and operation.call is None,
        turned_down=_turned_down(operation, spec),
        crowd_body=_crowd_body(operation, spec),
        waits=_waits(operation, spec),
        elsewhere=_elsewhere(operation, row, spec) if _waits(operation, spec) else None,
        beside=tuple(_beside(operation, row, spec)) if _fills(operation, spec) else (),
    )


def _turned_down(operation: Operation, spec: FeatureSpec) -> str | None:
    charge = charge_scene(operation, spec)
    if charge is None or operation.call is None:
        return None
    found = refused_state(spec.entities[operation.entity or ""], operation.call)
    if found is None or not may_tell(operation.call, *found):
        return None
    written = f"{py_string(found[0].name)}: {py_literal(found[1])}"
    return next((each.body for each in charge.call.answers if written in each.values), None)


class _Left:
    """The values of a row of which so much is left."""

    def __init__(self, reserve: Reserve, row: Row) -> None:
        self._reserve, self._row = reserve, row
        self._bound = reserve.up_to if reserve.up_to.isidentifier() else None
        measured = row.entity.field(self._bound or reserve.field)
        whole = measured.type.kind == "int"
        self.unit = Decimal(1) if whole else Decimal(1).scaleb(-(measured.decimal_places or 0))

    def __call__(self, left: Decimal) -> dict[str, Json] | None:
        entity, used = self._row.entity, self._reserve.field
        if self._bound is not None:
            taken = Decimal(str(self._row.values[used]))
            return {self._bound: _json(taken + left, entity, self._bound)}
        taken = Decimal(self._reserve.up_to) - left
        return {used: _json(taken, entity, used)} if taken >= 0 else None


def _json(number: Decimal, entity: Entity, name: str) -> Json:
    field = entity.field(name)
    if field.type.kind == "int":
        return int(number)
    return f"{number:.{field.decimal_places or 0}f}"


def _shown(values: Mapping[str, Json] | None, entity: Entity) -> str | None:
    return row_display(values, entity) if values is not None else None


def bounded_row(operation: Operation, spec: FeatureSpec) -> Row | None:
    """The row that the request reserves on: that of its path, or one that its body names."""
    reserve = operation.reserve
    if reserve is None:
        return None
    own = row_of(operation, spec)
    if operation.action == "reserve":
        return own
    if own is not None and own.entity.name == reserve.entity:
        via = {None, operation.parent_field}
        if operation.parent == reserve.entity and reserve.via in via:
            return own
    name = reference(operation, reserve, spec)
    there = _asked(operation, spec).get(name)
    found = (row for row in rows(spec) if row.entity.name == reserve.entity and row.id == there)
    return next(found, None)


def _asked(operation: Operation, spec: FeatureSpec) -> dict[str, Json]:
    """The sample request by the fields' own names."""
    if operation.request is None:
        return {}
    model = spec.models[operation.request]
    body = normalised_model(sample_model(model, spec), model, spec)
    return {field.name: body[field.wire_name] for field in model.fields}


def room_for(operation: Operation, times: int, spec: FeatureSpec) -> bool:
    """Whether the row of the request has room for so many of it."""
    reserve, row, amount = operation.reserve, bounded_row(operation, spec), _amount(operation, spec)
    if reserve is None or row is None or amount is None:
        return False
    bound = row.values[reserve.up_to] if reserve.up_to.isidentifier() else reserve.up_to
    return Decimal(str(bound)) - Decimal(str(row.values[reserve.field])) >= amount * times


def _amount(operation: Operation, spec: FeatureSpec) -> Decimal | None:
    """What the sample request takes."""
    reserve = operation.reserve
    if reserve is None:
        return None
    if not reserve.by.isidentifier():
        return Decimal(reserve.by)
    value = _asked(operation, spec).get(reserve.by)
    if operation.action == "create" and value is None:
        field = spec.entities[operation.entity or ""].field(reserve.by)
        value = field.generated.value if field.generated is not None else field.default
    return Decimal(str(value)) if isinstance(value, int | str) else None


def _wrong(reserve: Reserve, row: Row) -> list[str]:
    if reserve.when is None:
        return []
    found = broken_conditions(reserve.when, row.entity, row.values)
    return [row_display(values, row.entity) for values in found]


def _clash(operation: Operation, spec: FeatureSpec) -> str:
    """Whether two equal requests clash for another reason than the bound."""
    if operation.action != "create":
        return "none"
    entity = spec.entities[operation.entity or ""]
    if not entity.unique:
        return "none"
    owner = entity.owner.name if entity.owner else None
    reserve = operation.reserve
    shared = reserve is not None and bounded(reserve, spec).scope == "public"
    by_owner = all(owner in names for names in entity.unique)
    unlike = not any(field.required for field in _owned_references(operation, spec))
    return "same user" if by_owner and shared and unlike else "always"


def _owned_references(operation: Operation, spec: FeatureSpec) -> list[Field]:
    """The fields of the request that refer to a row of the caller's own."""
    entity = spec.entities[operation.entity or ""]
    owned = {
        field.name
        for field in entity.fields
        if field.references is not None and spec.entities[field.references].scope != "public"
    }
    asked = spec.models[operation.request].fields if operation.request else ()
    return [field for field in asked if field.name in owned]


def _crowd_body(operation: Operation, spec: FeatureSpec) -> str | None:
    """The sample request without what only one user may refer to."""
    if _clash(operation, spec) != "same user" or not _owned_references(operation, spec):
        return None
    left_out = {field.wire_name for field in _owned_references(operation, spec)}
    body = sample_model(spec.models[operation.request or ""], spec)
    return py_literal({key: value for key, value in body.items() if key not in left_out})


def _fills(operation: Operation, spec: FeatureSpec) -> bool:
    """Whether the sample request, where it takes all that is left, is seen to reach the bound."""
    if operation.reserve is None or not operation.reserve.full:
        return False
    if operation.call is None:
        return True
    state = state_field(spec.entities[operation.entity or ""], operation.call)
    first = state.generated.value if state is not None and state.generated is not None else None
    return state is None or received_values(operation, spec).get(state.name, first) != first


def _waits(operation: Operation, spec: FeatureSpec) -> bool:
    call = operation.call
    if call is None or not _fills(operation, spec) or not may_repeat(operation, call, spec):
        return False
    return state_field(spec.entities[operation.entity or ""], call) is not None


def _beside(operation: Operation, row: Row, spec: FeatureSpec) -> Iterator[Waiting]:
    """A row of each other kind that has reserved on this one, and waits."""
    if operation.reserve is None:
        return
    for entity, refers, state in countings(operation.reserve, spec):
        if entity.name != operation.entity or operation.call is None:
            first = state.generated.value if state.generated is not None else None
            made = another_row(entity, spec, 1, {refers: row.id, state.name: first})
            yield Waiting(snake(entity.name), ", ".join(made))


def _elsewhere(operation: Operation, row: Row, spec: FeatureSpec) -> str | None:
    """A row as the operation makes them, that has reserved on another row than this one."""
    entity, reserve = spec.entities[operation.entity or ""], operation.reserve
    if reserve is None or made_values(entity, spec)[reference(operation, reserve, spec)] == row.id:
        return None
    return ", ".join((*needed_rows(entity, spec, beside_seeds=True), make(entity, spec)))
