"""The provider API as the spec describes it, in process."""

from app.core.config import Settings
from tests.fakes.upstream import Answer, Call, FakeUpstream, Route


class FakeProvider(FakeUpstream):
    """Answers every call of the payment feature, and refuses any other."""

    name = "provider"

    def __init__(self, settings: Settings) -> None:
        super().__init__(str(settings.payment_api_url))
        self.credentials = {
            "authorization": f"Bearer {settings.payment_api_key.get_secret_value()}"
        }
        self.routes = (
            Route(
                "POST",
                "/payments",
                self.create_payment,
                encoding="json",
                required=frozenset(
                    {"amount", "currency", "metadata.user_id", "payment_method", "reference"}
                ),
                optional=frozenset({"description"}),
                headers=frozenset({"idempotency-key"}),
            ),
            Route(
                "GET",
                "/payments/[^/]+",
                self.get_payment,
            ),
            Route(
                "POST",
                "/payments/[^/]+/refunds",
                self.create_refund,
                encoding="json",
                required=frozenset({"amount"}),
                optional=frozenset({"reason"}),
                headers=frozenset({"idempotency-key"}),
            ),
        )

    def create_payment(self, _call: Call) -> Answer:
        """Answer POST /payments."""
        return Answer(200, {"id": "Sample provider id", "status": "succeeded"})

    def get_payment(self, _call: Call) -> Answer:
        """Answer GET /payments/{entity.provider_id}."""
        return Answer(200, {"status": "succeeded"})

    def create_refund(self, _call: Call) -> Answer:
        """Answer POST /payments/{parent.provider_id}/refunds."""
        return Answer(200, {"id": "Sample provider id"})
