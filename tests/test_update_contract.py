"""What an update says about clients: each change of a spec, and whether it breaks them."""

from __future__ import annotations

import pytest

from featuregen.lifecycle.contract import contract_changes
from featuregen.results import ContractChange
from featuregen.spec.load import parse_spec

SPEC = """\
featuregen: 1
feature: ticket
settings:
  desk_size: {type: int, default: 5}
errors:
  TicketGoneError: {status: 410, title: Ticket gone}
models:
  Place:
    fields:
      city: {type: string, max_length: 50}
  TicketRequest:
    fields:
      subject: {type: string, min_length: 2, max_length: 120}
      urgency: {type: enum, values: [low, high], default: low}
      hours: {type: decimal, gt: 0, le: 40, decimal_places: 2, required: false}
      place: Place
  Ticket:
    fields:
      ticket_id: {type: string, max_length: 40}
      state: {type: enum, values: [open, closed]}
      place: Place
operations:
  open_ticket:
    {method: POST, path: /, request: TicketRequest, response: Ticket, status: 201, hook: open_one}
  get_ticket:
    method: GET
    path: /{ticket_id}
    query: {full: {type: bool, default: false}}
    response: Ticket
    errors: [TicketGoneError]
    rate_limit: 10/minute
    hook: get_ticket
"""

OPEN, GET = "POST /api/v1/tickets", "GET /api/v1/tickets/{ticket_id}"


def changes(old: str, new: str) -> list[ContractChange]:
    assert SPEC.count(old) == 1
    return compare(SPEC, SPEC.replace(old, new))


def compare(before: str, after: str) -> list[ContractChange]:
    return list(contract_changes(*(parse_spec(text, "ticket.yaml") for text in (before, after))))


def test_the_same_spec_changes_nothing() -> None:
    assert compare(SPEC, SPEC) == []


def test_words_alone_change_nothing() -> None:
    assert changes("featuregen: 1\n", "featuregen: 1\nsummary: Tickets of the desk\n") == []


BREAKING = {
    "a required field": (
        "      place: Place\n  Ticket:",
        "      place: Place\n      room: string\n  Ticket:",
        OPEN,
        "new required field room",
    ),
    "a field that is gone": (
        "      subject: {type: string, min_length: 2, max_length: 120}\n",
        "",
        OPEN,
        "field subject is gone",
    ),
    "another type": (
        "{type: decimal, gt: 0, le: 40, decimal_places: 2, required: false}",
        "{type: int, gt: 0, le: 40, required: false}",
        OPEN,
        "field hours is int, was decimal",
    ),
    "a shorter text": (
        "max_length: 120",
        "max_length: 100",
        OPEN,
        "field subject: max_length is 100, was 120",
    ),
    "a longer minimum": (
        "min_length: 2",
        "min_length: 3",
        OPEN,
        "field subject: min_length is 3, was 2",
    ),
    "a smaller maximum": ("le: 40", "le: 38", OPEN, "field hours: le is 38, was 40"),
    "a stricter minimum": ("gt: 0, le: 40", "gt: 1, le: 40", OPEN, "field hours: gt is 1, was 0"),
    "fewer places": (
        "decimal_places: 2",
        "decimal_places: 1",
        OPEN,
        "field hours: decimal_places is 1, was 2",
    ),
    "a removed value": (
        "values: [low, high]",
        "values: [low]",
        OPEN,
        "field urgency no longer accepts high",
    ),
    "a field that must be given": (
        "decimal_places: 2, required: false",
        "decimal_places: 2",
        OPEN,
        "field hours is required now",
    ),
    "a field inside": (
        "city: {type: string, max_length: 50}",
        "city: {type: string, max_length: 40}",
        OPEN,
        "field place.city: max_length is 40, was 50",
    ),
    "another status": ("status: 201", "status: 200", OPEN, "answers 200 where it answered 201"),
    "a route that is gone": ("path: /{ticket_id}", "path: /by-id/{ticket_id}", GET, "removed"),
    "a permission": (
        "    rate_limit: 10/minute",
        "    rate_limit: 10/minute\n    permission: tickets.read",
        GET,
        "needs the permission tickets.read",
    ),
    "a tighter limit": ("10/minute", "9/minute", GET, "rate limit is now 9/minute"),
    "a required parameter": (
        "{full: {type: bool, default: false}}",
        "{full: bool}",
        GET,
        "query parameter full is required now",
    ),
    "another error": (
        "status: 410",
        "status: 404",
        GET,
        "TicketGoneError answers 404 ticket_gone, was 410 ticket_gone",
    ),
    "no answer of that kind": (
        "    response: Ticket\n    errors",
        "    response: list[Ticket]\n    errors",
        GET,
        "answers with a list of Ticket where it answered with Ticket",
    ),
    "an answer that may hold more": (
        "values: [open, closed]",
        "values: [open, closed, lost]",
        OPEN,
        "the answer's state may be lost too",
    ),
    "an answer without a field": (
        "      ticket_id: {type: string, max_length: 40}\n",
        "",
        OPEN,
        "the answer's ticket_id is gone",
    ),
    "an answer that may be null": (
        "state: {type: enum, values: [open, closed]}",
        "state: {type: enum, values: [open, closed], required: false}",
        OPEN,
        "the answer's state may be null now",
    ),
    "another status of refusals": (
        "featuregen: 1\n",
        "featuregen: 1\nwire: {validation_status: 400}\n",
        OPEN,
        "a request that does not validate was answered 422, is now 400",
    ),
    "a setting": (
        "desk_size: {type: int, default: 5}",
        "desk_size: int",
        "setting DESK_SIZE",
        "must be set now, or the app does not start",
    ),
}


@pytest.mark.parametrize("name", BREAKING)
def test_it_breaks_clients(name: str) -> None:
    old, new, where, what = BREAKING[name]
    assert ContractChange("ticket", where, what, breaking=True) in changes(old, new)


HARMLESS = {
    "an optional field": (
        "      place: Place\n  Ticket:",
        "      place: Place\n      room: {type: string, required: false}\n  Ticket:",
        OPEN,
        "new optional field room",
    ),
    "a longer text": (
        "max_length: 120",
        "max_length: 121",
        OPEN,
        "field subject: max_length is 121, was 120",
    ),
    "a bound that is gone": ("gt: 0, le: 40", "gt: 0", OPEN, "field hours: le is none, was 40"),
    "a value more": (
        "values: [low, high]",
        "values: [low, high, now]",
        OPEN,
        "field urgency accepts now too",
    ),
    "an optional field that was required": (
        "min_length: 2, max_length: 120}",
        "min_length: 2, max_length: 120, required: false}",
        OPEN,
        "field subject is optional now",
    ),
    "a field of the answer": (
        "      state: {",
        "      owner: string\n      state: {",
        OPEN,
        "the answer has owner now",
    ),
    "a parameter": (
        "{full: {type: bool, default: false}}",
        "{full: {type: bool, default: false}, deep: {type: bool, default: false}}",
        GET,
        "new optional query parameter deep",
    ),
    "a wider limit": ("10/minute", "11/minute", GET, "rate limit is now 11/minute"),
    "a deprecation": (
        "    rate_limit: 10/minute",
        "    rate_limit: 10/minute\n    deprecated: true",
        GET,
        "is deprecated",
    ),
    "no token needed": (
        "    rate_limit: 10/minute",
        "    rate_limit: 10/minute\n    auth: none",
        GET,
        "auth is none, was required",
    ),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_it_breaks_nobody(name: str) -> None:
    old, new, where, what = HARMLESS[name]
    found = changes(old, new)
    assert ContractChange("ticket", where, what, breaking=False) in found
    assert not any(change.breaking for change in found)


def test_another_name_of_a_path_parameter_is_no_change_of_the_route() -> None:
    assert changes("path: /{ticket_id}", "path: /{number}") == []


def test_a_new_route_is_told_and_breaks_nobody() -> None:
    more = (
        SPEC + "  drop_ticket: {method: DELETE, path: '/{ticket_id}', response: none, hook: drop}\n"
    )
    assert compare(SPEC, more) == [
        ContractChange("ticket", "DELETE /api/v1/tickets/{ticket_id}", "added", breaking=False)
    ]


def test_what_breaks_is_told_first() -> None:
    found = changes(
        "      subject: {type: string, min_length: 2, max_length: 120}\n",
        "      subject: {type: string, min_length: 1, max_length: 119}\n",
    )
    assert [change.breaking for change in found] == [True, False]
