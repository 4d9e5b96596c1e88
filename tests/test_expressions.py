"""Rules: what the language takes, what it refuses and where, and that code and evaluation agree."""

from __future__ import annotations

import ast
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from modelbench import field

from featuregen.spec.expressions import Expression, ExpressionError, parse_expression
from featuregen.spec.model import Field

FIELDS: dict[str, Field] = {
    item.name: item
    for item in (
        field("amount", "decimal", gt=0, le=10000),
        field("limit", "decimal", required=False),
        field("currency", "string"),
        field("note", "string", required=False, wire="customerNote"),
        field("count", "int"),
        field("parts", "int", ge=1, le=5),
        field("ratio", "float"),
        field("on", "bool"),
        field("maybe", "bool", required=False),
        field("status", "enum", values=("open", "closed")),
        field("level", "enum", values=(1, 2, 3)),
        field("tags", "list[string]"),
        field("day", "date"),
        field("starts", "datetime"),
        field("ends", "datetime"),
        field("wait", "duration"),
        field("opens", "time"),
        field("größe", "int"),
        field("payload", "json"),
    )
}
VALUES: dict[str, object] = {
    "amount": Decimal("12.50"),
    "limit": Decimal(20),
    "currency": "USD",
    "note": "hello",
    "count": 7,
    "parts": 2,
    "ratio": 0.5,
    "on": True,
    "maybe": False,
    "status": "open",
    "level": 2,
    "tags": ["a", "b"],
    "day": date(2026, 1, 31),
    "starts": datetime(2026, 1, 1, tzinfo=UTC),
    "ends": datetime(2026, 1, 2, tzinfo=UTC),
    "wait": timedelta(minutes=5),
    "opens": None,
    "größe": 3,
    "payload": {},
}
NOW = datetime(2026, 1, 15, tzinfo=UTC)


def parsed(text: str) -> Expression:
    return parse_expression(text, FIELDS)


def refused(text: str) -> ExpressionError:
    with pytest.raises(ExpressionError) as caught:
        parsed(text)
    return caught.value


@pytest.mark.parametrize(
    ("text", "violation"),
    [
        (
            "amount <= 500 or currency == 'USD'",
            'not (self.amount <= Decimal(500) or self.currency == "USD")',
        ),
        ("500 >= amount", "self.amount > Decimal(500)"),
        ("amount < 0.50", 'self.amount >= Decimal("0.50")'),
        ("amount <= limit", "self.limit is not None and self.amount > self.limit"),
        ("note == None or len(note) > 3", "not (self.note is None or len(self.note) > 3)"),
        ("note is not None", "self.note is None"),
        ("on", "not self.on"),
        ("not on", "self.on"),
        ("on == False", "self.on"),
        ("not (amount > 3)", "self.amount > Decimal(3)"),
        ("not (on and maybe)", "self.maybe is not None and self.on and self.maybe"),
        ("not (on or maybe)", "self.maybe is not None and (self.on or self.maybe)"),
        ("status in ['open']", 'self.status != "open"'),
        ("status == 'open' or status == 'closed'", 'self.status not in ("open", "closed")'),
        ("status != 'open' and status != 'closed'", 'self.status in ("open", "closed")'),
        ("1 < parts <= 4", "not (1 < self.parts <= 4)"),
        ("'a' in tags", '"a" not in self.tags'),
        ("day >= '2026-01-31'", "self.day < date(2026, 1, 31)"),
        ("ends - starts <= '2h'", "self.ends - self.starts > timedelta(hours=2)"),
        ("starts > now() - '30d'", "self.starts <= datetime.now(UTC) - timedelta(days=30)"),
        ("day < today()", "self.day >= datetime.now(UTC).date()"),
        ("upper(currency) == 'USD'", 'self.currency.upper() != "USD"'),
        ("ratio > 0.5", "not (self.ratio > 0.5)"),
        ("amount * 2 + 1 < limit * (parts - 1)", None),
        ("on and count > 1 or count < 9", "not ((self.on and self.count > 1) or self.count < 9)"),
        ("opens >= '09:30'", "self.opens < time(9, 30)"),
        ("count > -5", "self.count <= -5"),
        ("\n amount >\n 3", "self.amount <= Decimal(3)"),
    ],
)
def test_a_rule_becomes_readable_python(text: str, violation: str | None) -> None:
    code = parsed(text).violation()
    assert violation is None or code == violation
    ast.parse(code, mode="eval")


@pytest.mark.parametrize(
    ("text", "offset", "message", "hint"),
    [
        ("amont > 3", 0, "unknown field `amont`", "did you mean `amount`?"),
        ("on and größ > 3", 7, "unknown field `größ`", "did you mean `größe`?"),
        ("customerNote == 'x'", 0, "unknown field `customerNote`", "did you mean `note`?"),
        ("on == true", 6, "unknown field `true`", "did you mean `True`?"),
        ("currency == 3", 12, "cannot be compared", "put quotes around the number"),
        ("amount == '3'", 10, "cannot be compared", "take the quotes off the number"),
        ("status == 'opne'", 10, "is not a value of", "did you mean 'open'?"),
        ("level == 4", 9, "is not a value of", "one of 1, 2, 3"),
        ("status > 'open'", 0, "an enum has no order", None),
        ("len(note) > 3 or note == None", 4, "`note` may be absent here", "put `note == None"),
        ("amount == None", 0, "`amount` is never absent", None),
        ("count / parts > 2", 0, "may be too large", "give the field an upper and a lower bound"),
        ("parts / count > 1", 8, "the divisor may be zero", None),
        ("ratio * amount > 1", 0, "do not mix", None),
        ("amount ** 2 > 4", 0, "`**` cannot be used", None),
        ("'x' * 99999 == currency", 0, "`*` does not work", None),
        ("starts + wait > ends", 0, "`+` does not work", "bring dates to one side"),
        ("starts > '2026-01-01'", 9, "is no datetime", "such as"),
        ("wait > 'PT5M'", 7, "is no duration", "such as"),
        ("day > now()", 6, "cannot be compared", None),
        ("payload == 'x'", 11, "cannot be compared", None),
        ("True", 0, "always the same", None),
        ("amount", 0, "is not a condition", "compare it"),
        ("1 < 2", 0, "compares literals only", None),
        ("amount == amount", 0, "with itself", None),
        ("now() > now()", 0, "with itself", None),
        ("count in (1, 2, 2)", 16, "given twice", None),
        ("count > 1e99", 8, "too large", None),
        ("amount > 3 # note", 11, "no comments", None),
        ("amount = 3", 0, "not an expression", "did you mean `==`?"),
        ("on && maybe", 4, "not an expression", "write `and`"),
        ("currency.upper() == 'X'", 0, "only plain calls", None),
        ("self.amount > 1", 0, "cannot reach into", None),
        ("__import__('os')", 0, "unknown function `__import__`", None),
        ("upr(currency) == 'X'", 0, "unknown function `upr`", "did you mean `upper()`?"),
        ("len > 3", 0, "`len` is a function", None),
        ("[x for x in tags]", 0, "a comprehension cannot be used", None),
        ("f'{count}' == 'a'", 0, "an f-string cannot be used", None),
        ("(lambda: 1) == count", 1, "a function cannot be used", None),
        ("tags[0] == 'a'", 0, "an index cannot be used", None),
        ("", 0, "the rule is empty", None),
        ("not " * 200 + "on", 0, "nested too deeply", None),
        ("on and " * 200 + "on", 1000, "longer than 1000", None),
    ],
)
def test_what_is_no_part_of_the_language_is_refused_where_it_stands(
    text: str, offset: int, message: str, hint: str | None
) -> None:
    error = refused(text)
    assert message in error.message
    assert error.offset == offset
    if hint is not None:
        assert error.hint is not None
        assert hint in error.hint


def test_a_rule_on_an_absent_optional_field_is_skipped() -> None:
    rule = parsed("amount <= limit")
    assert rule.skipped_without == ("limit",)
    assert rule.evaluate({**VALUES, "limit": None})
    assert not rule.evaluate({**VALUES, "limit": Decimal(1)})


def test_a_rule_that_asks_for_none_is_not_skipped() -> None:
    rule = parsed("note != None and len(note) > 3")
    assert rule.skipped_without == ()
    assert not rule.evaluate({**VALUES, "note": None})
    assert rule.evaluate(VALUES)


def test_names_and_imports_are_told() -> None:
    rule = parsed("amount > 0.5 and starts > now() - '1d' and note == None")
    assert rule.names == ("amount", "starts", "note")
    assert rule.imports == (
        ("datetime", "UTC"),
        ("datetime", "datetime"),
        ("datetime", "timedelta"),
        ("decimal", "Decimal"),
    )
    assert rule.uses_now
    assert not parsed("on").uses_now


def test_nan_never_keeps_a_rule_about_floats() -> None:
    rule = parsed("ratio < 1")
    nan = {**VALUES, "ratio": float("nan")}
    assert not rule.evaluate(nan)
    assert run(rule.violation("v."), nan)


class Bag:
    """Attributes by name, the way a model has them."""

    def __init__(self, values: dict[str, object]) -> None:
        self.__dict__.update(values)


def run(code: str, values: dict[str, object]) -> object:
    """Evaluate source that featuregen wrote, as the generated model would."""
    names: dict[str, Any] = {
        "v": Bag(values),
        "Decimal": Decimal,
        "UTC": UTC,
        "date": date,
        "timedelta": timedelta,
        "datetime": type("Fixed", (datetime,), {"now": classmethod(lambda *_: NOW)}),
    }
    return eval(code, names)  # noqa: S307 - the code under test


numbers = st.sampled_from(
    ["amount", "limit", "count", "parts", "1", "0.5", "len(note)", "len(tags)", "-3", "abs(count)"]
)
sums = numbers | st.tuples(numbers, st.sampled_from("+-*"), numbers).map(" ".join)
comparisons = st.one_of(
    st.tuples(sums, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), sums).map(" ".join),
    st.sampled_from(
        [
            "on",
            "maybe",
            "status == 'open'",
            "'a' in tags",
            "note == None",
            "limit != None",
            "'l' in note",
            "level in (1, 3)",
            "ends - starts > '30m'",
            "day <= today()",
            "lower(currency) != 'eur'",
        ]
    ),
)
conditions = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda p: f"({' '.join(p)})"),
        inner.map(lambda part: f"not ({part})"),
    ),
    max_leaves=5,
)
absences = st.sets(st.sampled_from(["limit", "note", "maybe"]))


@settings(max_examples=300, deadline=None)
@given(conditions, absences)
def test_the_python_of_a_rule_says_what_its_evaluation_says(text: str, absent: set[str]) -> None:
    if fault(text) is not None:
        return
    rule = parsed(text)
    values = {name: None if name in absent else value for name, value in VALUES.items()}
    holds = rule.evaluate(values, now=NOW)
    assert bool(run(rule.violation("v."), values)) is not holds


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40) | st.text(alphabet="amountlen()<>=!'\"+-*/%. 0123,[]", max_size=40))
def test_any_text_is_a_rule_or_a_clean_error(text: str) -> None:
    error = fault(text)
    assert error is None or (0 <= error.offset <= len(text) and error.message)


def fault(text: str) -> ExpressionError | None:
    try:
        parsed(text)
    except ExpressionError as error:
        return error
    return None
