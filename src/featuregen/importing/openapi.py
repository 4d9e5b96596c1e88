"""An OpenAPI 3.0 or 3.1 document → a spec: operations to be written as hooks, models, errors."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any

from featuregen.errors import FeaturegenError
from featuregen.importing import names
from featuregen.importing.endpoints import Endpoints
from featuregen.importing.imported import Imported, Notes, finish
from featuregen.importing.reading import References, Schema, read
from featuregen.importing.schemas import Schemas
from featuregen.spec.plural import plural

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from featuregen.importing.imported import Tree

METHODS = ("get", "post", "put", "patch", "delete")
_OTHER_METHODS = ("head", "options", "trace", "query")
Chosen = tuple[str, str, Schema, Schema]
"""Path, method, operation, the path's own item."""


def import_openapi(
    path: Path, *, tag: str | None = None, below: str | None = None, feature: str | None = None
) -> Imported:
    """A spec of the operations with this `tag`, on paths that begin with `below`; else of all."""
    return spec_of(read(path), path.name, tag=tag, below=below, feature=feature)


def spec_of(
    document: Schema,
    file: str,
    *,
    tag: str | None = None,
    below: str | None = None,
    feature: str | None = None,
) -> Imported:
    """The same, of a document that is read already."""
    notes = Notes()
    references = References(document, notes)
    chosen = _choose(document, references, notes, tag, below)
    if not chosen:
        raise FeaturegenError("no operation of the document is chosen", hint=_offer(document))
    base, prefix = _base_path(document, [path for path, *_ in chosen])
    title = str(_section(document, "info").get("title") or "")
    name = feature or names.feature_name(tag or _last_word(prefix) or title)
    schemas = Schemas(references, name, notes)
    endpoints = Endpoints(schemas, references, document, name, notes)
    for path, method, operation, item in chosen:
        endpoints.add(path, path[len(prefix) :] or "/", method, operation, item)
    _note_the_rest(document, notes)
    tree: Tree = {"featuregen": 1, "feature": name}
    tree |= _about(document, name, base, file)
    tree |= {"errors": endpoints.errors, "models": schemas.models}
    tree["operations"] = endpoints.operations
    header = (
        f"From {re.sub(r'[^ -~]', '?', file)}. Each operation is a hook: a function that you write."
    )
    return finish({key: value for key, value in tree.items() if value != {}}, notes, header)


def _choose(
    document: Schema, references: References, notes: Notes, tag: str | None, below: str | None
) -> list[Chosen]:
    chosen: list[Chosen] = []
    for path, item in _section(document, "paths").items():
        whole, _ = references.resolve(item, f"#/paths/{path}")
        if below is not None and not (path + "/").startswith(below.rstrip("/") + "/"):
            continue
        for method in (*METHODS, *_OTHER_METHODS):
            operation = whole.get(method)
            if not isinstance(operation, dict):
                continue
            if tag is not None and tag not in (operation.get("tags") or []):
                continue
            if method in _OTHER_METHODS:
                notes.add(f"{method.upper()} {path}", "a spec has no such method")
            else:
                chosen.append((path, method, operation, whole))
    return chosen


def _base_path(document: Schema, paths: list[str]) -> tuple[str, str]:
    """The spec's `base_path`, and what of it the paths of the document begin with."""
    split = [path.rstrip("/").split("/") for path in paths]
    together = zip(*split, strict=False)
    common = [parts[0] for parts in itertools.takewhile(lambda one: len(set(one)) == 1, together)]
    fixed = itertools.takewhile(lambda part: "{" not in part, common)
    prefix = "/".join(fixed)
    servers = document.get("servers")
    first = servers[0] if isinstance(servers, list) and servers else {}
    url = str(first.get("url", "")) if isinstance(first, dict) else ""
    match = re.fullmatch(r"(?:[a-z]+://[^/]*)?(/[^{}?#]*)?", url)
    root = ((match[1] if match else None) or "").rstrip("/")
    return (root + prefix) or "/", prefix


def _last_word(prefix: str) -> str:
    found = [part for part in prefix.split("/") if re.fullmatch(r"[A-Za-z][A-Za-z_-]{2,}", part)]
    return found[-1] if found else ""


def _about(document: Schema, feature: str, base: str, file: str) -> Tree:
    info = _section(document, "info")
    tree: Tree = {}
    if isinstance(info.get("title"), str) and info["title"].strip():
        tree["title"] = " ".join(info["title"].split())
    summary = info.get("summary") or info.get("description")
    if isinstance(summary, str) and summary.strip():
        tree["summary"] = " ".join(re.sub("[\x00-\x1f\x7f-\x9f]", " ", summary).split())[:500]
    if plural(feature) == feature:
        tree["plural"] = feature
    base = re.sub(r"[^A-Za-z0-9._~:@+/{}-]", "-", base)
    tree["base_path"] = base
    tree["requirements"] = {"notes": [f"Imported from {file}"]}
    return tree


def _note_the_rest(document: Schema, notes: Notes) -> None:
    for key, what in (
        ("webhooks", "webhooks are not imported"),
        ("x-webhooks", "webhooks are not imported"),
    ):
        if document.get(key):
            notes.add(f"#/{key}", what)
    for name, scheme in _section(_section(document, "components"), "securitySchemes").items():
        kind = scheme.get("type") if isinstance(scheme, dict) else None
        if kind != "http" or scheme.get("scheme") != "bearer":
            notes.add(
                f"#/components/securitySchemes/{name}", f"{kind}: a bearer token (JWT) instead"
            )


def _section(value: Any, key: str) -> Schema:  # noqa: ANN401
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def _offer(document: Schema) -> str:
    """The tags that there are."""
    tags: dict[str, None] = {}
    for item in _section(document, "paths").values():
        for operation in item.values() if isinstance(item, dict) else ():
            if isinstance(operation, dict):
                tags |= dict.fromkeys(_texts(operation.get("tags")))
    if tags:
        return f"tags: {', '.join(list(tags)[:20])}"
    only_webhooks = document.get("webhooks") or document.get("x-webhooks")
    return "it has webhooks only" if only_webhooks else "it has no operations with tags"


def _texts(value: Any) -> Iterable[str]:  # noqa: ANN401
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
