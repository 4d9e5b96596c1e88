"""What `featuregen report` prints."""

from __future__ import annotations

from dataclasses import replace

from report_samples import BROKEN, BY_HAND, CREATED, FAILED, PICTURE

from featuregen.report import as_markdown

REPORT = replace(CREATED, command="report", outcome="verified")

MARKDOWN = """\
# Payment API

## Summary

Charge a customer.

- feature `payment`, 2 endpoints
- verification: **passed** in 3.3 s: 2 passed, 1 expected failure, coverage 94.3 %

## Features

| endpoint | what it does | access | rate limit | answers |
|---|---|---|---|---|
| `POST /api/v1/payments` | Create a payment | `payments.create` | 10/minute | 201, 401, 402, 422 |
| `GET /api/v1/payments/{payment_id}` | Get payment details | any user |  | 200, 401, 404 |

- POST /api/v1/payments calls provider: POST /payments, up to 3 attempts within 30 s

## Requirements

As the spec states them; they are not checked unless an example does it.

**Users**

- customers of the shop

## Files

| file |  | lines |
|---|---|---|
| `app/main.py` | modified | 60 |
| `app/models/payment.py` | created | 120 |
| `app/services/payment_service.py` | created | 1 |

## Security measures

- create_payment needs the permission payments.create

## Tests and coverage

Measured in this run.

| check | result | what it found | time |
|---|---|---|---|
| ruff | ok | 0 findings | 80 ms |
| mypy | ok | 0 findings | 1.2 s |
| tests | ok | 2 passed, 1 expected failure | 3.2 s |

| tests in | passed | others |
|---|---|---|
| `tests/test_payment_api.py` | 2 | 1 expected failure |

| coverage of | statements | branches | covered | not run |
|---|---|---|---|---|
| `app/models/payment.py` | 40 | 10 | 100 % |  |
| `app/services/payment_service.py` | 30 | 8 | 86.8 % | 12-14, 20->22 |

## Configuration required

| variable | required | meaning | default or example |
|---|---|---|---|
| `PAYMENT_API_URL` | yes | Base URL of the provider | `https://api.example.com` |
| `PAYMENT_TIMEOUT` | no | Deadline of one call | `30s` |

## Error answers

| status | code | title |
|---|---|---|
| 402 | `payment_declined` | Payment declined |

## Open hooks

- `on_refund` at `app/services/payment_hooks.py:12`: answers 501 until it is written

## Next steps

1. write on_refund() at app/services/payment_hooks.py:12; until then its endpoint answers 501
2. try it: cd /srv/payment-api && uv run python -m app.dev (prints a curl line and the address of /docs)
3. before production: cp .env.example .env, and set PAYMENT_API_URL
"""  # noqa: E501 - as it is printed


def test_the_report_of_a_proven_feature_says_what_was_measured() -> None:
    assert as_markdown(REPORT) == MARKDOWN


def test_without_verification_the_report_claims_no_measurement() -> None:
    text = as_markdown(replace(REPORT, outcome="unchanged", verification=None))
    assert "Verification was not run (--no-verify): nothing here was checked" in text
    assert "Measured" not in text
    assert "passed" not in text
    assert "coverage of" not in text


def test_a_failure_is_a_section_with_its_place_in_the_code_and_in_the_spec() -> None:
    text = as_markdown(BROKEN)
    assert "- verification: **FAILED** in 3.3 s: 1 passed, 1 failed, coverage 94.3 %\n" in text
    assert (
        "### tests: `test_create_payment[zero]`\n\n"
        "At `tests/test_payment_api.py:41`, from `payment.yaml:6 (operations.create_payment)`.\n\n"
        "```text\nassert 200 == 422\n +  where 200 = response.status\n```\n"
    ) in text
    assert "### mypy: `Payment`\n\nAt `app/models/payment.py:7`.\n" in text


def test_an_edit_to_make_by_hand_is_a_block_to_copy() -> None:
    text = as_markdown(replace(REPORT, by_hand=(BY_HAND,)))
    assert (
        "### `app/main.py` (router:payments)\n\n"
        "```text\nAdd below the other imports:\n\n    from app.api.endpoints import payments\n```\n"
    ) in text


def test_text_of_a_spec_stays_text_in_markdown() -> None:
    route = replace(PICTURE.routes[0], summary="a | b <script>", access="`x` | *y*.z")
    hostile = replace(
        PICTURE,
        title="# Title <b>",
        summary="[link](http://x)\n# heading",
        routes=(route,),
        security=("- item\n\n## forged",),
    )
    text = as_markdown(replace(REPORT, picture=hostile))
    assert "<script>" not in text
    assert "\n# heading" not in text
    assert "\n## forged" not in text
    assert "[link](" not in text
    row = next(line for line in text.splitlines() if "/api/v1/payments`" in line)
    assert row.replace(r"\|", "").count("|") == 6


def test_a_message_cannot_leave_its_block() -> None:
    failure = replace(FAILED.failures[0], message="```\n# forged\n\x1b[2J")
    text = as_markdown(replace(BROKEN, verification=replace(FAILED, failures=(failure,))))
    assert "````text\n```\n# forged\n" in text
    assert "\x1b" not in text
