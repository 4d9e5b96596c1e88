"""The part of the README about what is stored: pages, versions, keys, events, migrations."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from featuregen.plan.jobs import STATUS_PATH, later_operations
from featuregen.plan.locations import whole_path
from featuregen.plan.quote import md_code, md_fence, md_text
from featuregen.plan.signatures import takes_if_match

if TYPE_CHECKING:
    from collections.abc import Iterator

    from featuregen.spec.model import Event, FeatureSpec, Webhook

_PAGES = (
    "A list comes in pages of `limit` rows. `next_cursor` of one page, sent as "
    "`cursor`, gives the next; on the last page it is null. A row that is added "
    "meanwhile moves no other row from one page to another."
)
_VERSIONS = (
    "An answer's `ETag` names the version of its row. Sent back as `If-Match` with a "
    "change, it makes sure that nobody else has changed the row meanwhile: else the "
    "answer is 412, and nothing is changed."
)
_RETRIES = (
    "A request with an `Idempotency-Key` is done once, however often it is sent: a "
    "retry with the same key and the same request gets the first answer, with "
    "`Idempotency-Replayed: true`. A key is kept for a day."
)

_JOBS = (
    "which `Location` names, tells how far it has come: `queued`, `running`, `done` with its "
    "`result`, or `failed` with the problem as its `error`. It is done at least once: after a "
    "crash another worker begins it anew, and after an error that may pass it is tried again, "
    "five times at most."
)


class NoteDocs(NamedTuple):
    """A heading and its paragraphs, all Markdown."""

    heading: str
    paragraphs: tuple[str, ...]


def plan_notes(spec: FeatureSpec) -> tuple[NoteDocs, ...]:
    """What a caller and an operator know of a storing feature; nothing where nothing is stored."""
    return tuple(_notes(spec))


def _notes(spec: FeatureSpec) -> Iterator[NoteDocs]:
    operations = spec.operations.values()
    if any(operation.action == "list" for operation in operations):
        yield NoteDocs(
            "Pages",
            (_PAGES,),
        )
    if any(takes_if_match(operation, spec) for operation in operations):
        yield NoteDocs(
            "Versions",
            (_VERSIONS,),
        )
    if any(operation.idempotent for operation in operations):
        yield NoteDocs(
            "Retries",
            (_RETRIES,),
        )
    if later_operations(spec):
        status = md_code(f"GET {whole_path(STATUS_PATH, spec)}")
        yield NoteDocs(
            "Jobs", (f"What is done later is answered with 202 and a job. {status}, {_JOBS}",)
        )
    for webhook in spec.webhooks.values():
        yield NoteDocs(f"Events: {md_text(webhook.name)}", tuple(_received(webhook, spec)))
    if spec.entities:
        yield NoteDocs(
            "Database",
            (
                "The tables are made and changed by migrations:",
                md_fence("uv run alembic upgrade head", "sh"),
            ),
        )


def _received(webhook: Webhook, spec: FeatureSpec) -> Iterator[str]:
    yield (
        f"{md_code(f'POST {webhook.path}')} receives events. Each is signed with the secret in "
        f"{md_code(webhook.secret.upper())} (two, with a blank between them, while one is "
        "rotated) and applied once. One of another type is ignored; one with a bad or stale "
        "signature is a 400 and changes nothing."
    )
    yield f"{_signed(webhook)} `tests/signing.py` makes such headers, to try it out."
    yield "\n".join(
        (
            "| type | what it does |",
            "|---|---|",
            *(
                f"| {md_code(event.type, in_cell=True)} | {_done(event)} |"
                for event in webhook.events
            ),
        )
    )
    yield "An event that could not be applied is kept, and tried again by its sender or by:"
    yield md_fence(f"uv run python -m app.replay {spec.feature}", "sh")


def _signed(webhook: Webhook) -> str:
    match webhook.scheme:
        case "stripe":
            form = md_code(f"{webhook.header}: t=<unix time>,v1=<signature>")
            return f"{form} holds the hex HMAC-SHA256 of `<unix time>.<body>`."
        case "standard":
            return (
                "`webhook-id`, `webhook-timestamp` and `webhook-signature: v1,<signature>` are as "
                "[Standard Webhooks](https://www.standardwebhooks.com) says."
            )
        case "hmac":
            form = md_code(f"{webhook.header}: <signature>")
            return f"{form} holds the hex HMAC-{webhook.algorithm.upper()} of the body."


def _done(event: Event) -> str:
    parts: list[str] = []
    if event.transition is not None:
        change = event.transition
        states = " or ".join(str(state) for state in change.from_)
        before = f" from {states}" if states else ""
        parts.append(md_text(f"{change.entity}: {change.field}{before} to {change.to}"))
    if event.hook is not None:
        later = ", by a worker" if event.is_async else ""
        parts.append(md_code(event.hook, in_cell=True) + later)
    return ", ".join(parts)
