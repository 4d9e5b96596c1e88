"""Who may do what, and how often."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.questions.model import Choice, Gap
from featuregen.questions.survey import WRITES, spoken, words
from featuregen.spec.edit import Set

if TYPE_CHECKING:
    from collections.abc import Iterator

    from featuregen.questions.survey import Survey
    from featuregen.spec.model import Call, Operation, Path

_VERBS = {"POST": "create", "PUT": "update", "PATCH": "update", "DELETE": "delete", "GET": "read"}


def write_permission(survey: Survey) -> Iterator[Gap]:
    """A write that every signed-in user may do."""
    for operation in survey.spec.operations.values():
        if operation.method not in WRITES or operation.auth != "required" or operation.permission:
            continue
        path = ("operations", operation.name)
        permission = _permission(operation, survey)
        text = f"Who may {spoken(operation.name)}?"
        all_of_them = Choice("every signed-in user", because="every signed-in user may do this")
        holders = Choice(f"who holds {permission}", (Set((*path, "permission"), permission),))
        yield Gap(path, text, (holders, all_of_them))


def read_scope(survey: Survey) -> Iterator[Gap]:
    """A read through an upstream that does not depend on who asks."""
    for operation, call in survey.calls:
        if operation.method != "GET" or operation.auth != "required" or operation.permission:
            continue
        if _knows_the_user(call):
            continue
        path: Path = ("operations", operation.name)
        permission = _permission(operation, survey)
        holders = Choice(f"who holds {permission}", (Set((*path, "permission"), permission),))
        send = "send" if call.send else "send_query"
        asks = Set((*path, "call", send, "user_id"), "user.id")
        own = Choice("each user their own: the upstream is told who asks", (asks,))
        shared = Choice("every signed-in user", because="it is the same for every user")
        text = f"Whose data may a signed-in user read with `{operation.name}`?"
        yield Gap(path, text, (holders, own, shared))


def _knows_the_user(call: Call) -> bool:
    mappings = (*call.send, *call.send_query, *call.send_headers)
    return any(mapping.source.kind == "user" for mapping in mappings)


def _permission(operation: Operation, survey: Survey) -> str:
    """`payments.cancel` for `cancel_payment`; the method's own verb where the name has none."""
    verb = words(operation.name)[0]
    usual = _VERBS[operation.method]
    known = operation.method in ("POST", "PUT", "PATCH") and verb != survey.spec.feature
    name = verb if known and len(words(operation.name)) > 1 else usual
    return f"{survey.spec.plural}.{name}"


def public_rate(survey: Survey) -> Iterator[Gap]:
    """An endpoint that anyone may call as often as they like."""
    for operation in survey.spec.operations.values():
        if operation.auth == "required" or operation.rate_limits:
            continue
        path = ("operations", operation.name)
        rates = (
            ("10/minute", "60/minute")
            if operation.method in WRITES
            else ("60/minute", "600/minute")
        )
        choices = [
            Choice(f"{one} for each client", (Set((*path, "rate_limit"), one),)) for one in rates
        ]
        elsewhere = Choice("it is limited elsewhere", because="a gateway in front limits it")
        text = f"How often may one client call `{operation.name}`?"
        yield Gap(path, text, (*choices, elsewhere))


def public_write(survey: Survey) -> Iterator[Gap]:
    """A write without signing in."""
    for operation in survey.spec.operations.values():
        if operation.method not in WRITES or operation.auth != "none":
            continue
        path = ("operations", operation.name)
        text = f"May anyone {spoken(operation.name)}, without signing in?"
        yes = Choice("yes", because="it is open to anyone by design")
        permission = _permission(operation, survey)
        no = (Set((*path, "auth"), "required"), Set((*path, "permission"), permission))
        yield Gap(path, text, (yes, Choice(f"no, who holds {permission}", no)))
