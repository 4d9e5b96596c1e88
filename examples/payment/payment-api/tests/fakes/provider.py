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
                required=frozenset({"amount", "currency", "metadata.user_id", "payment_method"}),
                optional=frozenset({"description"}),
                headers=frozenset({"idempotency-key"}),
            ),
            Route(
                "GET",
                "/payments/(?P<payment_id>[^/]+)",
                self.get_payment,
            ),
        )

    def create_payment(self, call: Call) -> Answer:
        """Answer POST /payments."""
        return Answer(
            200,
            {
                "id": "pay_1",
                "status": "succeeded",
                "amount": call.echo("amount", default="99.99"),
                "currency": call.echo("currency", default="USD"),
                "created_at": "2026-01-31T12:00:00Z",
            },
        )

    def get_payment(self, call: Call) -> Answer:
        """Answer GET /payments/{payment_id}."""
        return Answer(
            200,
            {
                "id": call.parameters["payment_id"],
                "status": "succeeded",
                "amount": "99.99",
                "currency": "USD",
                "created_at": "2026-01-31T12:00:00Z",
            },
        )
