"""The feature's section of the README: what it does, its requests and answers, its settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

from featuregen.plan.answers import echoed, upstream_answer
from featuregen.plan.jobs import job_sample
from featuregen.plan.models import page_sample, shown_sample
from featuregen.plan.names import sentence
from featuregen.plan.operations import answered_errors, route_path, summary, validates
from featuregen.plan.quote import (
    json_without_markup,
    md_block,
    md_cell,
    md_code,
    md_fence,
    md_text,
    shell_word,
)
from featuregen.plan.samples import normalised_model, sample, sample_model
from featuregen.plan.scene_requests import header_name, text, url
from featuregen.plan.stored_docs import NoteDocs, plan_notes

if TYPE_CHECKING:
    from featuregen.plan.contribution import SettingEntry
    from featuregen.spec.model import FeatureSpec, Json, Operation

CORE_ERRORS = {
    "UnauthorizedError": (401, "unauthorized", "no token, or one that does not hold"),
    "ForbiddenError": (403, "forbidden", "the permission is missing"),
    "NotFoundError": (404, "not_found", "no such resource"),
    "ContentTooLargeError": (413, "content_too_large", "the body is too large"),
    "ConflictError": (409, "conflict", "it clashes with what is stored; `detail` says how"),
    "IdempotencyInProgressError": (
        409,
        "idempotency_in_progress",
        "a request with this key is being worked on; `Retry-After` says when to ask again",
    ),
    "IdempotencyKeyReusedError": (
        409,
        "idempotency_key_reused",
        "the key was sent before, with another request",
    ),
    "PreconditionFailedError": (
        412,
        "precondition_failed",
        "`If-Match` names another version than the stored one",
    ),
    "PreconditionRequiredError": (428, "precondition_required", "`If-Match` is missing"),
    "RateLimitedError": (429, "rate_limited", "too many requests; `Retry-After` says when"),
    "NotImplementedYetError": (501, "not_implemented", "the hook is not written yet"),
    "UpstreamFailedError": (502, "upstream_failed", "the upstream gave no usable answer"),
}


class ErrorRow(NamedTuple):
    """A row of the README's table of errors."""

    status: int
    code: str  # Markdown
    meaning: str  # a Markdown cell


class OperationDocs(NamedTuple):
    """All text is Markdown, ready to be printed."""

    heading: str
    description: str | None
    facts: tuple[str, ...]
    request: str  # a fenced block
    answer: str | None
    errors: tuple[ErrorRow, ...]


class DocsPlan(NamedTuple):
    """The README's section."""

    heading: str
    summary: str | None
    requirements: tuple[tuple[str, tuple[str, ...]], ...]
    operations: tuple[OperationDocs, ...]
    notes: tuple[NoteDocs, ...]
    settings: tuple[SettingEntry, ...]


def plan_docs(spec: FeatureSpec, settings: tuple[SettingEntry, ...]) -> DocsPlan:
    requirements = spec.requirements
    groups = (
        ("Users", requirements.users),
        ("Performance", requirements.performance),
        ("Compliance", requirements.compliance),
        ("Acceptance", requirements.acceptance),
        ("Notes", requirements.notes),
    )
    return DocsPlan(
        heading=md_text(spec.title),
        summary=md_text(sentence(spec.summary)) if spec.summary else None,
        requirements=tuple(
            (name, tuple(md_text(item) for item in items)) for name, items in groups if items
        ),
        operations=tuple(_operation(operation, spec) for operation in spec.operations.values()),
        notes=plan_notes(spec),
        settings=settings,
    )


def _operation(operation: Operation, spec: FeatureSpec) -> OperationDocs:
    return OperationDocs(
        heading=md_text(summary(operation)),
        description=md_text(sentence(operation.description)) if operation.description else None,
        facts=tuple(_facts(operation, spec)),
        request=_curl(operation, spec),
        answer=_answer(operation, spec),
        errors=tuple(_errors(operation, spec)),
    )


def _facts(operation: Operation, spec: FeatureSpec) -> list[str]:
    facts = [md_code(f"{operation.method} {route_path(operation, spec)}")]
    if operation.auth == "required":
        facts.append(
            f"permission {md_code(operation.permission)}"
            if operation.permission
            else "any authenticated user"
        )
    else:
        facts.append("public" if operation.auth == "none" else "authentication is optional")
    facts += [f"takes {md_code('Idempotency-Key')}"] if operation.idempotent else []
    facts += [f"{md_code(limit.text)} requests" for limit in operation.rate_limits]
    if operation.is_async:
        facts.append("done later, by a worker")
    if operation.deprecated:
        facts.append("deprecated")
    return facts


def _curl(operation: Operation, spec: FeatureSpec) -> str:
    target = f"$BASE_URL{url(operation, spec, {})}"
    required = {
        field.wire_name: text(sample(field, spec)) for field in operation.query if field.required
    }
    query = f"?{urlencode(required)}" if required else ""
    parts = [f'curl -X {operation.method} "{target}{query}"']  # both are percent-encoded
    if operation.auth == "required":
        parts.append('-H "Authorization: Bearer $TOKEN"')
    parts += [
        f"-H {shell_word(f'{header_name(field)}: {text(sample(field, spec))}')}"
        for field in operation.headers
        if field.required
    ]
    if operation.request:
        body = sample_model(spec.models[operation.request], spec)
        parts += [
            "-H 'Content-Type: application/json'",
            f"-d {shell_word(json_without_markup(body))}",
        ]
    return md_fence(" \\\n  ".join(parts), "sh")


def _answer(operation: Operation, spec: FeatureSpec) -> str | None:
    if operation.is_async:
        return md_block(job_sample(operation, spec))
    if operation.response.model is None:
        return None
    model = spec.models[operation.response.model]
    if model.derived == "page":
        return md_block(page_sample(model, spec))
    if operation.call is not None and not operation.stored:
        request = spec.models[operation.request] if operation.request else None
        asked = normalised_model(sample_model(request, spec), request, spec) if request else {}
        path: dict[str, Json] = {field.name: sample(field, spec) for field in operation.path_params}
        body = echoed(upstream_answer(operation, spec), operation, spec, asked, path)
    else:
        body = normalised_model(shown_sample(model, spec), model, spec)
    shown: Json = [body] if operation.response.kind == "list" else body
    return md_block(shown)


def _errors(operation: Operation, spec: FeatureSpec) -> list[ErrorRow]:
    rows = []
    for name in answered_errors(operation, spec):
        if name in spec.errors:
            error = spec.errors[name]
            rows.append(ErrorRow(error.status, md_code(error.code), md_cell(error.title)))
        else:
            status, code, meaning = CORE_ERRORS[name]
            rows.append(ErrorRow(status, md_code(code), meaning))
    if validates(operation):
        rows.append(
            ErrorRow(
                spec.validation_status,
                md_code("validation_error"),
                "the request does not validate; `errors` names each field",
            )
        )
    return sorted(rows, key=lambda row: row.status)
