"""What the tests of money-safe operations are planned to do; no spec is too much for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from featuregen.plan.clients import plan_clients
from featuregen.plan.scene_money import MoneyTest, plan_money_tests
from featuregen.spec.load import parse_spec

CASES = Path(__file__).parent / "cases"
SPECS = sorted([*(CASES / "good").glob("*.yaml"), *(CASES / "ok").glob("*.yaml")])
SHOP = """\
featuregen: 1
feature: shop
settings:
  bank_url: {type: url, example: "https://bank.example.com"}
errors:
  BankError: {status: 503}
  DeclinedError: {status: 402}
upstreams:
  bank:
    base_url: bank_url
    retries: 1
    idempotency_header: Idempotency-Key
    errors: {402: {raise: DeclinedError}, other: {raise: BankError}}
entities:
  Charge:
    fields:
      amount: {type: decimal, max_digits: 8, decimal_places: 2}
      state: {type: enum, values: [new, paid, lost], generated: new}
      number: {type: string, max_length: 20, required: false, internal: true}
  Purse:
    fields:
      spent: {type: int, generated: 0}
      colour: {type: enum, values: [red, blue], generated: red}
models:
  Spending: {fields: {coins: {type: int, ge: 1, le: 3, example: 2}}}
operations:
  charge:
    method: POST
    path: /
    create: Charge
    status: 201
    idempotent: true
    call:
      method: POST
      path: /charges
      send: {amount: amount, ref: entity.id}
      receive: {number: id, state: "status|map(ok=paid, no=lost, *=new)"}
      refused: {state: lost}
  look:
    method: GET
    path: /{id}
    get: Charge
    call: {when: "state == 'new'", method: GET, path: "/charges/{entity.number}",
           receive: {state: "status|map(ok=paid, *=new)"}}
  spend:
    method: POST
    path: /purses/{id}/spend
    request: Spending
    reserve: {entity: Purse, field: spent, by: coins, up_to: 10, when: "colour == 'red'",
              full: {colour: blue}}
  lose:
    method: POST
    path: /{id}/lose
    transition: {entity: Charge, from: [new, paid], to: lost}
"""


def planned(spec: str, operation: str) -> MoneyTest:
    tests = plan_money_tests(parse_spec(spec, "shop.yaml"))
    assert tests is not None
    return next(test for test in tests.operations if test.name == operation)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_every_spec_can_be_planned(path: Path) -> None:
    spec = parse_spec(path.read_text(encoding="utf-8"), path.name)
    tests = plan_money_tests(spec)
    named = {test.name for test in tests.operations} if tests else set()
    alone = (
        each
        for each in spec.operations.values()
        if not (each.before or each.after or each.is_async or each.hook)
    )
    assert {each.name for each in alone if each.transition or each.idempotent} <= named


def test_a_charge_waits_in_its_first_state_and_without_what_the_upstream_tells() -> None:
    charge = planned(SHOP, "charge").charge
    assert charge is not None
    assert charge.waiting == '{"state": "new", "number": None}'
    assert charge.refused == '{"state": "lost"}'
    assert charge.key_header == '"idempotency-key"'
    assert charge.repeats


def test_a_refusal_is_a_status_that_is_final() -> None:
    charge = planned(SHOP, "charge").charge
    assert charge is not None
    assert charge.refusal is not None
    assert (charge.refusal.upstream_status, charge.refusal.status) == (402, 402)


def test_an_unknown_outcome_is_asked_for_as_often_as_the_upstream_allows() -> None:
    charge = planned(SHOP, "charge").charge
    assert charge is not None
    times = {fault.upstream_status: fault.times for fault in charge.call.unknown}
    assert times == {408: 1, 409: 1, 425: 1, 429: 2, 500: 1, 503: 2}


def test_without_a_key_upstream_a_call_is_not_repeated() -> None:
    charge = planned(SHOP.replace("    idempotency_header: Idempotency-Key\n", ""), "charge").charge
    assert charge is not None
    assert not charge.repeats
    assert {fault.times for fault in charge.call.unknown} == {1}


def test_each_word_of_a_map_is_answered_once_and_one_that_nobody_knows() -> None:
    charge = planned(SHOP, "charge").charge
    assert charge is not None
    assert [answer.values for answer in charge.call.answers] == [
        '{"state": "paid"}',
        '{"state": "lost"}',
        '{"state": "new"}',
    ]


def test_a_state_that_an_event_sets_is_one_that_the_call_does_not() -> None:
    charge = planned(SHOP, "charge").charge
    assert charge is not None
    assert (charge.call.other, charge.spared) == ('"lost"', '"paid"')


def test_nobody_is_asked_about_a_row_that_is_settled_or_unknown_upstream() -> None:
    refresh = planned(SHOP, "look").refresh
    assert refresh is not None
    assert refresh.quiet == ('{"state": "paid"}', '{"state": "lost"}', '{"number": None}')


def test_a_bound_that_is_a_number_is_approached_by_the_counter() -> None:
    reserve = planned(SHOP, "spend").reserve
    assert reserve is not None
    assert (reserve.exact, reserve.short, reserve.loose) == (
        '{"spent": 8}',
        '{"spent": 9}',
        '{"spent": 7}',
    )
    assert reserve.few == '{"spent": 4}'
    assert (reserve.full, reserve.not_full) == ('{"colour": "blue"}', '{"colour": "red"}')
    assert reserve.wrong == ('{"colour": "blue"}',)


def test_no_counter_is_made_negative() -> None:
    reserve = planned(SHOP.replace("up_to: 10", "up_to: 5"), "spend").reserve
    assert reserve is not None
    assert (reserve.exact, reserve.few) == ('{"spent": 3}', None)


def test_a_bound_that_no_request_can_reach_is_not_tested() -> None:
    spec = SHOP.replace("up_to: 10", "up_to: 1")
    tests = plan_money_tests(parse_spec(spec, "shop.yaml"))
    assert tests is not None
    assert "spend" not in {test.name for test in tests.operations}


def test_a_transition_is_tried_from_each_of_its_states() -> None:
    transition = planned(SHOP, "lose").transition
    assert transition is not None
    assert transition.states == ('"new"', '"paid"')


def test_an_operation_keeps_its_promises_with_functions_around_it() -> None:
    spec = SHOP.replace("get: Charge\n", "get: Charge\n    before: allow\n    after: tell\n")
    tests = plan_money_tests(parse_spec(spec, "shop.yaml"))
    assert tests is not None
    assert tests.doubled == ("allow", "tell")
    bare, guarded = planned(SHOP, "look"), planned(spec, "look")
    assert bare.guard is None
    assert guarded.guard is not None
    assert (guarded.guard.before, guarded.guard.after) == ("allow", "tell")
    assert guarded._replace(guard=None) == bare


def test_the_tests_say_what_only_the_user_can_test() -> None:
    own = "  grant: {method: POST, path: /grants, hook: grant, idempotent: true}\n"
    tests = plan_money_tests(parse_spec(SHOP + own, "shop.yaml"))
    assert tests is not None
    assert "Not here: grant." in tests.docstring
    assert "grant" not in {test.name for test in tests.operations}


def test_what_a_worker_does_is_asked_for_and_finished_before_a_test_looks() -> None:
    spec = SHOP.replace("    status: 201\n", "    async: true\n")
    assert spec != SHOP
    charge = planned(spec, "charge")
    assert charge.asking("auth").startswith("finish(client, queue, client.post(")
    assert charge.asking("auth").endswith("headers=auth), auth)")
    assert charge.keyed is None
    assert charge.charge is not None
    assert {fault.status for fault in charge.charge.call.unknown} == {202}
    assert (charge.status, charge.charge.call.timeout) == (200, 202)


def test_another_request_with_a_key_differs_in_a_field() -> None:
    keyed = planned(SHOP, "charge").keyed
    assert keyed is not None
    assert "CHARGE | {" in keyed.other
    assert keyed.other.endswith("headers=keyed")


def test_all_attempts_at_a_call_without_a_row_send_the_same_key_upstream() -> None:
    spec = SHOP.replace(
        "operations:\n",
        "operations:\n"
        "  ask: {method: POST, path: /ask, request: Spending, response: none, idempotent: true,\n"
        "        call: {method: POST, path: /ask, send: {coins: coins}}}\n",
    )
    [bank] = plan_clients(parse_spec(spec, "shop.yaml"))
    ask = next(method for method in bank.methods if method.name == "ask")
    assert ask.signature.endswith("*, idempotency_key: str")
    assert "idempotency_key=idempotency_key" in ask.arguments
