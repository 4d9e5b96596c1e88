"""What the endpoint's service does: calls an upstream, or a hook, and what stands around it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from featuregen.importing.code_jobs import job_of
from featuregen.importing.python_values import name, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from featuregen.importing.code_clients import Client, Clients
    from featuregen.importing.sources import Module, Sources

Function = ast.FunctionDef | ast.AsyncFunctionDef
_ADMITS = "admit_"


@dataclass(frozen=True, slots=True)
class Work:
    """What one method of a service does. `unread` are statements that no spec says."""

    client: Client | None = None
    called: str | None = None
    hook: str | None = None
    before: str | None = None
    after: str | None = None
    unread: tuple[ast.stmt, ...] = ()


@dataclass(frozen=True, slots=True)
class Service:
    """`PaymentService` of `payment_service.py`."""

    module: Module
    node: ast.ClassDef

    @property
    def feature(self) -> str:
        """The name of the feature, as its files have it."""
        return self.module.path.stem.removesuffix("_service")

    @property
    def is_alone(self) -> bool:
        """Whether it is the only feature of its project: all that is there is its own."""
        return [*self.module.path.parent.glob("*_service.py")] == [self.module.path]

    @property
    def summary(self) -> str | None:
        """What it says of the feature; None where it says no more than its name."""
        told = " ".join((ast.get_docstring(self.node) or "").split())
        usual = f"The operations of the {self.feature.replace('_', ' ')} feature."
        return told if told not in ("", usual) else None

    def work(self, method: str, clients: Clients) -> tuple[Work, Function] | None:
        """What a method does; None where there is no such method."""
        found = self.method(method)
        return (self._work(found, clients), found) if found is not None else None

    def method(self, called: str) -> Function | None:
        """One of its methods."""
        for one in self.node.body:
            if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef) and one.name == called:
                return one
        return None

    def hook_of(self, called: str) -> str | None:
        """The one function of the user's own that a method calls."""
        for one in ast.walk(self.method(called) or ast.Module([], [])):
            match one:
                case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr=hook)) if (
                    owner.endswith("_hooks")
                ):
                    return hook
        return None

    def clients_of(self, clients: Clients) -> Iterator[Client]:
        """The clients that it is given, in the order in which it is given them."""
        starting = self.method("__init__")
        for argument in starting.args.args if starting is not None else ():
            client = clients.found.get(name(argument.annotation))
            if client is not None:
                yield client

    def _work(self, method: Function, clients: Clients) -> Work:
        client, called, hooks, unread = None, None, [], []
        for position, statement in enumerate(method.body):
            if _says_nothing(statement, first=position == 0):
                continue
            awaited = _awaited(statement)
            match awaited:
                case ast.Call(func=ast.Attribute(
                    value=ast.Attribute(value=ast.Name(id="self"), attr=attribute), attr=target
                )) if (found := self.client(attribute, clients)) and called is None:  # fmt: skip
                    client, called = found, target
                    hooks.append("")
                    if not _is_plain(awaited):
                        unread.append(statement)
                case ast.Call(func=ast.Attribute(value=ast.Name(id=module), attr=hook)) if (
                    module.endswith("_hooks")
                ):
                    hooks.append(hook)
                case _:
                    unread.append(statement)
        return _settled(client, called, hooks, tuple(unread))

    def client(self, attribute: str, clients: Clients) -> Client | None:
        """What `self._provider` is, by the annotation of `__init__`."""
        for one in self.node.body:
            if isinstance(one, ast.FunctionDef) and one.name == "__init__":
                for argument in (*one.args.args, *one.args.kwonlyargs):
                    if f"_{argument.arg}" == attribute:
                        return clients.found.get(name(argument.annotation))
        return None


def _settled(
    client: Client | None, called: str | None, hooks: list[str], unread: tuple[ast.stmt, ...]
) -> Work:
    if client is not None:
        at = hooks.index("")
        before, after = hooks[:at], hooks[at + 1 :]
        if len(before) <= 1 and len(after) <= 1:
            first, last = (next(iter(one), None) for one in (before, after))
            return Work(client, called, before=first, after=last, unread=unread)
    elif len(hooks) == 1:
        return Work(hook=hooks[0], unread=unread)
    return Work(unread=unread)


def service_of(function: Function, sources: Sources) -> tuple[Service, str] | None:
    """The service that an endpoint or its job asks for, and the method that it calls."""
    job = job_of(function, sources)
    if job is not None and job.service_class in sources.classes:
        return Service(*sources.classes[job.service_class]), job.method
    asked = [one for one in _asked(function) if not one.startswith(_ADMITS)]
    arguments = (*function.args.args, *function.args.kwonlyargs)
    given = next((one.annotation for one in arguments if one.arg == "service"), None)
    class_name = _class_name(sources.aliases.get(name(given), given))
    if len(asked) != 1 or class_name not in sources.classes:
        return None
    return Service(*sources.classes[class_name]), asked[0]


def admitted_by(function: Function) -> str | None:
    """The method of what stands before, where the answer itself is kept."""
    return next((one for one in _asked(function) if one.startswith(_ADMITS)), None)


def _asked(function: Function) -> list[str]:
    return [
        one.func.attr
        for one in ast.walk(function)
        if isinstance(one, ast.Call)
        and isinstance(one.func, ast.Attribute)
        and name(one.func.value) == "service"
    ]


def steps_of_its_own(function: Function) -> list[ast.stmt]:
    """What an endpoint does before it asks its service."""
    steps: list[ast.stmt] = []
    for position, statement in enumerate(function.body):
        if _says_nothing(statement, first=position == 0):
            continue
        if any(isinstance(one, ast.Name) and one.id == "service" for one in ast.walk(statement)):
            break
        steps.append(statement)
    return steps


def _class_name(node: ast.expr | None) -> str:
    match node:
        case ast.Subscript(value=ast.Name(id="Annotated"), slice=ast.Tuple(elts=[found, *_])):
            return name(found)
        case _:
            return name(node)


def _is_plain(call: ast.expr | None) -> bool:
    """Whether it hands on what it was given, and nothing else."""
    if not isinstance(call, ast.Call):
        return False
    given = [(one.arg, one.value) for one in call.keywords if one.arg != "idempotency_key"]
    return all(isinstance(one, ast.Name) for one in call.args) and all(
        isinstance(one, ast.Name) and one.id == key for key, one in given
    )


def _says_nothing(node: ast.stmt, *, first: bool) -> bool:
    """A docstring, a line of the log, `return result`, or `del` of what is not needed."""
    match node:
        case ast.Delete():
            return all(isinstance(one, ast.Name) for one in node.targets)
        case ast.Expr(value=ast.Constant() as constant):
            return first and text(constant) is not None
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id="log")))):
            return True
        case ast.Return(value=ast.Name(id="result")):
            return True
        case _:
            return False


def _awaited(node: ast.stmt) -> ast.expr | None:
    match node:
        case (
            ast.Expr(value=ast.Await(value=found))
            | ast.Return(value=ast.Await(value=found))
            | ast.Assign(targets=[ast.Name(id="result")], value=ast.Await(value=found))
        ):
            return found
        case _:
            return None
