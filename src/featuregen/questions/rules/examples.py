"""What no example shows: an error, a bound."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from featuregen.questions import samples
from featuregen.questions.model import Choice, Gap
from featuregen.questions.samples import NoSampleError
from featuregen.questions.survey import spoken
from featuregen.spec.edit import Append
from featuregen.spec.entities import GREATEST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from featuregen.questions.survey import Survey
    from featuregen.spec.model import Call, ErrorType, Field, Json, Model, Operation

_ANY_FAULT = 500


def unseen_errors(survey: Survey) -> Iterator[Gap]:
    """An upstream that fails in no example: each of its errors is asked for."""
    shown = {error.name for error in survey.spec.errors.values() if _is_shown(error, survey)}
    for error in survey.spec.errors.values():
        if shown & _beside(error, survey) or error.name in shown:
            continue
        found = _way_to(error, survey)
        if found is None:
            continue
        operation, status = found
        try:
            step = _request(operation, survey)
        except NoSampleError:
            continue
        answer: dict[str, Json] = {
            "name": _free_name(f"{error.title.lower()} ({spoken(operation.name)})", survey),
            **step,
            "upstream": {"status": status},
            "expect": {"status": error.status, "body": {"code": error.code}},
        }
        shows = Choice(f"add an example of `{operation.name}`", (Append(("examples",), answer),))
        enough = Choice("no example", because="the test of its mapping is enough")
        text = f"Which request shows `{error.name}`?"
        yield Gap(("errors", error.name), text, (shows, enough))


def _is_shown(error: ErrorType, survey: Survey) -> bool:
    shown = [(one.status, _code(one.body)) for one in survey.spec.examples]
    by_status = any(status == error.status for status, _ in shown)
    return any(code == error.code for _, code in shown) or (
        by_status and _is_only_one(error, survey)
    )


def _beside(error: ErrorType, survey: Survey) -> set[str]:
    """The errors of the upstreams that this one comes from."""
    found: set[str] = set()
    for upstream in survey.spec.upstreams.values():
        mapped = (*upstream.errors.values(), upstream.on_timeout, upstream.other)
        names = {mapping.error for mapping in mapped if mapping is not None}
        if error.name in names:
            found |= names
    return found


def _code(body: Json) -> Json:
    return body.get("code") if isinstance(body, dict) else None


def _is_only_one(error: ErrorType, survey: Survey) -> bool:
    return sum(one.status == error.status for one in survey.spec.errors.values()) == 1


def _way_to(error: ErrorType, survey: Survey) -> tuple[Operation, int] | None:
    """An operation, and the status of its upstream that becomes this error."""
    found: list[tuple[Operation, int, Call]] = []
    for operation, call in survey.calls:
        upstream = survey.spec.upstreams[call.upstream]
        found += [
            (operation, status, call)
            for status, mapping in upstream.errors.items()
            if mapping.error == error.name
        ]
        if upstream.other and upstream.other.error == error.name:
            found.append((operation, _ANY_FAULT, call))
    by_id = error.status == 404  # noqa: PLR2004 - nothing else is "not found"
    found.sort(key=lambda one: ("{" in one[2].path) != by_id)
    return found[0][:2] if found else None


def unseen_bounds(survey: Survey) -> Iterator[Gap]:
    """A request with a greatest value, and no example at all that is refused."""
    if any(one.status == survey.spec.validation_status for one in survey.spec.examples):
        return
    for operation in survey.spec.operations.values():
        model = survey.spec.models.get(operation.request or "")
        if model is None or operation.row_param is not None:
            continue
        field = next((one for one in model.fields if _has_top(one)), None)
        if field is None:
            continue
        gap = _over_the_top(operation, model, field, survey)
        if gap is not None:
            yield gap


def _has_top(field: Field) -> bool:
    top = field.le if field.le is not None else field.lt
    return field.type.kind in ("int", "decimal") and top not in (None, GREATEST)


def _over_the_top(operation: Operation, model: Model, field: Field, survey: Survey) -> Gap | None:
    try:
        step = _request(operation, survey)
        body = samples.request(model, survey.spec.models)
    except NoSampleError:
        return None
    top = field.le if field.le is not None else field.lt
    over = Decimal(str(top)) + (Decimal(1).scaleb(-(field.decimal_places or 0)))
    name = f"{spoken(operation.name)} with {spoken(field.name)}"
    value: Json = int(over) if field.type.kind == "int" else f"{over:f}"
    answer: dict[str, Json] = {
        "name": _free_name(f"{name} over its greatest value is refused", survey),
        **step,
        "with": {**body, field.wire_name: value},
        "expect": {
            "status": survey.spec.validation_status,
            "body": {"errors": [{"pointer": f"/body/{field.wire_name}"}]},
        },
    }
    shows = Choice(f"add an example with {value}", (Append(("examples",), answer),))
    enough = Choice("no example", because="the tests of the bounds are enough")
    path = ("operations", operation.name)
    return Gap(path, f"Which request shows what `{operation.name}` refuses?", (shows, enough))


def _request(operation: Operation, survey: Survey) -> dict[str, Json]:
    """`do`, `with`, `path` and `query` of a request that is right. Raises `NoSampleError`."""
    if operation.row_param is not None:
        raise NoSampleError  # a row has to be made first
    step: dict[str, Json] = {"do": operation.name}
    models = survey.spec.models
    if operation.request is not None:
        step["with"] = {**samples.request(models[operation.request], models)}
    if operation.path_params:
        step["path"] = {one.name: _parameter(one, survey) for one in operation.path_params}
    for group, fields in (("query", operation.query), ("headers", operation.headers)):
        needed = [one for one in fields if not one.optional]
        if needed:
            step[group] = {one.name: samples.value(one, models) for one in needed}
    return step


def _parameter(field: Field, survey: Survey) -> Json:
    return samples.value(field, survey.spec.models)


def _free_name(name: str, survey: Survey) -> str:
    taken = {one.name for one in survey.spec.examples}
    free, number = name, 2
    while free in taken:
        free, number = f"{name} {number}", number + 1
    return free
