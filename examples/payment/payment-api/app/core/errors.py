"""Errors that a client may see, and their RFC 9457 `application/problem+json` form."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, ClassVar

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError, ResponseValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from app.core.validation import FieldProblem, field_problems

PROBLEM_JSON = "application/problem+json"
VALIDATION_MARK = "x-validation"
_VALIDATION_TITLE = "Request validation failed"
_HTTP_CODES = {404: "not_found", 405: "method_not_allowed", 413: "content_too_large"}

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Problem(BaseModel):
    """RFC 9457 problem details."""

    type: str = "about:blank"
    title: str
    status: int
    code: str = Field(description="Stable, machine-readable error code.")
    detail: str | None = None
    request_id: str | None = Field(default=None, description="Names the request in the log.")
    errors: list[FieldProblem] | None = Field(default=None, description="One entry per field.")


class AppError(Exception):
    """Base of every error that a client may see."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    title: ClassVar[str] = "Internal server error"
    retry_after: ClassVar[int | None] = None
    """Seconds, sent as `Retry-After`."""
    refused: bool = False
    """An upstream has said no: it has done nothing, and would say the same again."""

    def __init__(
        self, detail: str | None = None, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail
        self.headers = dict(headers or {})
        if self.retry_after is not None:
            self.headers.setdefault("Retry-After", str(self.retry_after))


class UnauthorizedError(AppError):
    """The caller is not known: no token, or a bad one."""

    status, code, title = 401, "unauthorized", "Authentication required"

    def __init__(self, detail: str | None = None, *, challenge: str = "Bearer") -> None:
        super().__init__(detail, headers={"WWW-Authenticate": challenge})


class ForbiddenError(AppError):
    """The caller is known, and may not do this."""

    status, code, title = 403, "forbidden", "Permission denied"


class SignatureError(AppError):
    """An event is not signed as agreed: with our secret, and just now."""

    status, code, title = 400, "invalid_signature", "Invalid signature"


class NotFoundError(AppError):
    """There is no such thing, or it is not the caller's."""

    status, code, title = 404, "not_found", "Resource not found"


class ConflictError(AppError):
    """It would clash with what is already there."""

    status, code, title = 409, "conflict", "Conflict"


class ContentTooLargeError(AppError):
    """The body is larger than `max_body_bytes`."""

    status, code, title = 413, "content_too_large", "Request body too large"


class RateLimitedError(AppError):
    """The caller has used up its requests."""

    status, code, title = 429, "rate_limited", "Too many requests"


class NotImplementedYetError(AppError):
    """The endpoint's own function has not been written yet."""

    status, code, title = 501, "not_implemented", "Not implemented yet"


class PaymentError(AppError):
    """Payment declined."""

    status, code, title = 402, "payment_declined", "Payment declined"


class InvalidPaymentError(AppError):
    """Invalid payment."""

    status, code, title = 400, "invalid_payment", "Invalid payment"


class PaymentNotFoundError(AppError):
    """Payment not found."""

    status, code, title = 404, "payment_not_found", "Payment not found"


class PaymentServiceError(AppError):
    """Payment service unavailable."""

    status, code, title = 503, "payment_service_unavailable", "Payment service unavailable"
    retry_after = 30


def problems(
    *errors: type[AppError], validation: bool = True, validation_status: int = 422
) -> dict[int | str, dict[str, Any]]:
    """`responses=` of a route: every error that it can raise, each with its example.

    `validation_status` also decides how the route answers a request that does not validate.
    """
    documented: dict[int | str, dict[str, Any]] = {}
    if validation:
        field = FieldProblem(pointer="/body/name", code="missing", message="Field required")
        response = _documented(documented, validation_status)
        response[VALIDATION_MARK] = True
        _add_example(response, validation_problem(validation_status, [field]))
    for error in dict.fromkeys(errors):
        response = _documented(documented, error.status)
        problem = Problem(title=error.title, status=error.status, code=error.code)
        _add_example(response, problem)
        if error.retry_after is not None:
            response["headers"] = {
                "Retry-After": {"description": "Seconds", "schema": {"type": "integer"}}
            }
    return dict(sorted(documented.items(), key=lambda entry: int(entry[0])))


def _documented(documented: dict[int | str, dict[str, Any]], status: int) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    empty = {"description": "", "content": {PROBLEM_JSON: {"schema": schema, "examples": {}}}}
    return documented.setdefault(status, empty)


def _add_example(response: dict[str, Any], problem: Problem) -> None:
    examples = response["content"][PROBLEM_JSON]["examples"]
    value = problem.model_dump(exclude_none=True)
    examples[problem.code] = {"summary": problem.title, "value": value}
    response["description"] = "; ".join(example["summary"] for example in examples.values())


def validation_problem(status: int, errors: list[FieldProblem]) -> Problem:
    """Return the problem of a request that does not validate."""
    return Problem(title=_VALIDATION_TITLE, status=status, code="validation_error", errors=errors)


def problem_response(
    request: Request, problem: Problem, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """Answer with `problem`, and the request's id in it."""
    problem.request_id = request.scope.get("request_id")
    request.scope["problem_code"] = problem.code  # for the metrics
    return JSONResponse(
        problem.model_dump(exclude_none=True),
        problem.status,
        headers=headers,
        media_type=PROBLEM_JSON,
    )


def app_error_response(request: Request, exc: AppError) -> JSONResponse:
    """Answer with the problem of one of our own errors."""
    # A client's text may hold lone surrogates, which no answer can carry.
    detail = None if exc.detail is None else exc.detail.encode(errors="replace").decode()
    problem = Problem(title=exc.title, status=exc.status, code=exc.code, detail=detail)
    return problem_response(request, problem, exc.headers)


def internal_error_response(request: Request) -> JSONResponse:
    """Answer with a 500 that tells nothing but the request's id."""
    return app_error_response(request, AppError())


async def _handle_app_error(request: Request, exc: AppError) -> JSONResponse:
    return app_error_response(request, exc)


async def _handle_http_exception(request: Request, exc: HTTPException) -> JSONResponse:
    if exc.detail == "There was an error parsing the body":
        # FastAPI's words for bad UTF-8, deep nesting, and numbers without end.
        unreadable = FieldProblem(pointer="/body", code="json_invalid", message="Not valid JSON")
        return _validation_response(request, [unreadable])
    headers = dict(exc.headers or {})
    if exc.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = _allowed_methods(request)
    code = _HTTP_CODES.get(exc.status_code, "http_error")
    problem = Problem(title=str(exc.detail), status=exc.status_code, code=code)
    return problem_response(request, problem, headers)


def _allowed_methods(request: Request) -> str:
    """Every method of the path. Starlette's own 405 lists those of the first matching route."""
    app: FastAPI = request.app
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    methods: set[str] = set()
    for route in iter_route_contexts(app.routes):
        if route.path and compile_path(route.path)[0].match(path):
            methods |= set(route.methods or ())
    return ", ".join(sorted(methods))


async def _handle_invalid_request(request: Request, exc: RequestValidationError) -> JSONResponse:
    return _validation_response(request, field_problems(exc.errors()))


def _validation_response(request: Request, errors: list[FieldProblem]) -> JSONResponse:
    """Answer with the status that the route documents for it."""
    responses: dict[int | str, dict[str, Any]] = getattr(request.scope["route"], "responses", {})
    marked = (int(status) for status, response in responses.items() if VALIDATION_MARK in response)
    return problem_response(request, validation_problem(next(marked, 422), errors))


async def _handle_invalid_response(request: Request, exc: ResponseValidationError) -> JSONResponse:
    # The exception's own text holds the whole answer.
    errors = [error.model_dump() for error in field_problems(exc.errors())]
    log.error("invalid_response", errors=errors)
    return internal_error_response(request)


def install_error_handlers(app: FastAPI) -> None:
    """Answer every error with a problem."""
    app.exception_handler(AppError)(_handle_app_error)
    app.exception_handler(HTTPException)(_handle_http_exception)
    app.exception_handler(RequestValidationError)(_handle_invalid_request)
    app.exception_handler(ResponseValidationError)(_handle_invalid_response)
