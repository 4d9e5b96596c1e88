"""OpenAPI as this app really answers: problems instead of FastAPI's own error bodies."""

from typing import Any, cast

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from app.core.auth import OPTIONAL_BEARER, REQUIRED_BEARER
from app.core.errors import VALIDATION_MARK, ContentTooLargeError, Problem, problems

_FASTAPI_SCHEMAS = ("HTTPValidationError", "ValidationError")
_BOUNDS = frozenset({"minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "multipleOf"})
_GREATEST = 2**63 - 1  # of 64 bits; the float next to it is larger


def install_openapi(app: FastAPI) -> None:
    """Replace the app's `openapi()`."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(title=app.title, version=app.version, routes=app.routes)
            operations = [o for path in schema["paths"].values() for o in path.values()]
            for operation in operations:
                _correct_responses(operation)
                _correct_security(operation)
            _correct_components(schema.setdefault("components", {}))
            _correct_bounds(schema)
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _correct_responses(operation: dict[str, Any]) -> None:
    responses: dict[str, Any] = operation["responses"]
    marked = [response for response in responses.values() if response.pop(VALIDATION_MARK, False)]
    if "application/json" in responses.get("422", {}).get("content", {}):  # FastAPI's own
        del responses["422"]
        if not marked:
            _document(responses, problems())
    if "requestBody" in operation:
        _document(responses, problems(ContentTooLargeError, validation=False))


def _document(responses: dict[str, Any], documented: dict[int | str, dict[str, Any]]) -> None:
    for status, response in documented.items():
        response.pop(VALIDATION_MARK, None)
        responses.setdefault(str(status), response)


def _correct_security(operation: dict[str, Any]) -> None:
    """Say that a token may be left out; FastAPI documents every scheme as required."""
    if {OPTIONAL_BEARER: []} in operation.get("security", ()):
        operation["security"] = [{}, {REQUIRED_BEARER: []}]


def _correct_components(components: dict[str, Any]) -> None:
    schemas: dict[str, Any] = components.setdefault("schemas", {})
    for name in _FASTAPI_SCHEMAS:
        schemas.pop(name, None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= {**problem.pop("$defs"), "Problem": problem}
    schemes: dict[str, Any] = components.get("securitySchemes", {})
    components["securitySchemes"] = {
        REQUIRED_BEARER if name == OPTIONAL_BEARER else name: scheme
        for name, scheme in schemes.items()
    }


def _correct_bounds(part: dict[str, Any]) -> None:
    """Write bounds of whole numbers as the code has them: FastAPI makes floats, some larger."""
    if part.get("type") == "integer":
        for key in _BOUNDS & part.keys():
            part[key] = min(int(part[key]), _GREATEST)
    for value in part.values():
        for inner in cast("list[object]", value) if isinstance(value, list) else [value]:
            if isinstance(inner, dict):
                _correct_bounds(cast("dict[str, Any]", inner))
