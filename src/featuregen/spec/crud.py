"""`crud: Product` → the five operations that it stands for, as if they were written out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.spec.document import Node
from featuregen.spec.plural import article, kebab, plural, snake

if TYPE_CHECKING:
    from collections.abc import Iterator

    from featuregen.errors import Position
    from featuregen.spec.model import Path, SpecSource

_SHAPES = {  # action: method, whether it is on one row, permission
    "create": ("POST", False, "create"),
    "get": ("GET", True, "read"),
    "list": ("GET", False, "read"),
    "update": ("PATCH", True, "update"),
    "delete": ("DELETE", True, "delete"),
}


def expand_crud(tree: Node, source: SpecSource) -> tuple[Node, frozenset[str]]:
    """The tree with the operations that `crud` stands for, and their names.

    Operations that are written out come first: their paths are the narrower ones, and the first
    route that fits is taken. Diagnostics about the others point at `crud`.
    """
    operations = tree.get("operations")
    written = operations if operations is not None and operations.kind == "map" else None
    names = {key.text for key, _ in written.entries} if written else set()
    made: dict[str, Node] = {}
    for path, node in _cruds(tree.get("crud")):
        name_at = (*path, "entity") if node.kind == "map" else path
        position = source.values.get(name_at) or source.at(*path)
        for name, operation in _operations(node, tree, position):
            if name not in names and name not in made:
                made[name] = operation
                source.keys[("operations", name)] = position
    if not made:
        return tree, frozenset()
    kept = Node("map", tree.position, broken=tree.broken)
    kept.entries = [entry for entry in tree.entries if entry[0].text != "operations"]
    merged = Node("map", written.position if written else tree.position)
    merged.broken = written.broken if written else False
    merged.entries = list(written.entries) if written else []
    merged.entries += [(_text(name, node.position), node) for name, node in made.items()]
    kept.entries.append((_text("operations", merged.position), merged))
    return kept, frozenset(made)


def _cruds(node: Node | None) -> Iterator[tuple[Path, Node]]:
    if node is None:
        return
    if node.kind == "list":
        for index, item in enumerate(node.items):
            yield ("crud", index), item
    else:
        yield ("crud",), node


def _operations(node: Node, tree: Node, position: Position) -> Iterator[tuple[str, Node]]:
    entity = node.text if node.kind == "string" else node.str_of("entity")
    if not entity:
        return
    feature = tree.str_of("feature") or "feature"
    own = snake(entity) == feature
    many = (tree.str_of("plural") or plural(feature)) if own else plural(snake(entity))
    below = "" if own else f"/{kebab(many)}"
    only = node.get("only") if node.kind == "map" else None
    guarded = node.get("permission") if node.kind == "map" else None
    for action, (method, on_row, right) in _SHAPES.items():
        if only is not None and only.kind == "list" and action not in only.strings():
            continue
        keys = {
            "method": method,
            "path": f"{below}/{{id}}" if on_row else below or "/",
            "summary": _summary(action, snake(entity).replace("_", " "), many.replace("_", " ")),
            action: entity,
        }
        if guarded is not None and guarded.value is True:
            keys["permission"] = f"{many}.{right}"
        made = Node("map", position)
        made.entries = [(_text(key, position), _text(text, position)) for key, text in keys.items()]
        yield f"{action}_{many if action == 'list' else snake(entity)}", made


def _summary(action: str, one: str, many: str) -> str:
    if action == "list":
        return f"List {many}"
    return f"{action.capitalize()} {article(one)}"


def _text(text: str, position: Position) -> Node:
    return Node("string", position, text, text)
