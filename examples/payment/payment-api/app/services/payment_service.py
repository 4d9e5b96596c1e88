"""What the payment feature does, without HTTP: errors are its own, results are models."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

import structlog
from sqlalchemy import UnaryExpression, case, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.clients.provider import ProviderClient
from app.core.attempts import Attempt
from app.core.auth import User
from app.core.errors import AppError, ConflictError, NotFoundError, PaymentNotFoundError
from app.core.webhooks import Outcome
from app.db.queries import change, changed, commit, matching, page
from app.models.payment import PaymentPage, PaymentRead, PaymentRequest, RefundRead, RefundRequest
from app.tables.payment import Payment, Refund

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

LIST_PAYMENTS_ORDERS: dict[str, Sequence[UnaryExpression[Any]]] = {
    "-created_at": (Payment.created_at.desc(), Payment.id.desc()),
}


class PaymentService:
    """Charge a customer through the payment provider, refund the charge, and list the history."""

    def __init__(self, session: AsyncSession, provider: ProviderClient) -> None:
        self._session = session
        self._provider = provider

    async def create_payment(
        self, data: PaymentRequest, *, user: User, attempt: Attempt
    ) -> PaymentRead:
        """Create a payment.

        The row is committed before the upstream is called: a crash or a timeout leaves it as it was
        first committed, for a retry or an event to settle. A refusal is recorded.
        """
        payment = await self._session.get(Payment, attempt.id("pay_")) if attempt.retried else None
        if payment is None:
            payment = Payment(
                id=attempt.id("pay_"),
                amount=data.amount,
                currency=data.currency,
                description=data.description,
                payment_method_id=data.payment_method_id,
                owner_id=user.id,
            )
            self._session.add(payment)
        elif payment.status != "pending":  # the outcome is known, only its answer was lost
            return PaymentRead.model_validate(payment)
        await commit(self._session, ConflictError("There is such a payment already"))
        try:
            received = await self._provider.create_payment(data, payment_id=payment.id, user=user)
        except AppError as error:
            if error.refused:
                await self._session.execute(
                    update(Payment)
                    .where(Payment.id == payment.id, Payment.status == "pending")
                    .values(status="failed")
                )
                await attempt.settle(error)
                await self._session.commit()
            raise
        # An event may have been faster: what it says stays.
        payment = await changed(
            self._session,
            update(Payment)
            .where(Payment.id == payment.id)
            .values(
                provider_id=received.provider_id,
                status=case((Payment.status == "pending", received.status), else_=Payment.status),
            )
            .returning(Payment),
            otherwise=PaymentNotFoundError(),
        )
        result = PaymentRead.model_validate(payment)
        await attempt.settle(result)
        await self._session.commit()
        log.info("create_payment")
        return result

    async def list_payments(
        self,
        *,
        status: Literal["pending", "succeeded", "failed", "refunded"] | None,
        created_at_from: datetime | None,
        created_at_to: datetime | None,
        sort: Literal["-created_at"],
        limit: int,
        cursor: str | None,
        user: User,
    ) -> PaymentPage:
        """Payment history, newest first."""
        statement = matching(
            select(Payment).where(Payment.owner_id == user.id),
            (Payment.status, "==", status),
            (Payment.created_at, ">=", created_at_from),
            (Payment.created_at, "<=", created_at_to),
        )
        rows, next_cursor = await page(
            self._session, statement, order=LIST_PAYMENTS_ORDERS[sort], limit=limit, cursor=cursor
        )
        items = [PaymentRead.model_validate(row) for row in rows]
        log.info("list_payments")
        return PaymentPage(items=items, next_cursor=next_cursor)

    async def get_payment(self, *, payment_id: str, user: User) -> PaymentRead:
        """Get payment details."""
        payment = await self._owned_payment(payment_id, user)
        if payment.status == "pending" and payment.provider_id is not None:
            await self._session.commit()  # no connection is held during the call
            received = await self._provider.get_payment(payment_provider_id=payment.provider_id)
            # An event may have been faster: what it says stays.
            payment = await changed(
                self._session,
                update(Payment)
                .where(Payment.id == payment.id)
                .values(
                    status=case(
                        (Payment.status == "pending", received.status), else_=Payment.status
                    )
                )
                .returning(Payment),
                otherwise=PaymentNotFoundError(),
            )
            await self._session.commit()
        log.info("get_payment")
        return PaymentRead.model_validate(payment)

    async def create_refund(
        self, data: RefundRequest, *, payment_id: str, user: User, attempt: Attempt
    ) -> RefundRead:
        """Refund a payment, in full or in part.

        The row is committed before the upstream is called: a crash or a timeout leaves it as it was
        first committed, for a retry or an event to settle. A refusal is recorded.
        """
        payment = await self._owned_payment(payment_id, user)
        if payment.provider_id is None:
            raise ConflictError("The payment is not known upstream yet")
        refund = await self._session.get(Refund, attempt.id("re_")) if attempt.retried else None
        if refund is None:
            refund = Refund(
                id=attempt.id("re_"),
                payment_id=payment.id,
                amount=data.amount,
                reason=data.reason,
                owner_id=user.id,
            )
            await changed(
                self._session,
                update(Payment)
                .where(
                    Payment.id == payment.id,
                    Payment.status == "succeeded",
                    Payment.refunded_amount <= Payment.amount - refund.amount,
                )
                .values(refunded_amount=Payment.refunded_amount + refund.amount)
                .returning(Payment),
                otherwise=ConflictError(
                    "The payment is in no state for this, or less is left of its amount"
                ),
            )
            self._session.add(refund)
        elif refund.status != "pending":  # the outcome is known, only its answer was lost
            return RefundRead.model_validate(refund)
        await commit(self._session, ConflictError("The refund refers to what is not there"))
        try:
            received = await self._provider.create_refund(
                data, payment_provider_id=payment.provider_id, refund_id=refund.id
            )
        except AppError as error:
            if error.refused:
                if await change(
                    self._session,
                    update(Refund)
                    .where(Refund.id == refund.id, Refund.status == "pending")
                    .values(status="failed"),
                ):  # else it has been given back before
                    await self._session.execute(
                        update(Payment)
                        .where(Payment.id == payment.id)
                        .values(refunded_amount=Payment.refunded_amount - refund.amount)
                    )
                await attempt.settle(error)
                await self._session.commit()
            raise
        # An event may have been faster: what it says stays.
        refund = await changed(
            self._session,
            update(Refund)
            .where(Refund.id == refund.id)
            .values(
                provider_id=received.provider_id,
                status=case((Refund.status == "pending", received.status), else_=Refund.status),
            )
            .returning(Refund),
            otherwise=NotFoundError(),
        )
        await self._complete_payment(refund.payment_id)
        result = RefundRead.model_validate(refund)
        await attempt.settle(result)
        await self._session.commit()
        log.info("create_refund")
        return result

    async def on_payment_succeeded(
        self, *, payment_id: str | None, provider_id: str | None
    ) -> Outcome:
        """Apply payment.succeeded: from pending to succeeded; out of order, it is ignored."""
        applied = await change(
            self._session,
            update(Payment)
            .where(Payment.id == payment_id, Payment.status == "pending")
            .values(status="succeeded", provider_id=provider_id or Payment.provider_id),
        )
        return "applied" if applied else "ignored"

    async def on_payment_failed(
        self, *, payment_id: str | None, provider_id: str | None
    ) -> Outcome:
        """Apply payment.failed: from pending to failed; out of order, it is ignored."""
        applied = await change(
            self._session,
            update(Payment)
            .where(Payment.id == payment_id, Payment.status == "pending")
            .values(status="failed", provider_id=provider_id or Payment.provider_id),
        )
        return "applied" if applied else "ignored"

    async def _owned_payment(self, payment_id: str, user: User) -> Payment:
        """Return the caller's payment; another's is not found."""
        payment = await self._session.scalar(
            select(Payment).where(Payment.id == payment_id, Payment.owner_id == user.id)
        )
        if payment is None:
            raise PaymentNotFoundError
        return payment

    async def _complete_payment(self, payment_id: str) -> None:
        """Write that the payment is full, once nothing that counts is undecided.

        The row is locked, so that two that settle at once see each other.
        """
        await self._session.get(Payment, payment_id, with_for_update=True)
        waiting = exists().where(Refund.payment_id == payment_id, Refund.status == "pending")
        await self._session.execute(
            update(Payment)
            .where(Payment.id == payment_id, Payment.refunded_amount >= Payment.amount, ~waiting)
            .values(status="refunded")
        )
