"""Every `include_router(…)` of a file, and which of our routers it registers."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from featuregen.wiring.imports import ImportTable
from featuregen.wiring.python_file import PythonFile

ENDPOINTS = "app.api.endpoints"


@dataclass(frozen=True, slots=True)
class Include:
    """One router that is registered: by its own call, or as a member of what a loop goes over."""

    receiver: str  # "app", "self.app"
    router: str | None  # the module in app.api.endpoints
    statement: ast.stmt  # the call, or the loop
    member: ast.expr | None = None
    members: ast.Tuple | ast.List | None = None


def find_includes(file: PythonFile, imports: ImportTable) -> list[Include]:
    """In the order of the file."""
    sequences = _sequences(file)
    found = [
        include
        for statement in file.blocks
        for call in _calls(statement)
        for include in _read(statement, call, file, imports, sequences)
    ]
    return sorted(found, key=lambda include: include.statement.lineno)


def _calls(statement: ast.stmt) -> Iterator[ast.Call]:
    """Calls that make up a whole statement: `app.include_router(…)`."""
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        call = statement.value
        if isinstance(call.func, ast.Attribute) and call.func.attr == "include_router":
            yield call


def _read(
    statement: ast.stmt,
    call: ast.Call,
    file: PythonFile,
    imports: ImportTable,
    sequences: dict[str, ast.Tuple | ast.List],
) -> Iterator[Include]:
    assert isinstance(call.func, ast.Attribute)  # noqa: S101 - `_calls` gives no other
    receiver = ast.unparse(call.func.value)
    keywords = [keyword.value for keyword in call.keywords if keyword.arg == "router"]
    argument = next(iter([*call.args, *keywords]), None)
    loop = file.blocks[statement].owner
    if argument is None or not isinstance(loop, ast.For) or not _takes(loop.target, argument):
        router = _router(argument, imports) if argument else None
        yield Include(receiver, router, statement)
        return
    modules = isinstance(argument, ast.Attribute)  # for module in …: include_router(module.router)
    members = loop.iter
    if isinstance(members, ast.Name):
        members = sequences.get(members.id, members)
    if isinstance(members, (ast.Tuple, ast.List)):
        for member in members.elts:
            parts = member.elts if isinstance(member, ast.Tuple) else [member]
            named = [ast.Attribute(part, "router") for part in parts] if modules else parts
            routers = [router for part in named if (router := _router(part, imports))]
            yield Include(receiver, next(iter(routers), None), loop, member, members)
    else:
        yield Include(receiver, None, loop)


def _takes(target: ast.expr, argument: ast.expr) -> bool:
    """Whether the loop's variable, or a part of it, is what the call includes."""
    names = {node.id for node in ast.walk(target) if isinstance(node, ast.Name)}
    used = {node.id for node in ast.walk(argument) if isinstance(node, ast.Name)}
    return bool(names & used)


def _router(node: ast.expr, imports: ImportTable) -> str | None:
    """`payments` for whatever `app.api.endpoints.payments.router` is called here."""
    for origin in imports.resolve(node):
        module, _, attribute = origin.rpartition(".")
        package, _, name = module.rpartition(".")
        if package == ENDPOINTS and attribute == "router":
            return name
    return None


def _sequences(file: PythonFile) -> dict[str, ast.Tuple | ast.List]:
    """`ROUTERS = (a.router, b.router)`: names of displays that a loop may go over."""
    found: dict[str, ast.Tuple | ast.List] = {}
    for node in file.blocks:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Tuple() | ast.List() as value):
                found[name] = value
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.Tuple() | ast.List() as value):
                found[name] = value
    return found
