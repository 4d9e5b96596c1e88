"""FastAPI and pydantic code → a spec. The code is parsed; it is neither imported nor run."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from featuregen.errors import FeaturegenError
from featuregen.importing import names
from featuregen.importing.code_classes import Classes
from featuregen.importing.code_clients import Clients
from featuregen.importing.code_defaults import without_defaults
from featuregen.importing.code_operations import Routes
from featuregen.importing.code_order import in_order
from featuregen.importing.code_proof import note_the_rest, with_rows
from featuregen.importing.code_routes import Route, routes_of
from featuregen.importing.code_rows import Rows
from featuregen.importing.code_rules import same_rule
from featuregen.importing.code_services import Service, service_of
from featuregen.importing.code_settings import missing_settings, read_settings
from featuregen.importing.code_webhooks import read_webhooks, secrets_of
from featuregen.importing.imported import Imported, Notes, finish
from featuregen.importing.python_values import name, text
from featuregen.importing.sources import Sources, read_sources
from featuregen.spec.canonical import canonical
from featuregen.spec.plural import plural
from featuregen.templates import templates_root

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from featuregen.importing.imported import Tree
    from featuregen.importing.sources import Module

_BESIDE = ("_webhooks", "_jobs")
_CLIENTS = frozenset({"httpx", "httpx2", "requests", "aiohttp", "urllib3"})
_STORAGE = frozenset({"sqlalchemy", "sqlmodel", "motor", "pymongo", "asyncpg", "tortoise"})


def import_code(paths: Iterable[Path], *, feature: str | None = None) -> Imported:
    """A spec of the routes in these files or folders, with the models and errors that they use."""
    sources = read_sources(paths)
    routes = _routes(sources)
    prefix = _prefix(routes)
    found = (service_of(route.function, sources) for route in routes)
    service = next((one[0] for one in found if one), None) or _service_of_events(sources)
    chosen = feature or (service.feature if service else names.feature_name(_stem(prefix, routes)))
    if service is not None:
        sources.read(_beside(service))
    notes = Notes()
    classes = Classes(sources, chosen, notes)
    clients = Clients(sources, notes)
    rows = Rows.of(service, classes, clients)
    reader = Routes(classes, clients, chosen, notes, stores=rows is not None)
    for route in routes:
        reader.add(route, route.path[len(prefix) :] or "/")
    webhooks: Tree = {}
    if rows is not None:
        reader.note_rows(rows.service)
        webhooks = read_webhooks(rows, notes)
    _note_the_rest(sources, clients, notes, rows)
    if service is not None:
        upstreams = reader.upstreams.values()
        reader.operations = in_order(reader.operations, service, upstreams, sources)
    tree = _head(chosen, routes, prefix, service, reader, sources)
    tree |= _body(sources, classes, reader, service, webhooks, notes)
    if rows is not None:
        tree = with_rows(tree, rows, notes)
    elif service is not None:
        note_the_rest(tree, sources, notes)
    if service is not None:
        tree = canonical(without_defaults(tree))
        _note_the_spec(service, notes)
    return _with_true_rules(tree, classes, notes, _header(tree))


def _routes(sources: Sources) -> list[Route]:
    """Those of the files that were named, but for what other parts of a spec say."""
    modules = [one for one in sources.named if not _is_beside(one)]
    found = [route for module in modules for route in routes_of(module, sources)]
    if not found and _service_of_events(sources) is None:
        hint = "name the files with @router.get, @router.post, …"
        raise FeaturegenError("no route is found in this code", hint=hint)
    return found


def _service_of_events(sources: Sources) -> Service | None:
    """Of a feature that receives events: `Handler = Callable[[PaymentService, Event], …]`."""
    match sources.aliases.get("Handler"):
        case ast.Subscript(
            slice=ast.Tuple(elts=[ast.List(elts=[ast.Name(id=service), *_]), *_])
        ) if service in sources.classes:
            return Service(*sources.classes[service])
    return None


def _head(
    chosen: str,
    routes: list[Route],
    prefix: str,
    service: Service | None,
    reader: Routes,
    sources: Sources,
) -> Tree:
    head: Tree = {"featuregen": 1, "feature": chosen}
    every = routes or [one for each in sources.named for one in routes_of(each, sources)]
    if (tag := _tag(every)) is not None:
        head["title"] = tag
    if service is not None and service.summary:
        head["summary"] = service.summary
    files = routes[0].module.path.stem if routes else plural(chosen)
    if files != plural(chosen) and service is not None:
        head["plural"] = files
    elif plural(chosen) == chosen:
        head["plural"] = chosen
    if routes:
        head["base_path"] = prefix or "/"
    if reader.validation_status is not None:
        head["wire"] = {"validation_status": reader.validation_status}
    return head


def _is_beside(module: Module) -> bool:
    """A router of webhooks or of jobs, or one of every project."""
    return module.path.stem.endswith(_BESIDE) or _is_of_every_project(module)


def _is_of_every_project(module: Module) -> bool:
    return (templates_root() / "project" / f"{module.name}.jinja").is_file()


def _beside(service: Service) -> Iterator[Path]:
    """What no module imports: the router of a feature's webhooks."""
    found = service.module.path.parent.parent / "api" / "endpoints"
    webhooks = found / f"{service.feature}_webhooks.py"
    if webhooks.is_file():
        yield webhooks


def _body(
    sources: Sources,
    classes: Classes,
    reader: Routes,
    service: Service | None,
    webhooks: Tree,
    notes: Notes,
) -> Tree:
    clients = reader.upstreams.values()
    used = {one for client in clients for one in client.settings} | secrets_of(webhooks)
    known: Tree = {}
    if service is not None:
        known = read_settings(service, sources, classes.fields, used, notes)
    body: Tree = {
        "settings": known | missing_settings(clients, known, notes),
        "errors": reader.errors,
        "upstreams": {client.upstream: client.tree for client in clients},
        "models": classes.in_order(),
        "operations": reader.operations,
        "webhooks": webhooks,
    }
    return {key: one for key, one in body.items() if one != {}}


def _header(tree: Tree) -> str:
    operations = tree.get("operations")
    every = operations.values() if isinstance(operations, dict) else ()
    if any(isinstance(one, dict) and "call" in one for one in every):
        return "From code, with the calls of upstreams."
    if "entities" in tree:
        return "From code, with what it stores."
    return "From code. Each operation is a hook: move what the old function does into it."


def _with_true_rules(tree: Tree, classes: Classes, notes: Notes, header: str) -> Imported:
    """The spec, with the rules that come out as the code has them; the others are noted."""
    from featuregen.spec.expressions import parse_expression
    from featuregen.spec.load import parse_spec

    imported = finish(tree, notes, header)
    models = parse_spec(imported.text, f"{imported.feature}.yaml").models
    true = {
        rule.message
        for model in models.values()
        for rule in model.rules
        if same_rule(
            classes.rules[rule.message][1],
            parse_expression(rule.check, {one.name: one for one in model.fields}).violation(),
        )
    }
    wrong = {message: one for message, one in classes.rules.items() if message not in true}
    if not wrong:
        return imported
    for module, method in wrong.values():
        classes.note_method(module, "the model", method)
    for model in classes.models.values():
        rules = model.get("rules") if isinstance(model, dict) else None
        if isinstance(model, dict) and isinstance(rules, list):
            left = [one for one in rules if isinstance(one, dict) and one["message"] in true]
            model["rules"] = [*left]
            if not left:
                del model["rules"]
    return finish(tree, notes, header)


def _is_of_rows(module: Module, rows: Rows) -> bool:
    """What every feature that stores has: its tables, its service, and what these stand on."""
    feature = rows.service.feature
    own = [f"app/services/{feature}_{end}.py" for end in ("service", "hooks")]
    own += [f"app/api/endpoints/{feature}_{end}.py" for end in ("webhooks", "jobs")]
    return module.name in (*own, f"app/tables/{feature}.py") or module.name.startswith("app/db/")


def _note_the_spec(service: Service, notes: Notes) -> None:
    """Code does not say what was asked for, and what was tried."""
    what = "requirements, waived questions, examples and comments stand in the spec alone"
    notes.add(f"features/{service.feature}.yaml", what)


def _prefix(routes: list[Route]) -> str:
    """Of the one router, else what all paths have in common."""
    prefixes = {route.prefix for route in routes}
    return (
        prefixes.pop()
        if len(prefixes) == 1 and prefixes != {""}
        else _common([route.path for route in routes])
    )


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


def _note_the_rest(sources: Sources, clients: Clients, notes: Notes, rows: Rows | None) -> None:
    read = [client.module for client in clients.found.values()]
    if rows is not None:
        read += [each for each in sources.every if _is_of_rows(each, rows)]
    for module in sources.every:
        if _is_of_every_project(module) or module in read:
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
    _note_calls(sources, notes)


def _note_calls(sources: Sources, notes: Notes) -> None:
    for module in sources.named:
        for call in ast.walk(module.tree):
            if isinstance(call, ast.Call) and name(call.func) in ("add_middleware", "websocket"):
                what = text(call.args[0]) if call.args else None
                shown = what or (name(call.args[0]) if call.args else "")
                notes.add(module.place(call), f"{name(call.func)} {shown}".strip())
