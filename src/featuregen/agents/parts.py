"""Our part of a file: found in its text, and put into it without touching what stands around it.

`find` gives None where there is no such part; `put` gives None where it cannot be done safely: it
reads back what it wrote.
"""

from __future__ import annotations

import re
from typing import Any

from featuregen.agents.targets import Kind

NAME = "featuregen"
_BLOCK = re.compile(r"^<!-- featuregen\b.*?^<!-- /featuregen -->\n?", re.MULTILINE | re.DOTALL)
_TABLE = re.compile(
    r"^\[mcp_servers\.featuregen\][^\n]*\n(?:(?!\[)[^\n]*\n?)*", re.MULTILINE
)  # to the next table


def find(kind: Kind, text: str) -> str | None:
    """Our part of the text of a file."""
    if kind == "file":
        return text
    if kind == "json":
        entry = _servers(text).get(NAME)
        return None if entry is None else _json(entry)
    found = (_BLOCK if kind == "block" else _TABLE).search(text)
    return None if found is None else f"{found.group().rstrip()}\n"


def put(kind: Kind, text: str | None, part: str) -> str | None:
    """The text of the file with our part in it, instead of what it said before, or at its end."""
    if kind == "file":
        return part
    if kind == "json":
        return _put_json(text, part)
    if text is None or not text.strip():
        return part
    pattern = _BLOCK if kind == "block" else _TABLE
    if pattern.search(text):
        after = pattern.sub(
            lambda found: part + found.group()[len(found.group().rstrip()) + 1 :], text, 1
        )
    else:
        after = f"{text.rstrip()}\n\n{part}"
    return after if kind == "block" or _same_toml(text, after) else None


def canonical(kind: Kind, part: str) -> str:
    """A part in the form in which `find` gives it."""
    from json import loads

    return _json(loads(part)) if kind == "json" else part


def _put_json(text: str | None, part: str) -> str | None:
    from json import JSONDecodeError, JSONDecoder, loads

    if text is None or not text.strip():
        return f'{{\n  "mcpServers": {{\n    "{NAME}": {part}\n  }}\n}}\n'
    try:
        before = loads(text)
    except JSONDecodeError:
        return None
    servers = re.search(r'"mcpServers"\s*:\s*\{', text)
    own = re.search(rf'"{NAME}"\s*:\s*', text[servers.end() :]) if servers else None
    if servers is None:
        start = text.index("{") + 1
        entry = f'\n  "mcpServers": {{\n    "{NAME}": {part}\n  }}'
        after = text[:start] + entry + _comma(before) + text[start:]
    elif own is None:
        start = servers.end()
        entry = f'\n    "{NAME}": {part}'
        after = text[:start] + entry + _comma(before.get("mcpServers")) + text[start:]
    else:
        start = servers.end() + own.end()
        _, end = JSONDecoder().raw_decode(text, start)
        after = text[:start] + part + text[end:]
    return after if _same_json(before, after, loads(part)) else None


def _comma(before: object) -> str:
    return "," if before else "\n"


def _same_json(before: Any, text: str, entry: object) -> bool:  # noqa: ANN401 - any JSON
    """Whether the text says what it said before, and our entry."""
    from json import JSONDecodeError, loads

    try:
        after = loads(text)
    except JSONDecodeError:
        return False
    if not isinstance(before, dict) or not isinstance(before.get("mcpServers", {}), dict):
        return False
    servers = {**before.get("mcpServers", {}), NAME: entry}
    return bool(after == {**before, "mcpServers": servers})


def _servers(text: str) -> dict[str, Any]:
    from json import JSONDecodeError, loads

    try:
        data = loads(text)
    except JSONDecodeError:
        return {}
    servers = data.get("mcpServers") if isinstance(data, dict) else None
    return servers if isinstance(servers, dict) else {}


def _same_toml(before: str, after: str) -> bool:
    """Whether all tables but ours say what they said before."""
    from tomllib import TOMLDecodeError, loads

    try:
        was, now = loads(before), loads(after)
    except TOMLDecodeError:
        return False
    for data in (was, now):
        servers = data.get("mcp_servers")
        if isinstance(servers, dict):
            servers.pop(NAME, None)
            if not servers:
                del data["mcp_servers"]
    return was == now


def _json(entry: object) -> str:
    from json import dumps

    return dumps(entry)
