"""What a report says that a feature is: its routes, what they do, what keeps others out."""

from __future__ import annotations

from pathlib import Path

import pytest

from featuregen.picture import feature_picture
from featuregen.results import FeaturePicture
from featuregen.spec.load import load_spec

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


def picture(name: str) -> FeaturePicture:
    """The picture of an example."""
    return feature_picture(load_spec(EXAMPLES / name / f"{name}.yaml"))


def test_the_route_that_events_come_to_is_one_of_the_routes() -> None:
    route = picture("payment").routes[-1]
    assert (route.method, route.path, route.operation) == (
        "POST",
        "/webhooks/payments",
        "payment_events",
    )
    assert (route.access, route.statuses) == ("signed", (200, 400, 413, 500))


def test_measures_name_who_finds_a_row_what_is_signed_and_what_happens_once() -> None:
    measures = picture("payment").security
    assert "a row of Refund is found by its owner only; for others it is a 404" in measures
    assert (
        "one result for each Idempotency-Key of a caller: create_payment, create_refund" in measures
    )
    assert (
        "payment_events takes events signed with PAYMENT_WEBHOOK_SECRET only, at most 300 s old; "
        "each is applied once"
    ) in measures


def test_measures_name_the_permission_that_sees_all_rows() -> None:
    assert (
        "a row of Enrolment is found by its owner, and by who holds enrolments.read_all; "
        "for others it is a 404"
    ) in picture("enrolment").security


def test_a_row_that_all_may_read_has_no_owner_in_the_measures() -> None:
    assert not any("is found by" in measure for measure in picture("blog").security)


@pytest.mark.parametrize(
    ("name", "trait"),
    [
        (
            "payment",
            "POST /api/v1/payments/{id}/refunds never takes Payment.refunded_amount past amount",
        ),
        (
            "payment",
            (
                "GET /api/v1/payments gives page by page: filters status, created_at; "
                "order -created_at"
            ),
        ),
        ("payment", "POST /webhooks/payments applies payment.succeeded, payment.failed"),
        (
            "payment",
            (
                "POST /api/v1/payments calls provider: POST /payments, up to 3 attempts within "
                "PAYMENT_TIMEOUT, the row stored before, the outcome after"
            ),
        ),
        (
            "subscription",
            (
                "POST /api/v1/subscriptions/{id}/cancel takes Subscription.state from active or "
                "past_due to cancelled: one of many at once"
            ),
        ),
        (
            "subscription",
            "GET /api/v1/subscriptions/{id} keeps its answer for 30 s, for each caller",
        ),
    ],
)
def test_traits_say_what_an_operation_does_with_rows(name: str, trait: str) -> None:
    assert trait in picture(name).traits
