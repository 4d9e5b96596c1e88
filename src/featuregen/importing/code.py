"""FastAPI and pydantic code → a spec. The code is parsed; it is neither imported nor run."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from featuregen.errors import FeaturegenError
from featuregen.importing import names
from featuregen.importing.code_classes import Classes
from featuregen.importing.code_routes import Route, Routes, routes_of
from featuregen.importing.imported import Imported, Notes, finish
from featuregen.importing.python_values import name, text
from featuregen.importing.sources import Sources, read_sources
from featuregen.spec.plural import plural

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from featuregen.importing.imported import Tree

_CLIENTS = frozenset({"httpx", "httpx2", "requests", "aiohttp", "urllib3"})
_STORAGE = frozenset({"sqlalchemy", "sqlmodel", "motor", "pymongo", "asyncpg", "tortoise"})


def import_code(paths: Iterable[Path], *, feature: str | None = None) -> Imported:
    """A spec of the routes in these files or folders, with the models and errors that they use."""
    sources = read_sources(paths)
    routes = [route for module in sources.named for route in routes_of(module, sources)]
    if not routes:
        hint = "name the files with @router.get, @router.post, …"
        raise FeaturegenError("no route is found in this code", hint=hint)
    prefix = _common([route.path for route in routes])
    chosen = feature or names.feature_name(_stem(prefix, routes))
    notes = Notes()
    classes = Classes(sources, chosen, notes)
    reader = Routes(classes, chosen, notes)
    for route in routes:
        reader.add(route, route.path[len(prefix) :] or "/")
    _note_the_rest(sources, notes)
    tree: Tree = {"featuregen": 1, "feature": chosen}
    if (tag := _tag(routes)) is not None:
        tree["title"] = tag
    if plural(chosen) == chosen:
        tree["plural"] = chosen
    tree["base_path"] = prefix or "/"
    tree |= {"errors": reader.errors, "models": classes.models, "operations": reader.operations}
    header = "From code. Each operation is a hook: move what the old function does into it."
    return finish({key: one for key, one in tree.items() if one != {}}, notes, header)


def _common(paths: list[str]) -> str:
    parts = []
    for together in zip(*(path.rstrip("/").split("/") for path in paths), strict=False):
        if len(set(together)) > 1 or "{" in together[0]:
            break
        parts.append(together[0])
    return "/".join(parts)


def _stem(prefix: str, routes: list[Route]) -> str:
    last = prefix.rsplit("/", 1)[-1]
    return last if last[:1].isalpha() else routes[0].module.path.stem


def _tag(routes: list[Route]) -> str | None:
    tags = {tag for route in routes for tag in route.tags}
    return tags.pop() if len(tags) == 1 else None


def _note_the_rest(sources: Sources, notes: Notes) -> None:
    for module in sources.every:
        if module.path.parent.name == "core":  # of every generated project
            continue
        for node in module.tree.body:
            imported = {one.name for one in node.names} if isinstance(node, ast.Import) else set()
            if isinstance(node, ast.ImportFrom) and not node.level:
                imported = {node.module or ""}
            tops = {one.partition(".")[0] for one in imported}
            if tops & _CLIENTS:
                notes.add(module.name, "calls another service: describe it under `upstreams`")
            if tops & _STORAGE:
                notes.add(module.name, "stores things: tables are not read")
    for module in sources.named:
        for call in ast.walk(module.tree):
            if isinstance(call, ast.Call) and name(call.func) in ("add_middleware", "websocket"):
                what = text(call.args[0]) if call.args else None
                shown = what or (name(call.args[0]) if call.args else "")
                notes.add(module.place(call), f"{name(call.func)} {shown}".strip())
