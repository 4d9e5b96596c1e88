"""Functions with a route: `@router.post("/", …)`, with the prefixes of all routers around it."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from featuregen.importing.python_values import keywords, name, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from featuregen.importing.sources import Module, Sources

_METHODS = ("get", "post", "put", "patch", "delete")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Route:
    """One decorated function. `path` is whole: the router's prefix and the decorator's path."""

    module: Module
    function: Function
    method: str
    path: str
    options: dict[str, ast.expr]
    tags: tuple[str, ...]
    router_dependencies: tuple[ast.expr, ...]
    prefix: str
    """What all routes of its router begin with."""


def routes_of(module: Module, sources: Sources) -> Iterator[Route]:
    """Every route of a module, in its order."""
    routers = {
        target.id: keywords(node.value)
        for node in module.tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        for target in node.targets
        if isinstance(target, ast.Name) and name(node.value.func) in ("APIRouter", "FastAPI")
    }
    included: dict[str, str] = {}
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for decorator in node.decorator_list:
            if not isinstance(decorator, ast.Call) or name(decorator.func) not in _METHODS:
                continue
            owner = name(getattr(decorator.func, "value", None))
            router = routers.get(owner, {})
            options = keywords(decorator)
            own = text(decorator.args[0] if decorator.args else options.get("path")) or ""
            if owner not in included:
                included[owner] = _included(module, owner, sources)
            prefix = included[owner] + (text(router.get("prefix")) or "")
            path = re.sub(r"\{([^{}:]*):[^{}]*\}", r"{\1}", prefix + own)
            yield Route(
                module, node, name(decorator.func), "/" + path.strip("/"), options,
                texts(router.get("tags")) + texts(options.get("tags")),
                (*items(router.get("dependencies")), *items(options.get("dependencies"))),
                prefix.rstrip("/"),
            )  # fmt: skip


def _included(module: Module, owner: str, sources: Sources) -> str:
    """The prefix of `include_router(payments.router, prefix=…)`."""
    for other in sources.every:
        for node in ast.walk(other.tree):
            if (
                not isinstance(node, ast.Call)
                or name(node.func) != "include_router"
                or not node.args
            ):
                continue
            given = node.args[0]
            of_module = isinstance(given, ast.Attribute) and name(given.value) == module.path.stem
            here = other is module and isinstance(given, ast.Name) and given.id == owner
            if (of_module or here) and (prefix := text(keywords(node).get("prefix"))):
                return prefix
    return ""


def items(node: ast.expr | None) -> tuple[ast.expr, ...]:
    """Of a list or tuple that is written out."""
    return tuple(node.elts) if isinstance(node, ast.List | ast.Tuple) else ()


def texts(node: ast.expr | None) -> tuple[str, ...]:
    """Those of the items that are text."""
    return tuple(found for one in items(node) if (found := text(one)))
