"""`Location`: the path under which what a request has made is found."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from featuregen.plan.quote import py_string
from featuregen.spec.operations import ID_PATTERN

if TYPE_CHECKING:
    from featuregen.spec.model import FeatureSpec, Field, Operation

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def located(path: str, operation: Operation, **known: str) -> str:
    """The literal of a path, filled with the operation's own parameters and what is `known`."""
    fields = {field.wire_name: field for field in operation.path_params}
    filled = _PLACEHOLDER.sub(
        lambda found: known.get(found[1]) or f"{{{_escaped(fields[found[1]])}}}", path
    )
    return f"f{py_string(filled)}" if "{" in filled else py_string(filled)


def _escaped(field: Field) -> str:
    """The expression of a parameter, percent-encoded where it may need to be."""
    if field.type.kind == "string" and field.pattern != ID_PATTERN:
        return f"quote({field.name}, safe='')"
    return field.name


def whole_path(path: str, spec: FeatureSpec) -> str:
    """A path below the feature's base path, as clients send it."""
    base = "" if spec.base_path == "/" else spec.base_path
    below = "" if path == "/" else path
    return (base + below) or "/"
