"""Answers that grow without end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.questions.model import Choice, Gap
from featuregen.spec.edit import Set

if TYPE_CHECKING:
    from collections.abc import Iterator

    from featuregen.questions.survey import Survey
    from featuregen.spec.edit import Edit
    from featuregen.spec.model import Json, Operation

_PAGING = frozenset({
    "limit", "page", "page_size", "per_page", "size", "cursor", "offset", "after", "before",
    "starting_after", "top", "first", "last", "count",
})  # fmt: skip
_LIMIT: dict[str, Json] = {"type": "int", "ge": 1, "le": 100, "default": 20}
_CURSOR: dict[str, Json] = {"type": "string", "max_length": 255, "required": False}


def unpaged(survey: Survey) -> Iterator[Gap]:
    """A list that a client cannot ask for in parts."""
    for operation in survey.spec.operations.values():
        if operation.method != "GET" or not _holds_list(operation, survey):
            continue
        if any(field.name in _PAGING for field in operation.query):
            continue
        taken = {field.name for field in (*operation.path_params, *operation.headers)}
        if taken & {"limit", "cursor"}:
            continue
        path = ("operations", operation.name)
        limit = _parameter(operation, "limit", _LIMIT)
        cursor = _parameter(operation, "cursor", _CURSOR)
        choices = (
            Choice("a limit, 20 by default and 100 at most", limit),
            Choice("pages: a limit and a cursor", (*limit, *cursor)),
            Choice("the list is short", because="the list is short and stays so"),
        )
        yield Gap(path, f"How many items does `{operation.name}` answer at once?", choices)


def _holds_list(operation: Operation, survey: Survey) -> bool:
    if operation.response.kind == "list":
        return True
    model = survey.spec.models.get(operation.response.model or "")
    if model is None or operation.path_params:
        return False
    return any(
        one.type.kind == "list" and one.type.of and one.type.of.model for one in model.fields
    )


def _parameter(operation: Operation, name: str, value: dict[str, Json]) -> tuple[Edit, ...]:
    """The query parameter, and, where the answer comes from an upstream, its way there."""
    path = ("operations", operation.name)
    declared: tuple[Edit, ...] = (Set((*path, "query", name), value),)
    if operation.call is None:
        return declared
    by_query = operation.call.method in ("GET", "DELETE") and operation.call.send
    return (*declared, Set((*path, "call", "send" if by_query else "send_query", name), name))
