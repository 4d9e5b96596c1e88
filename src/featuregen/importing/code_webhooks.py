"""`<feature>_webhooks.py` → `webhooks`: who sends events, and what is done about each."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from featuregen.importing.code_statements import states_of, updates
from featuregen.importing.python_values import UnknownValueError, keywords, name, text, value

if TYPE_CHECKING:
    from featuregen.importing.code_rows import Rows
    from featuregen.importing.code_statements import Update
    from featuregen.importing.imported import Notes, Tree
    from featuregen.importing.sources import Module

_USUAL_TOLERANCE = 300
_USUAL_FIELD = "status"

Function = ast.FunctionDef | ast.AsyncFunctionDef


def read_webhooks(rows: Rows, notes: Notes) -> Tree:
    """By name; one that is not as it would be generated is noted."""
    module = rows.sources.module(webhooks_path(rows.service.feature))
    found: Tree = {}
    for node in module.tree.body if module is not None else ():
        match node:
            case ast.Assign(
                targets=[ast.Name(id=called)], value=ast.Call(func=ast.Name(id="Webhook")) as made
            ) if module is not None:
                try:
                    found[called] = _Reader(module, rows, keywords(made)).webhook(called)
                except (KeyError, UnknownValueError):
                    notes.add(module.place(node), f"the webhook {called} is not read")
    return found


def webhooks_path(feature: str) -> str:
    """Below the project."""
    return f"app/api/endpoints/{feature}_webhooks.py"


def secrets_of(webhooks: Tree) -> set[str]:
    """The settings that events are signed with."""
    return {str(one["secret"]) for one in webhooks.values() if isinstance(one, dict)}


class _Reader:
    def __init__(self, module: Module, rows: Rows, given: dict[str, ast.expr]) -> None:
        self.module, self.rows, self.given = module, rows, given
        self.functions = {one.name: one for one in module.tree.body if isinstance(one, Function)}

    def webhook(self, called: str) -> Tree:
        path, summary = self._route(called)
        found: Tree = {"path": path}
        if summary and summary != f"Receive {called.replace('_', ' ')}":
            found["summary"] = summary
        match self.given["secret"]:
            case ast.Lambda(body=ast.Attribute(attr=secret)):
                found["secret"] = secret
            case _:
                raise UnknownValueError
        found |= self._scheme()
        for key in ("id", "type"):
            if f"{key}_at" in self.given:
                found[key] = _dotted(self.given[f"{key}_at"])
        return found | {"events": self._events(called)}

    def _route(self, called: str) -> tuple[str, str | None]:
        for decorator in self.functions[f"receive_{called}"].decorator_list:
            if isinstance(decorator, ast.Call) and decorator.args:
                return text(decorator.args[0]) or "/", text(keywords(decorator).get("summary"))
        raise UnknownValueError

    def _scheme(self) -> Tree:
        match self.given["verify"]:
            case ast.Call(func=ast.Name(id="partial"), args=[ast.Name(id=verify)]) as made:
                given = {key: value(one) for key, one in keywords(made).items()}
            case _:
                raise UnknownValueError
        if verify == "verify_hmac":
            header = str(given["header"]).title()  # a header's case means nothing
            return {"scheme": {"hmac": given["algorithm"], "header": header}}
        found: Tree = {"scheme": verify.removeprefix("verify_")}
        if given["tolerance"] != _USUAL_TOLERANCE:
            found["tolerance"] = f"{given['tolerance']}s"
        return found

    def _events(self, called: str) -> Tree:
        handlers = self.rows.sources.aliases[f"{called.upper()}_HANDLERS"]
        later = _entries(self.given["later"]) if "later" in self.given else {}
        found: Tree = {}
        for kind, handler in _entries(handlers).items():
            event = self._event(self.functions[name(handler)])
            if kind in later:
                event |= {"hook": name(later[kind]), "async": True}
            found[kind] = event
        return found

    def _event(self, handler: Function) -> Tree:
        event: Tree = {}
        facts: dict[str, str] = {}
        for node in ast.walk(handler):
            match node:
                case ast.Call(func=ast.Attribute(attr="model_validate"), args=[ast.Dict() as said]):
                    facts = {key: _place(one) for key, one in _entries(said).items()}
                case ast.Call(func=ast.Attribute(value=ast.Name(id="service"), attr=method)):
                    event |= self._applied(method, facts)
        return event

    def _applied(self, called: str, facts: dict[str, str]) -> Tree:
        """What the service's method does: a transition, a hook, or both."""
        method = self.rows.method(called)
        if method is None:
            raise UnknownValueError
        event: Tree = {}
        update = next(updates(method), None)
        if update is not None:
            event["transition"] = _transition(update, facts)
        for node in ast.walk(method):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id=hooks), attr=hook)) if (
                    hooks.endswith("_hooks")
                ):
                    event["hook"] = hook
        return event


def _transition(update: Update, facts: dict[str, str]) -> Tree:
    if not facts or not update.literals:
        raise UnknownValueError
    by, *copied = facts
    field, to = next(iter(update.literals.items()))
    found: Tree = {"entity": update.table}
    if field != _USUAL_FIELD:
        found["field"] = field
    found["by"] = facts[by]
    states = states_of(update.where, update.table, str(field))
    if states:
        found["from"] = states
    found["to"] = to
    return found | ({"set": {key: facts[key] for key in copied}} if copied else {})


def _place(node: ast.expr) -> str:
    """`event.at("data", "id")` → `data.id`."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="event"), attr="at"), args=parts):
            return _dotted(ast.Tuple(parts))
    raise UnknownValueError


def _dotted(node: ast.expr) -> str:
    parts = value(node)
    if not isinstance(parts, list):
        raise UnknownValueError
    return ".".join(str(part) for part in parts)


def _entries(node: ast.expr) -> dict[str, ast.expr]:
    if not isinstance(node, ast.Dict):
        raise UnknownValueError
    return {text(key) or "": one for key, one in zip(node.keys, node.values, strict=True)}
