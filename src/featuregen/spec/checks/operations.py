"""Operations: each does one thing, and what it says about itself agrees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.spec.model import Response
from featuregen.spec.stored import ACTIONS

if TYPE_CHECKING:
    from featuregen.spec.document import Node
    from featuregen.spec.draft import Draft
    from featuregen.spec.model import FeatureSpec, Operation, Path

_JOINED = {"create": ("call", "reserve"), "get": ("call",)}
_WITHOUT_BODY = (204, 205)
_WITHOUT_REQUEST = ("GET", "DELETE")


def check_operations(spec: FeatureSpec, draft: Draft) -> None:
    """Report every operation that contradicts itself or another one."""
    hooks: dict[str, str] = {}
    for name, operation in spec.operations.items():
        node = draft.node("operations", name)
        if node is None:
            continue
        _check_work(operation, node, draft)
        _check_body(operation, node, draft)
        _check_permission(operation, draft)
        _check_parameters(operation, draft)
        _check_hooks(operation, hooks, draft)
    _check_event_hooks(spec, hooks, draft)
    _check_answers(spec, draft)


def _check_work(operation: Operation, node: Node, draft: Draft) -> None:
    path: Path = ("operations", operation.name)
    call, hook = node.get("call"), node.get("hook")
    given = [key for key in (*ACTIONS, "call", "hook") if node.get(key) is not None]
    if not given and not node.broken:
        draft.findings.add(
            "FG503",
            f"'{operation.name}' does not say what it does",
            path,
            at="key",
            hint="`call:` an upstream, name a `hook:` that you write, or `create:`, `list:` … rows",
        )
    if call is not None and hook is not None:
        draft.findings.add(
            "FG503",
            f"'{operation.name}' has both a call and a hook",
            (*path, "hook"),
            at="key",
            hint="`before:` and `after:` name hooks around a call",
        )
    elif len(given) > 1:
        _check_joined(operation, given, draft)
    for around in ("before", "after"):
        if node.get(around) is not None and hook is not None and call is None:
            draft.findings.add(
                "FG503",
                f"`{around}` stands around a call, and '{operation.name}' is a hook itself",
                (*path, around),
                at="key",
                hint="do it in the hook",
            )


def _check_joined(operation: Operation, given: list[str], draft: Draft) -> None:
    first, *others = given
    for other in others:
        if other not in _JOINED.get(first, ()):
            draft.findings.add(
                "FG503",
                f"'{operation.name}' has both `{first}` and `{other}`",
                ("operations", operation.name, other),
                at="key",
                hint="`create` may be joined by `call` and `reserve`, `get` by `call`",
            )


def _check_body(operation: Operation, node: Node, draft: Draft) -> None:
    path: Path = ("operations", operation.name)
    if node.get("request") is not None and operation.method in _WITHOUT_REQUEST:
        draft.findings.add(
            "FG502",
            f"a {operation.method} request has no body",
            (*path, "request"),
            at="key",
            hint="use `query:` for its parameters",
        )
    if operation.status in _WITHOUT_BODY and operation.response != Response("none"):
        draft.findings.add(
            "FG504",
            f"an answer with status {operation.status} has no body",
            (*path, "status"),
            hint="response: none",
        )


def _check_permission(operation: Operation, draft: Draft) -> None:
    if operation.permission is not None and operation.auth != "required":
        draft.findings.add(
            "FG505",
            f"a permission needs a caller, and auth is {operation.auth}",
            ("operations", operation.name, "permission"),
            at="key",
            hint="auth: required",
        )


def _check_parameters(operation: Operation, draft: Draft) -> None:
    """Path, query and header parameters become arguments of one function."""
    seen: dict[str, str] = dict.fromkeys((field.name for field in operation.path_params), "path")
    for where, fields in (("query", operation.query), ("headers", operation.headers)):
        for field in fields:
            first = seen.setdefault(field.name, where)
            if first != where:
                draft.findings.add(
                    "FG510",
                    f"'{field.name}' is a parameter of the {first} already",
                    ("operations", operation.name, where, field.name),
                    at="key",
                    hint=f"{field.name}_2: {{…, wire: {field.wire_name}}}",
                )


def _check_hooks(operation: Operation, hooks: dict[str, str], draft: Draft) -> None:
    for key, hook in (
        ("before", operation.before),
        ("hook", operation.hook),
        ("after", operation.after),
    ):
        if hook is None:
            continue
        first = hooks.setdefault(hook, operation.name)
        path = ("operations", operation.name, key)
        if (
            first != operation.name
            or [operation.before, operation.hook, operation.after].count(hook) > 1
        ):
            draft.findings.add(
                "FG405",
                f"the hook '{hook}' is used by '{first}' already",
                path,
                hint="each hook has its own arguments, so each needs its own function",
            )


def _check_event_hooks(spec: FeatureSpec, hooks: dict[str, str], draft: Draft) -> None:
    for webhook in spec.webhooks.values():
        for event in webhook.events:
            first = hooks.setdefault(event.hook, event.type) if event.hook else event.type
            if first != event.type:
                draft.findings.add(
                    "FG405",
                    f"the hook '{event.hook}' is used by '{first}' already",
                    ("webhooks", webhook.name, "events", event.type, "hook"),
                    hint="each hook has its own arguments, so each needs its own function",
                )


def _check_answers(spec: FeatureSpec, draft: Draft) -> None:
    """Two errors with one code cannot be told apart by a client."""
    codes: dict[str, str] = {}
    for error in spec.errors.values():
        first = codes.setdefault(error.code, error.name)
        if first != error.name:
            draft.findings.add(
                "FG802",
                f"'{first}' has the code '{error.code}' too",
                ("errors", error.name, "code"),
                at="key",
                severity="warning",
                hint="clients tell errors apart by their code",
            )
