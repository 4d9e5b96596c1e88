"""Reservations: a counter of a row, what is added to it, and the bound that holds it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from featuregen.spec.checks.conditions import check_condition
from featuregen.spec.checks.references import report_reference
from featuregen.spec.checks.states import check_literals, known_field
from featuregen.spec.fields import decimal_of
from featuregen.spec.narrowing import too_wide
from featuregen.spec.suggest import did_you_mean_or_list

if TYPE_CHECKING:
    from featuregen.spec.checks.place import Place
    from featuregen.spec.model import Call, Entity, FeatureSpec, Field, Operation, Reserve

_NUMBERS = ("int", "decimal")


def check_reservation(
    operation: Operation, reserve: Reserve, spec: FeatureSpec, place: Place
) -> None:
    """Counter, bound and amount are numbers of one kind that are always there."""
    bounded = spec.entities.get(reserve.entity)
    below = place.below("reserve")
    if bounded is None or not place.draft.is_whole(bounded):
        return
    counter = known_field(reserve.field, bounded, below, "field", key=False)
    if counter is not None and not _is_number(counter, "field", "the counter", below):
        counter = None
    if operation.action == "create":
        _check_made(operation, reserve, spec, below)
    if counter is not None:
        _check_bound(reserve, counter, bounded, below)
        _check_amount(operation, reserve, counter, spec, place)
        if counter.generated is None and not counter.has_default:
            below.report(
                "FG517",
                f"'{counter.name}' begins with what the client says",
                "field",
                hint="generated: 0 lets it begin empty",
            )
    if reserve.when is not None:
        check_condition(reserve.when, bounded, (*below.path, "when"), place.draft, sql=True)
    check_literals(reserve.full, bounded, below.below("full"))
    if reserve.field in dict(reserve.full):
        below.report("FG517", "the counter itself is not set", "full", reserve.field, key=True)


def _check_made(operation: Operation, reserve: Reserve, spec: FeatureSpec, place: Place) -> None:
    """The row that is made names the bounded one, and says for good what was reserved for it."""
    if reserve.via is None:
        made = spec.entities[operation.entity or ""]
        report_reference(made, reserve.entity, place, "entity")
    else:
        _check_reference(operation, reserve, spec, place)
    _check_stays(operation, reserve, spec, place)
    if operation.call is not None and _is_told_later(operation, operation.call, spec):
        _check_alike(operation, reserve, spec, place)


def _is_number(field: Field, key: str, what: str, place: Place) -> bool:
    if field.type.kind not in _NUMBERS:
        place.report("FG517", f"{what} '{field.name}' is no int and no decimal", key)
        return False
    if field.nullable:
        place.report(
            "FG517",
            f"{what} '{field.name}' may be absent",
            key,
            hint="required: true, or a default",
        )
        return False
    return True


def _check_reference(
    operation: Operation, reserve: Reserve, spec: FeatureSpec, place: Place
) -> None:
    """A row that refers to none reserves nothing, and none is full once it refers to it no more."""
    entity = spec.entities[operation.entity or ""]
    field = next((one for one in entity.fields if one.name == reserve.via), None)
    is_given = field is not None and field.name == operation.parent_field
    if field is None or not field.nullable or (is_given and not (operation.call and reserve.full)):
        return
    place.report(
        "FG517",
        f"'{field.name}' of {entity.name} may be empty, and then nothing is reserved",
        "via" if place.has("via") else "entity",
        hint=f"{field.name}: {{references: {reserve.entity}}}, without `required: false`",
    )


def _check_stays(operation: Operation, reserve: Reserve, spec: FeatureSpec, place: Place) -> None:
    """What was taken stays in the row: by it a refusal gives back, and nothing else counts it."""
    for other in spec.operations.values():
        if other.entity != operation.entity or other.action not in ("create", "get", "update"):
            continue
        asked = spec.models.get(other.request or "") if other.action == "update" else None
        told = other.call.receive if other.call is not None else ()
        if any(one.target[0] == reserve.by for one in told):
            what = f"the answer to '{other.name}' writes '{reserve.by}'"
        elif asked is not None and any(field.name == reserve.by for field in asked.fields):
            what = f"'{other.name}' changes '{reserve.by}'"
        else:
            continue
        place.report(
            "FG517",
            f"{what}, and what was reserved is not what the row says then",
            "by",
            hint=f"{reserve.by}: {{…, immutable: true}}"
            if other.action == "update"
            else f"leave '{reserve.by}' out of `receive`",
        )


def _is_told_later(operation: Operation, call: Call, spec: FeatureSpec) -> bool:
    """Whether an event, or the answer to a `get`, may say that the call was refused after all."""
    refused = dict(call.refused)
    events = [event for webhook in spec.webhooks.values() for event in webhook.events]
    changes = [event.transition for event in events if event.transition is not None]
    if any(one.entity == operation.entity and refused.get(one.field) == one.to for one in changes):
        return True
    return any(
        one.target[0] in refused
        and (one.source.kind != "literal" or one.source.literal == refused[one.target[0]])
        for other in spec.operations.values()
        if other.action == "get" and other.entity == operation.entity and other.call is not None
        for one in other.call.receive
    )


def _check_alike(operation: Operation, reserve: Reserve, spec: FeatureSpec, place: Place) -> None:
    """It tells of a row, not of the operation that made the row: all must have reserved alike."""
    for other in spec.operations.values():
        made_too = other.action == "create" and other.entity == operation.entity
        if made_too and _taken(other.reserve) != _taken(reserve):
            place.report(
                "FG517",
                f"'{other.name}' makes rows of {operation.entity}, too, and does not reserve the "
                "same: a refusal that is told later would give back what was never taken",
                "entity",
                hint="the same `reserve` in both, or an entity of its own for one of them",
            )


def _taken(reserve: Reserve | None) -> tuple[str | None, ...]:
    return (reserve.entity, reserve.field, reserve.by, reserve.via) if reserve else ()


def _check_bound(reserve: Reserve, counter: Field, bounded: Entity, place: Place) -> None:
    number = decimal_of(reserve.up_to)
    if number is not None:
        _check_number(number, counter, "up_to", place)
        return
    if not reserve.up_to:
        return
    field = known_field(reserve.up_to, bounded, place, "up_to", key=False)
    if field is not None and _is_number(field, "up_to", "the bound", place):
        if field.type.kind != counter.type.kind:
            place.report(
                "FG517",
                f"'{field.name}' is {field.type.kind}, and '{counter.name}' is {counter.type.kind}",
                "up_to",
            )
        elif field.decimal_places != counter.decimal_places:
            place.report(
                "FG517",
                f"'{field.name}' has {field.decimal_places} decimal places, and '{counter.name}' "
                f"{counter.decimal_places}",
                "up_to",
            )
        elif field.name == counter.name:
            place.report("FG517", "the counter is its own bound", "up_to")


def _check_number(number: Decimal, counter: Field, key: str, place: Place) -> None:
    whole = number == number.to_integral_value()
    if number <= 0:
        place.report("FG517", "expected a number over 0", key)
    elif counter.type.kind == "int" and not whole:
        place.report("FG517", f"'{counter.name}' counts whole numbers", key)
    elif counter.type.kind == "decimal" and _places(number) > (counter.decimal_places or 0):
        places = counter.decimal_places or 0
        place.report("FG517", f"'{counter.name}' has {places} decimal places", key)


def _places(number: Decimal) -> int:
    exponent = number.normalize().as_tuple().exponent
    return -exponent if isinstance(exponent, int) and exponent < 0 else 0


def _check_amount(
    operation: Operation, reserve: Reserve, counter: Field, spec: FeatureSpec, place: Place
) -> None:
    below = place.below("reserve")
    number = decimal_of(reserve.by)
    if number is not None:
        _check_number(number, counter, "by", below)
        return
    if not reserve.by:
        return
    field = _amount(operation, reserve.by, spec, place)
    if field is None or not _is_number(field, "by", "the amount", below):
        return
    asked = _asked(operation, field, spec)
    if field.type.kind != counter.type.kind:
        below.report(
            "FG517",
            f"'{field.name}' is {field.type.kind}, and '{counter.name}' is {counter.type.kind}",
            "by",
        )
    elif asked is not None and (wide := too_wide(asked, counter)) is not None:
        told = wide[0].replace("the row's", f"'{counter.name}'")
        below.report("FG517", f"'{field.name}' {told}", "by", hint=wide[1])
    if asked is not None and not _is_positive(asked):
        below.report(
            "FG517",
            f"'{field.name}' may be 0 or less, which would give back what others hold",
            "by",
            hint=f"{field.name}: {{…, gt: 0}}",
        )


def _amount(operation: Operation, name: str, spec: FeatureSpec, place: Place) -> Field | None:
    """The field that says how much: of the new row, or of the request."""
    below = place.below("reserve")
    if operation.action == "create":
        entity = spec.entities[operation.entity or ""]
        return known_field(name, entity, below, "by", key=False)
    model = spec.models.get(operation.request or "")
    if model is None:
        if operation.request is None:
            below.report(
                "FG517", f"no request says '{name}'", "by", hint="request: a model with this field"
            )
        return None
    fields = {field.name: field for field in model.fields}
    if name not in fields and model.name in place.draft.whole_models:
        hint = did_you_mean_or_list(name, fields)
        below.report("FG206", f"{model.name} has no field '{name}'", "by", hint=hint)
    return fields.get(name)


def _asked(operation: Operation, field: Field, spec: FeatureSpec) -> Field | None:
    """The field as the client sends it, whose bounds hold for it; None where nothing sets it."""
    model = spec.models.get(operation.request or "")
    for one in model.fields if model is not None else ():
        if one.name == field.name:
            return one
    return field if field.generated is not None or field.has_default else None


def _is_positive(field: Field) -> bool:
    if field.generated is not None:  # set by the service
        value = decimal_of(str(field.generated.value))
        return value is not None and value > 0
    if field.gt is not None:
        return Decimal(str(field.gt)) >= 0
    return field.ge is not None and Decimal(str(field.ge)) > 0
