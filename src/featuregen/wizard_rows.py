"""What the wizard writes of a feature that stores: its entity, and the operations on its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from featuregen.spec.yaml_text import Plain

    Tree = dict[str | int, Plain]

_EVERY = ("create", "get", "list", "update", "delete")
_READS = ("get", "list")
_READ_RATE = "60/minute"  # what anyone may ask without signing in


def stored_entity(
    name: str, fields: Mapping[str, Tree], chosen: Sequence[str], answers: Mapping[str, str]
) -> tuple[str, Tree]:
    """The comment and the section `entities`: ids and owners are added by the language."""
    columns: Tree = {field: _column(keys) for field, keys in fields.items() if field != "id"}
    if "list" in chosen and "created_at" not in columns:  # so that the newest come first
        columns["created_at"] = {"type": "datetime", "generated": "now"}
    entity: Tree = {"scope": "public"} if answers["access"] == "public" else {}
    entity["fields"] = columns
    comment = "What is stored; every bound becomes a test, and the table gets its migration."
    return comment, {"entities": {name: entity}}


def _column(keys: Tree) -> Plain:
    if keys["type"] == "decimal" and "decimal_places" not in keys:
        keys = {**keys, "decimal_places": 2}
    return keys["type"] if list(keys) == ["type"] else {**keys}


def stored_operations(
    name: str, many: str, chosen: Sequence[str], answers: Mapping[str, str]
) -> tuple[str, Tree]:
    """The comment and the sections `operations` and `crud`."""
    access = answers["access"]
    if access != "public":
        whose = "Each caller sees and changes their own."
        return whose, {"crud": _crud(name, chosen, guarded=access == "permission")}
    operations: Tree = {}
    for action in [one for one in chosen if one in _READS]:
        one = f"list_{many}" if action == "list" else f"get_{answers['feature']}"
        operations[one] = {
            "method": "GET",
            "path": "/" if action == "list" else "/{id}",
            action: name,
            "auth": "none",
            "rate_limit": _READ_RATE,
        }
    tree: Tree = {"operations": operations} if operations else {}
    writes = [one for one in chosen if one not in _READS]
    if writes:
        tree["crud"] = _crud(name, writes, guarded=True)
    return "Anyone reads; who holds a permission writes.", tree


def _crud(name: str, chosen: Sequence[str], *, guarded: bool) -> Plain:
    keys: Tree = {"entity": name}
    if set(chosen) != set(_EVERY):
        only: list[Plain] = [*chosen]
        keys["only"] = only
    if guarded:
        keys["permission"] = True
    return name if list(keys) == ["entity"] else keys
