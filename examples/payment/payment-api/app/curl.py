"""A ready-to-paste `curl` line, from the examples of an OpenAPI document."""

import json
import shlex
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import quote, urlencode

Json = dict[str, Any]


def curl_line(document: Json, address: str, token: str | None = None) -> str | None:
    """Return a call of the first operation whose required input all has examples.

    Those without a parameter in their path come first: what it would name may not be there yet.
    """
    for path, operations in sorted(document["paths"].items(), key=lambda item: "{" in item[0]):
        for method, operation in operations.items():
            try:
                return shlex.join(_words(document, address + path, method, operation, token))
            except LookupError:
                continue
    return None


def _words(document: Json, url: str, method: str, operation: Json, token: str | None) -> list[str]:
    query: dict[str, str] = {}
    headers: dict[str, str] = {}
    for parameter in operation.get("parameters", ()):
        if not parameter["required"]:
            continue
        name = parameter["name"]
        value = str(example(document, parameter["schema"]))
        if parameter["in"] == "path":
            url = url.replace("{" + name + "}", quote(value, safe=""))
        elif parameter["in"] == "query":
            query[name] = value
        else:
            headers[name] = value
    if operation.get("security"):
        headers["Authorization"] = f"Bearer {token}"
    words = ["curl", "-sS", "-X", method.upper(), f"{url}?{urlencode(query)}" if query else url]
    if "requestBody" in operation:
        headers["Content-Type"] = "application/json"
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        words += ["-d", json.dumps(example(document, schema))]
    for name, value in headers.items():
        words += ["-H", f"{name}: {value}"]
    return words


def example(document: Json, schema: Mapping[str, Any]) -> object:
    """Return the schema's example, or one made of its properties'; `LookupError` without any."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return example(document, document["components"]["schemas"][name])
    for key in ("examples", "enum"):
        if schema.get(key):
            return schema[key][0]
    for key in ("example", "default", "const"):
        if key in schema:
            return schema[key]
    if "properties" not in schema:
        raise LookupError("no example")
    properties = cast("Mapping[str, Mapping[str, Any]]", schema["properties"])
    return {name: example(document, properties[name]) for name in schema.get("required", ())}
