"""`idempotent`, `cache`, `async`: what may be repeated, kept or put off."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from featuregen.spec.checks.place import Place
    from featuregen.spec.model import Cache, Operation

_IDEMPOTENT = ("POST", "PATCH", "DELETE")
_ASYNC = ("call", "hook", "create")
_ACCEPTED = 202


def check_repeats(operation: Operation, place: Place) -> None:
    """Report what makes no sense for the operation."""
    if operation.idempotent:
        _check_idempotent(operation, place)
    if operation.cache is not None:
        _check_cache(operation, operation.cache, place)
    if operation.is_async:
        _check_async(operation, place)


def _check_idempotent(operation: Operation, place: Place) -> None:
    if operation.method not in _IDEMPOTENT:
        place.report(
            "FG518",
            f"a {operation.method} request changes nothing twice anyway",
            "idempotent",
            key=True,
            hint="`idempotent` is for POST, PATCH and DELETE",
        )
    elif operation.auth != "required":
        place.report(
            "FG505",
            f"keys belong to callers, and auth is {operation.auth}",
            "idempotent",
            key=True,
            hint="auth: required",
        )


def _check_cache(operation: Operation, cache: Cache, place: Place) -> None:
    if operation.method != "GET":
        place.report(
            "FG518",
            f"answers to {operation.method} are not kept",
            "cache",
            key=True,
            hint="`cache` is for GET",
        )
    elif operation.action == "get" and operation.call is not None and not operation.call.when:
        place.report(
            "FG518",
            "what the call says is written into the row, which ends what is kept of it",
            "cache",
            key=True,
            hint="say by `when` in which state of the row the call is made, or leave `cache` out",
        )
    elif operation.response.kind == "none" and not operation.is_async:
        place.report(
            "FG518",
            "there is no answer to keep",
            "cache",
            key=True,
            hint="say what is answered in `response`, or leave `cache` out",
        )
    if cache.ttl <= 0 and place.has("cache", "ttl"):
        place.report("FG518", "an answer is kept for some time", "cache", "ttl", hint="ttl: 60s")
    if "user" in cache.vary and operation.auth == "none":
        place.report(
            "FG505",
            "an operation with `auth: none` has no user",
            "cache",
            "vary",
            hint="leave `user` out, or say auth: required",
        )


def _check_async(operation: Operation, place: Place) -> None:
    if operation.method == "GET" or operation.action not in _ASYNC:
        place.report(
            "FG518",
            "`async` is for a call, a hook or a create that is not a GET",
            "async",
            key=True,
        )
    if operation.status != _ACCEPTED:
        place.report("FG518", "what is done later answers 202", "status", hint="leave `status` out")
