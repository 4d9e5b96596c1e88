"""Payment API: the events that it receives."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Annotated

from fastapi import APIRouter, FastAPI, Request
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from app.clients.provider import ProviderClient
from app.core.errors import ContentTooLargeError, SignatureError, problems
from app.core.resources import get_resource
from app.core.signatures import verify_stripe
from app.core.strings import Text
from app.core.webhooks import WEBHOOKS, Event, EventFailedError, Outcome, Receipt, Webhook
from app.db.session import SessionDep
from app.services.payment_service import PaymentService
from app.tables.payment import PaymentWebhookEvent

router = APIRouter(tags=["Payment API"])
Handler = Callable[[PaymentService, Event], Awaitable[Outcome]]


class PaymentFacts(BaseModel):
    """What an event says of a payment."""

    id: Annotated[str, Text()] | None = None
    provider_id: Annotated[str, Field(max_length=255), Text()] | None = None


async def _apply_payment_succeeded(service: PaymentService, event: Event) -> Outcome:
    """Apply an event of the type payment.succeeded."""
    facts = PaymentFacts.model_validate(
        {
            "id": event.at("data", "object", "reference"),
            "provider_id": event.at("data", "object", "id"),
        }
    )
    return await service.on_payment_succeeded(payment_id=facts.id, provider_id=facts.provider_id)


async def _apply_payment_failed(service: PaymentService, event: Event) -> Outcome:
    """Apply an event of the type payment.failed."""
    facts = PaymentFacts.model_validate(
        {
            "id": event.at("data", "object", "reference"),
            "provider_id": event.at("data", "object", "id"),
        }
    )
    return await service.on_payment_failed(payment_id=facts.id, provider_id=facts.provider_id)


PAYMENT_EVENTS_HANDLERS: Mapping[str, Handler] = {
    "payment.succeeded": _apply_payment_succeeded,
    "payment.failed": _apply_payment_failed,
}


async def apply_payment_events(app: FastAPI, session: AsyncSession, event: Event) -> Outcome:
    """Apply an event, in the transaction that records it."""
    return await PAYMENT_EVENTS_HANDLERS[event.type](
        PaymentService(session, get_resource(app, ProviderClient)), event
    )


payment_events = Webhook(
    feature="payment",
    name="payment_events",
    table=PaymentWebhookEvent,
    types=frozenset(PAYMENT_EVENTS_HANDLERS),
    verify=partial(verify_stripe, tolerance=300),
    secret=lambda settings: settings.payment_webhook_secret,
    apply=apply_payment_events,
)
WEBHOOKS.append(payment_events)


@router.post(
    "/webhooks/payments",
    summary="Receive payment events",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"type": "object"}}},
        }
    },
    responses=problems(SignatureError, ContentTooLargeError, EventFailedError),
)
async def receive_payment_events(request: Request, session: SessionDep) -> Receipt:
    """Receive payment events: each is signed, and applied once."""
    return await payment_events.receive(request, session)
