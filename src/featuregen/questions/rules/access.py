"""Who may do what, and how often."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.questions.model import Choice, Gap
from featuregen.questions.survey import WRITES, spoken, words
from featuregen.spec.edit import Set
from featuregen.spec.plural import plural, snake

if TYPE_CHECKING:
    from collections.abc import Iterator

    from featuregen.questions.survey import Survey
    from featuregen.spec.model import Call, Entity, Operation, Path

_VERBS = {"POST": "create", "PUT": "update", "PATCH": "update", "DELETE": "delete", "GET": "read"}


def write_permission(survey: Survey) -> Iterator[Gap]:
    """A write that every signed-in user may do."""
    asked: set[Path] = set()
    for operation in survey.spec.operations.values():
        if operation.method not in WRITES or operation.auth != "required" or operation.permission:
            continue
        if _is_of_own_rows(operation, survey):
            continue
        all_of_them = Choice("every signed-in user", because="every signed-in user may do this")
        if operation.from_crud:
            entity = survey.spec.entities[operation.entity or ""]
            found = survey.crud(entity)
            if found is not None and found[0] not in asked:
                asked.add(found[0])
                yield _of_crud(entity, *found, survey, all_of_them)
            continue
        path = ("operations", operation.name)
        permission = _permission(operation, survey)
        text = f"Who may {spoken(operation.name)}?"
        holders = Choice(f"who holds {permission}", (Set((*path, "permission"), permission),))
        yield Gap(path, text, (holders, all_of_them))


def _is_of_own_rows(operation: Operation, survey: Survey) -> bool:
    """Whether it makes, changes or deletes rows of the caller's own, and does nothing else.

    A transition or a reservation is more than that: nobody pays an order by saying so.
    """
    entity = survey.spec.entities.get(operation.entity or "")
    plain = operation.action in ("create", "update", "delete") and operation.call is None
    return plain and entity is not None and entity.owner is not None and operation.reserve is None


def _of_crud(entity: Entity, path: Path, is_mapping: bool, survey: Survey, other: Choice) -> Gap:  # noqa: FBT001
    edit = Set((*path, "permission"), value=True)
    if not is_mapping:
        edit = Set(path, {"entity": entity.name, "permission": True})
    first = next(one for one in survey.on(entity) if one.from_crud)
    many = plural(snake(entity.name)) if snake(entity.name) != survey.spec.feature else None
    name = many or survey.spec.plural
    text = f"Who may {first.action} and change {spoken(name)}?"
    return Gap(path, text, (Choice(f"who holds {name}.create, .update, …", (edit,)), other))


def read_scope(survey: Survey) -> Iterator[Gap]:
    """A read through an upstream that does not depend on who asks."""
    for operation, call in survey.calls:
        if operation.method != "GET" or operation.auth != "required" or operation.permission:
            continue
        if operation.stored:
            continue  # the row says whose it is
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
