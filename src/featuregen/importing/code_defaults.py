"""What a spec need not say, since the language would say the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.spec.plural import kebab, plural, snake

if TYPE_CHECKING:
    from collections.abc import Iterator

    from featuregen.importing.imported import Tree
    from featuregen.spec.yaml_text import Plain

_TIMEOUT = "30s"
_OK = 200


def without_defaults(tree: Tree) -> Tree:
    """A spec of generated code as a person would have written it."""
    feature = str(tree["feature"])
    plural_ = str(tree.get("plural", plural(feature)))
    found = dict(tree)
    _drop(found, "title", feature.replace("_", " ").capitalize())
    if found.get("base_path") == f"/api/v1/{kebab(plural_)}":
        del found["base_path"]
    for name, model in _each(found, "models"):
        _drop(model, "summary", f"{_words(name)}.")
    for _, upstream in _each(found, "upstreams"):
        _drop(upstream, "timeout", _TIMEOUT)
    for name, entity in _each(found, "entities"):
        usual = plural_ if snake(name) == feature else plural(snake(name))
        _drop(entity, "table", usual)
        for key in ("unique", "indexes"):
            _flatten(entity, key)
    upstreams = found.get("upstreams")
    only = [*upstreams] if isinstance(upstreams, dict) and len(upstreams) == 1 else []
    for name, operation in _each(found, "operations"):
        _drop(operation, "summary", name.replace("_", " ").capitalize())
        if "transition" in operation or ("reserve" in operation and "create" not in operation):
            _drop(operation, "status", _OK)
        call = operation.get("call")
        if isinstance(call, dict) and call.get("upstream") in only:
            operation["call"] = {key: one for key, one in call.items() if key != "upstream"}
    return found


def _each(tree: Tree, section: str) -> Iterator[tuple[str, Tree]]:
    """The definitions of a section, which may be changed."""
    found = tree.get(section)
    if not isinstance(found, dict):
        return
    tree[section] = own = {**found}
    for key, one in found.items():
        if isinstance(one, dict):
            copy = {**one}
            own[key] = copy
            yield str(key), copy


def _drop(entry: Tree, key: str, usual: Plain) -> None:
    if entry.get(key) == usual:
        del entry[key]


def _flatten(entity: Tree, key: str) -> None:
    """`[[slug]]` → `[slug]`."""
    found = entity.get(key)
    if isinstance(found, list):
        entity[key] = [one[0] if isinstance(one, list) and len(one) == 1 else one for one in found]


def _words(name: str) -> str:
    return snake(name).replace("_", " ").capitalize()
