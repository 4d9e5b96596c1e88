"""What the tests of webhooks are planned to send."""

from __future__ import annotations

from pathlib import Path

import pytest

from featuregen.plan.scene_webhooks import EventTest, RowScene, WebhookTest, plan_webhook_tests
from featuregen.spec.load import parse_spec

CASES = Path(__file__).parent / "cases"
SPECS = sorted([*(CASES / "good").glob("*.yaml"), *(CASES / "ok").glob("*.yaml")])
DESK = """\
featuregen: 1
feature: desk
settings:
  bank_url: {type: url, example: "https://bank.example.com"}
  desk_secret: {type: secret, example: whsec_x}
errors:
  BankError: {status: 503}
upstreams:
  bank: {base_url: bank_url, errors: {other: {raise: BankError}}}
entities:
  Purse:
    fields:
      size: {type: int, ge: 1, le: 100}
      spent: {type: int, generated: 0}
      colour: {type: enum, values: [red, blue], generated: red}
  Spending:
    fields:
      purse_id: {type: id, references: Purse}
      coins: {type: int, ge: 1, le: 9}
      state: {type: enum, values: [open, done, gone], generated: open}
      number: {type: string, max_length: 20, required: false, internal: true}
operations:
  spend:
    method: POST
    path: /{id}/spendings
    parent: Purse
    create: Spending
    status: 201
    reserve: {entity: Purse, field: spent, by: coins, up_to: size, full: {colour: blue}}
    call:
      method: POST
      path: /spendings
      send: {coins: coins}
      receive: {number: id, state: "=done"}
      refused: {state: gone}
webhooks:
  desk_events:
    path: /webhooks/desk
    secret: desk_secret
    scheme: stripe
    id: meta.id
    events:
      spending.done:
        transition: {entity: Spending, by: data.ref, from: [open], to: done, set: {number: data.no}}
      spending.gone: {transition: {entity: Spending, by: data.ref, to: gone}}
      spending.seen: {hook: on_seen}
"""


def webhook(spec: str = DESK) -> WebhookTest:
    tests = plan_webhook_tests(parse_spec(spec, "desk.yaml"))
    assert tests is not None
    [test] = tests.webhooks
    return test


def event(name: str, spec: str = DESK) -> EventTest:
    return next(each for each in webhook(spec).events if each.name == name)


def row(name: str, spec: str = DESK) -> RowScene:
    found = event(name, spec).row
    assert found is not None
    return found


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_every_spec_can_be_planned(path: Path) -> None:
    spec = parse_spec(path.read_text(encoding="utf-8"), path.name)
    assert (plan_webhook_tests(spec) is not None) == bool(spec.webhooks)


def test_an_event_without_from_is_applied_from_any_other_state() -> None:
    gone = row("spending_gone")
    assert (gone.right, gone.wrong, gone.repeats) == ('"open"', (), True)


def test_an_event_with_from_is_ignored_in_every_other_state() -> None:
    done = row("spending_done")
    assert (done.right, done.wrong, done.repeats) == ('"open"', ('"done"', '"gone"'), False)


def test_the_row_has_nothing_yet_of_what_the_event_sets() -> None:
    done = row("spending_done")
    assert done.blank == ", number=None"
    assert done.values.startswith('{"state": "done", "number": ')
    assert '"no"' in event("spending_done").payload
    assert done.bare is not None
    assert '"no"' not in done.bare


def test_an_event_of_a_refusal_gives_back_what_was_reserved() -> None:
    bounded = row("spending_gone").bounded
    assert bounded is not None
    assert bounded.values == '{"spent": 0}'


def test_an_event_of_a_success_may_complete_the_bounded_row() -> None:
    done = row("spending_done")
    assert done.bounded is not None
    assert '"colour": "blue"' in done.bounded.values
    assert done.bounded.row in done.needed


def test_an_event_for_a_function_needs_no_row() -> None:
    seen = event("spending_seen")
    assert (seen.row, seen.hook) == (None, "on_seen")


def test_the_id_of_an_event_is_written_where_the_sender_has_it() -> None:
    assert webhook().named == '{**event, "meta": {**event["meta"], "id": event_id}}'


def test_the_standard_scheme_names_the_event_in_a_header() -> None:
    by_header = webhook(DESK.replace("stripe", "standard").replace("    id: meta.id\n", ""))
    assert (by_header.named, by_header.signature) == ("event", ", event_id=event_id")


def test_a_plain_hmac_knows_no_age() -> None:
    plain = webhook(DESK.replace("stripe", "{hmac: sha512, header: X-Signature}"))
    assert plain.age is None
    assert plain.signature == ', header="x-signature", algorithm="sha512"'
