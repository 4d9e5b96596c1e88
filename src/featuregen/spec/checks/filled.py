"""Requests that fill rows, and rows that fill answers: nothing is missing, nothing is invented."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.spec.model import Model
from featuregen.spec.narrowing import too_wide
from featuregen.spec.plural import article
from featuregen.spec.suggest import did_you_mean_or_list
from featuregen.spec.types import type_name

if TYPE_CHECKING:
    from featuregen.spec.checks.place import Place
    from featuregen.spec.model import Entity, FeatureSpec, Field, Operation

_TEXTS = frozenset({"string", "id", "email", "url"})
_WRITES = frozenset({"create", "update"})


# --- a request -----------------------------------------------------------------------------------


def check_filled(operation: Operation, entity: Entity, spec: FeatureSpec, place: Place) -> None:
    """What a row needs comes from somewhere, and fits."""
    if operation.action not in _WRITES:
        return
    model = spec.models.get(operation.request or "")
    if operation.request is None:
        model = Model("the request", (), derived="create")  # nothing is the client's to say
    if model is None or not _is_whole(model, place):
        return
    given = {field.name: field for field in model.fields}
    if operation.action == "create":
        _check_missing(operation, entity, given, model, place)
    elif not any(_is_written(field) and field.name in given for field in entity.fields):
        place.report(
            "FG515",
            f"{model.name} has no field that {article(entity.name)} may be changed in",
            "request" if place.has("request") else "update",
            hint="leave the update out: nothing is the client's to change"
            if model.derived
            else "leave `request` out: then all that is not immutable can be changed",
        )
    if model.derived is None:
        for field in entity.fields:
            if field.name in given and field.name != operation.parent_field:
                _check_given(operation, field, given[field.name], model, place)


def _is_whole(model: Model, place: Place) -> bool:
    return model.derived is not None or model.name in place.draft.whole_models


def _is_written(field: Field) -> bool:
    return field.generated is None and not field.immutable


def _check_missing(
    operation: Operation, entity: Entity, given: dict[str, Field], model: Model, place: Place
) -> None:
    missing = [
        field.name
        for field in entity.fields
        if field.generated is None
        and not field.optional
        and field.name not in given
        and field.name != operation.parent_field
    ]
    if not missing:
        return
    names = ", ".join(f"'{name}'" for name in missing)
    hint = f"add {missing[0]} to {model.name}, or say `required: false` of the row's"
    if model.derived is not None:
        hint = "an internal field is generated, has a default, or is required: false"
    place.report(
        "FG515",
        f"nothing sets {names} of a new {entity.name}",
        "request" if place.has("request") else "create",
        hint=hint,
    )


def _check_given(
    operation: Operation, field: Field, given: Field, model: Model, place: Place
) -> None:
    """One field of a request of the user's own, beside the column that it is written into."""
    what, where = f"'{field.name}' of {model.name}", "request"
    if field.generated is not None:
        place.report(
            "FG515", f"{what} is set by the service, so nobody reads it", where,
            hint="leave it out of the request",
        )  # fmt: skip
    elif operation.action == "update" and field.immutable:
        place.report("FG515", f"{what} is immutable", where, hint="leave it out of the request")
    elif not _fits(given, field):
        place.report(
            "FG515",
            f"{what} is {type_name(given.type)}, and the row's is {type_name(field.type)}",
            where,
        )
    elif given.type.kind == "enum" and field.type.kind == "enum":
        extra = [str(one) for one in given.values if one not in field.values]
        if extra:
            place.report(
                "FG515", f"{what} may be {extra[0]}, which is no value of the row's", where
            )
    elif given.nullable and not field.nullable:
        place.report(
            "FG515",
            f"{what} may be null, and the row needs it",
            where,
            hint=f"{field.name}: required in {model.name}, or required: false in the entity",
        )
    elif (wide := too_wide(given, field)) is not None:
        place.report("FG515", f"{what} {wide[0]}", where, hint=wide[1])


def _fits(source: Field, target: Field) -> bool:
    """Whether every value of one is, by its type, a value of the other."""
    one, other = source.type, target.type
    if one.kind in _TEXTS and other.kind == "string":
        return True
    if one.kind == "enum" and other.kind == "string":
        return all(isinstance(value, str) for value in source.values)
    if one.kind == "id" and other.kind == "id":
        return True
    if one.kind == "string" and other.kind == "id":
        return other.kind == "id" and target.references is None
    return other.kind == "json" or one == other


# --- an answer -----------------------------------------------------------------------------------


def check_told(operation: Operation, entity: Entity, spec: FeatureSpec, place: Place) -> None:
    """An answer of the user's own is filled by name from the row."""
    response = operation.response
    if operation.action == "delete":
        if place.has("response") and response.kind != "none":
            place.report(
                "FG521", "what is deleted is not told of", "response", hint="leave `response` out"
            )
        return
    needs_row = operation.action in ("get", "list")
    if response.kind in ("text", "html", "bytes") or (needs_row and response.kind == "none"):
        what = (
            "a row is read and not told"
            if response.kind == "none"
            else f"a row is no {response.kind}"
        )
        place.report("FG521", what, "response", hint="name a model, or leave `response` out")
        return
    if response.kind == "list":
        hint = f"response: {response.model}"
        place.report("FG521", "one row is no list", "response", hint=hint)
        return
    model = spec.models.get(response.model or "")
    if model is not None and model.derived == "page":
        items = model.fields[0].type.of
        model = spec.models.get((items.model if items else None) or "")
    if model is None or model.derived == "read" or not _is_whole(model, place):
        return
    rows = {field.name: field for field in entity.fields}
    for field in model.fields:
        _check_answer(field, rows, model, entity, place)


def _check_answer(
    field: Field, rows: dict[str, Field], model: Model, entity: Entity, place: Place
) -> None:
    row = rows.get(field.wire_name) or rows.get(field.name)
    what = f"'{field.name}' of {model.name}"
    if row is None:
        named = next((one for one in rows.values() if one.wire_name == field.name), None)
        hint = did_you_mean_or_list(field.name, (one for one in rows if not rows[one].internal))
        if named is not None:
            hint = f"{named.name}: {{…, wire: {field.name}}}"
        place.report("FG521", f"{article(entity.name)} has no {what}", "response", hint=hint)
    elif row.internal:
        place.report(
            "FG521", f"{what} is internal to {article(entity.name)}: no answer tells it", "response"
        )
    elif not (_fits(row, field) or (row.type.kind == "id" and field.type.kind in _TEXTS)):
        place.report(
            "FG521",
            f"{what} is {type_name(field.type)}, and the row's is {type_name(row.type)}",
            "response",
        )
    elif row.nullable and not field.nullable:
        place.report(
            "FG521",
            f"{what} is required, and the row may lack it",
            "response",
            hint=f"{field.name}: {{…, required: false}}",
        )
    elif row.type.kind == "enum" and field.type.kind == "enum":
        extra = [str(one) for one in row.values if one not in field.values]
        if extra:
            place.report("FG521", f"{what} cannot be {extra[0]}, and the row's can", "response")
