"""What the payment feature does, without HTTP: errors are its own, results are models."""

import structlog

from app.clients.provider import ProviderClient
from app.core.auth import User
from app.models.payment import PaymentRequest, PaymentResponse

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class PaymentService:
    """Charge a customer through the payment provider and look the charge up again."""

    edited_by_a_person = 0  # payments since the start

    def __init__(self, provider: ProviderClient) -> None:
        self._provider = provider

    async def create_payment(self, data: PaymentRequest, *, user: User) -> PaymentResponse:
        """Create a payment."""
        result = await self._provider.create_payment(data, user=user)
        log.info("create_payment")
        self.edited_by_a_person += 1
        return result

    async def get_payment(self, *, payment_id: str) -> PaymentResponse:
        """Get payment details."""
        result = await self._provider.get_payment(payment_id=payment_id)
        log.info("get_payment")
        return result
