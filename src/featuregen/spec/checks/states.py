"""Values that are written into rows: states, literals, what an upstream says."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from featuregen.spec.checks.values import fault_of, listed
from featuregen.spec.suggest import did_you_mean, did_you_mean_or_list

if TYPE_CHECKING:
    from featuregen.spec.checks.place import Place
    from featuregen.spec.model import Call, Entity, Field, Json, Operation, Transition


def known_field(name: str, entity: Entity, place: Place, *where: str, key: bool) -> Field | None:
    """The field of that name; None, and reported, where there is none that may be written."""
    fields = {field.name: field for field in entity.fields}
    field = fields.get(name)
    if field is None:
        hint = did_you_mean_or_list(name, fields)
        place.report("FG206", f"{entity.name} has no field '{name}'", *where, hint=hint, key=key)
        return None
    if field in (entity.id, entity.owner):
        place.report("FG516", f"'{name}' of a row is given once, when it is made", *where, key=key)
        return None
    return field


def check_value(value: Json, field: Field, place: Place, *where: str | int) -> None:
    """Report a value that the field does not take."""
    if field.type.kind in ("list", "map", "model", "json", "bytes"):
        return
    fault = fault_of(value, replace(field, generated=None), {})
    if fault is not None:
        near = did_you_mean(str(value), (str(one) for one in field.values))
        if str(value) in [str(one) for one in field.values]:  # 2 and "2" are two values
            near = "leave the quotes out" if isinstance(value, str) else f'quote it: "{value}"'
        said = f"'{value}' is no value of '{field.name}': {fault}"
        if field.type.kind == "enum":
            said = f"'{value}' is none of the values of '{field.name}': {listed(field)}"
        place.report("FG516", said, *where, hint=near)


def check_literals(values: tuple[tuple[str, Json], ...], entity: Entity, place: Place) -> None:
    """`{status: failed}`."""
    for name, value in values:
        field = known_field(name, entity, place, name, key=True)
        if field is not None:
            check_value(value, field, place, name)


def check_transition(transition: Transition, entity: Entity, place: Place) -> None:
    """The states are those of an enum."""
    fields = {field.name: field for field in entity.fields}
    field = fields.get(transition.field)
    if field is None:
        where = ("field",) if place.has("field") else ()
        known = [one.name for one in entity.fields if one.type.kind == "enum"]
        place.report(
            "FG206",
            f"{entity.name} has no field '{transition.field}'",
            *where,
            hint=did_you_mean_or_list(transition.field, known),
            key=not where,
        )
        return
    if field.type.kind != "enum":
        where = ("field",) if place.has("field") else ()
        place.report(
            "FG516", f"'{field.name}' is no enum, so it has no states", *where, key=not where
        )
        return
    several = place.has("from", 0)
    for index, state in enumerate(transition.from_):
        check_value(state, field, place, "from", *((index,) if several else ()))
    if place.has("to"):
        check_value(transition.to, field, place, "to")
    if transition.from_ == (transition.to,):
        place.report(
            "FG516",
            f"'{transition.to}' becomes '{transition.to}': nothing changes",
            "from",
            hint=did_you_mean_or_list(
                "", (str(one) for one in field.values if one != transition.to)
            ),
        )


def check_received(call: Call, entity: Entity, operation: Operation, place: Place) -> None:
    """What an upstream says of a row; literals are values of their fields."""
    for mapping in call.receive:
        name = mapping.target[0]
        at = ("receive", ".".join(mapping.target))
        field = known_field(name, entity, place, *at, key=True)
        if field is None:
            continue
        if len(mapping.target) > 1:
            place.report(
                "FG507",
                f"'{name}' is one column: fill it whole",
                *at,
                key=True,
            )
        elif name == operation.parent_field:
            place.report("FG516", f"'{name}' is the row that the path names", *at, key=True)
        elif mapping.source.kind == "literal" and field.type.kind != "json":
            check_value(_typed(mapping.source.literal or "", field), field, place, *at)


def _typed(text: str, field: Field) -> Json:
    """A literal is written as text, whatever its field is."""
    match field.type.kind:
        case "int" | "enum" if text.lstrip("-").isdigit() and not isinstance(
            (field.values or (0,))[0], str
        ):
            return int(text)
        case "bool" if text in ("true", "false"):
            return text == "true"
        case _:
            return text
