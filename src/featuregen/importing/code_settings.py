"""`class Settings(BaseSettings)` of a generated project → the settings of one feature."""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from featuregen.importing.schemas import short
from featuregen.templates import templates_root

if TYPE_CHECKING:
    from collections.abc import Iterable

    from featuregen.importing.code_clients import Client
    from featuregen.importing.code_fields import Fields
    from featuregen.importing.code_services import Service
    from featuregen.importing.imported import Notes, Tree
    from featuregen.importing.sources import Sources

_CONFIG = "project/app/core/config.py.jinja"


def read_settings(
    service: Service, sources: Sources, fields: Fields, used: set[str], notes: Notes
) -> Tree:
    """The settings that the feature's clients use, with those that stand beside them.

    Each feature's settings are a block in `config.py`. Where the project has one feature, all are
    its own.
    """
    if "Settings" not in sources.classes:
        return {}
    module, node = sources.classes["Settings"]
    found: Tree = {}
    left: list[str] = []
    for block in _blocks(node):
        names = [_name(one) for one in block]
        if not (service.is_alone or used & set(names)):
            left += names
            continue
        for one in block:
            keys = fields.read(one.annotation, one.value, module.place(one))
            found[_name(one)] = short(_as_setting(one, keys))
    if left:
        what = f"settings of which nothing says that they are this feature's: {', '.join(left)}"
        notes.add(module.name, what)
    return found


def missing_settings(clients: Iterable[Client], known: Tree, notes: Notes) -> Tree:
    """What clients use and no `Settings` has: by what it is used for."""
    found: Tree = {}
    for client in clients:
        auth = client.tree.get("auth")
        secrets = str([*auth.values()] if isinstance(auth, dict) else [])
        for one in sorted(client.settings - {str(key) for key in known}):
            kind = "secret" if f"'{one}'" in secrets else "string"
            kind = "url" if one == client.tree.get("base_url") else kind
            found[one] = "duration" if one == client.tree.get("timeout") else kind
            notes.add(client.module.name, f"the setting {one} is not found: taken for {found[one]}")
    return found


@lru_cache(maxsize=1)
def _core() -> frozenset[str]:
    """The settings of every project, as the skeleton's own template has them."""
    text = (templates_root() / _CONFIG).read_text(encoding="utf-8")
    return frozenset(re.findall(r"^    ([a-z]\w*): ", text, re.MULTILINE))


def _name(node: ast.AnnAssign) -> str:
    return node.target.id if isinstance(node.target, ast.Name) else ""


def _blocks(node: ast.ClassDef) -> list[list[ast.AnnAssign]]:
    """Fields that no empty line parts; the core's own are left out."""
    blocks: list[list[ast.AnnAssign]] = []
    last = -1
    for one in node.body:
        if not isinstance(one, ast.AnnAssign) or _name(one) in _core():
            continue
        if one.lineno > last + 1:
            blocks.append([])
        blocks[-1].append(one)
        last = one.end_lineno or one.lineno
    return blocks


def _as_setting(node: ast.AnnAssign, keys: Tree) -> Tree:
    """A `SecretStr` is a secret, and never empty."""
    if "SecretStr" not in ast.unparse(node.annotation):
        return keys
    plain: Tree = {"type": "secret"}
    skipped = {"type", "sensitive", *(["min_length"] if keys.get("min_length") == 1 else [])}
    return plain | {key: one for key, one in keys.items() if key not in skipped}
