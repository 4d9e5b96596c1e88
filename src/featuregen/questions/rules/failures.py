"""What goes wrong: an upstream's refusals, errors that nothing raises, rows that are not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.questions.model import Choice, Gap
from featuregen.questions.survey import spoken
from featuregen.spec.edit import Append, Delete, Set
from featuregen.spec.operations import placeholders

if TYPE_CHECKING:
    from collections.abc import Iterator

    from featuregen.questions.survey import Survey
    from featuregen.spec.edit import Edit
    from featuregen.spec.model import Call, Json, Path

_NOT_FOUND, _UNAVAILABLE = 404, 503
_LATER = (429, 503)
_BY_ID = ("GET", "PUT", "PATCH", "DELETE")


def not_found_upstream(survey: Survey) -> Iterator[Gap]:
    """A call by id, and nothing that says what a 404 means."""
    for name, upstream in survey.spec.upstreams.items():
        by_id = any(_is_by_id(call) for _, call in survey.calls_of(upstream))
        if not by_id or _NOT_FOUND in upstream.errors:
            continue
        path = ("upstreams", name)
        error, defined = _not_found_error(survey)
        mapping: dict[str, Json] = {
            "raise": error,
            "message": f"No such {spoken(survey.spec.feature)}",
        }
        known = (*defined, Set((*path, "errors", _NOT_FOUND), mapping))
        fault = Choice("a fault, as any other", because="an id that it does not know is a fault")
        yield Gap(
            path, f"What does a 404 of `{name}` mean?", (Choice(f"{error}: 404", known), fault)
        )


def _is_by_id(call: Call) -> bool:
    return any(not one.startswith("settings.") for one in placeholders(call.path))


def _not_found_error(survey: Survey) -> tuple[str, tuple[Edit, ...]]:
    found = survey.error_with(_NOT_FOUND)
    if found is not None:
        return found, ()
    name = survey.free_error_name("NotFound")
    title = f"{spoken(survey.spec.feature).capitalize()} not found"
    return name, (Set(("errors", name), {"status": _NOT_FOUND, "title": title}),)


def timed_out(survey: Survey) -> Iterator[Gap]:
    """An upstream whose silence has no error of its own."""
    for name, upstream in survey.spec.upstreams.items():
        if upstream.on_timeout is None:
            path = ("upstreams", name)
            text = f"What does a client see when `{name}` does not answer in time?"
            message = f"{spoken(name).capitalize()} does not answer"
            yield Gap(path, text, _unavailable(survey, (*path, "errors", "timeout"), message))


def other_failures(survey: Survey) -> Iterator[Gap]:
    """An upstream whose unforeseen answers have no error of their own."""
    for name, upstream in survey.spec.upstreams.items():
        if upstream.other is None:
            path = ("upstreams", name)
            text = f"What does a client see when `{name}` answers in a way that nobody foresaw?"
            message = f"{spoken(name).capitalize()} failed"
            yield Gap(path, text, _unavailable(survey, (*path, "errors", "other"), message))


def _unavailable(survey: Survey, at: Path, message: str) -> tuple[Choice, ...]:
    found = survey.error_with(503, 504, 502)
    name = found or survey.free_error_name("Unavailable")
    title = f"{spoken(survey.spec.feature).capitalize()} unavailable"
    value: dict[str, Json] = {"status": _UNAVAILABLE, "title": title, "retry_after": "30s"}
    defined = () if found else (Set(("errors", name), value),)
    own = Choice(name, (*defined, Set(at, {"raise": name, "message": message})))
    return own, Choice("a general error", because="the general error of the service is enough")


def upstream_text(survey: Survey) -> Iterator[Gap]:
    """A message that quotes the upstream's text, and nothing that says where it stands."""
    for name, upstream in survey.spec.upstreams.items():
        mapped = (*upstream.errors.values(), upstream.on_timeout, upstream.other)
        quoted = any(one and "{upstream_message}" in (one.message or "") for one in mapped)
        if not quoted or upstream.error_message:
            continue
        path = ("upstreams", name)
        places = ("error.message", "message", "detail", "error")
        choices = tuple(Choice(one, (Set((*path, "error_message"), one),)) for one in places)
        yield Gap(path, f"Where does the text stand in an error of `{name}`?", choices)


def unused_errors(survey: Survey) -> Iterator[Gap]:
    """An error that is named and never raised."""
    operations = survey.spec.operations.values()
    for name in _unused(survey):
        path = ("errors", name)
        hooks = [one.name for one in operations if one.hook or one.before or one.after]
        raised = [
            Choice(f"`{one}` raises it", (Append(("operations", one, "errors"), name),))
            for one in hooks[:3]
        ]
        remove = Choice("nothing: remove it", (Delete(path),))
        yield Gap(path, f"What raises `{name}`?", (*raised, remove))


def _unused(survey: Survey) -> list[str]:
    raised = {name for one in survey.spec.operations.values() for name in one.errors}
    ends = ("NotFoundError", "NotFound", "ConflictError", "Conflict")  # raised by these names
    raised |= {f"{entity}{end}" for entity in survey.spec.entities for end in ends}
    return [name for name in survey.spec.errors if name not in raised | survey.mapped_errors]


def not_found_hook(survey: Survey) -> Iterator[Gap]:
    """A hook by id that names no 404."""
    for operation in survey.spec.operations.values():
        if operation.hook is None or operation.method not in _BY_ID:
            continue
        statuses = {survey.spec.errors[name].status for name in operation.errors}
        if _NOT_FOUND in statuses or not operation.path_params:
            continue
        path = ("operations", operation.name)
        error, defined = _not_found_error(survey)
        raises = (*defined, Append((*path, "errors"), error))
        always = Choice("it always exists", because="what the path names always exists")
        parameter = operation.path_params[-1].name
        text = f"What does `{operation.name}` answer for an unknown `{parameter}`?"
        yield Gap(path, text, (Choice(f"{error}: 404", raises), always))


def retry_after(survey: Survey) -> Iterator[Gap]:
    """An error that says "later" and not when."""
    unused = _unused(survey)
    for name, error in survey.spec.errors.items():
        if error.status not in _LATER or error.retry_after is not None or name in unused:
            continue
        path = ("errors", name)
        soon = Choice("after 30 seconds", (Set((*path, "retry_after"), "30s"),))
        unknown = Choice("nobody knows", because="nobody knows when it will work again")
        yield Gap(path, f"When may a client try again after `{name}`?", (soon, unknown))
