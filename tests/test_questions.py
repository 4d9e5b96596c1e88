"""Clarifying questions: each rule has a spec that it asks about and one that it leaves alone."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from featuregen.errors import FeaturegenError
from featuregen.questions import (
    SEVERITIES,
    Given,
    Question,
    answer,
    answer_all,
    answer_defaults,
    chosen,
    explain,
    most_important,
    open_questions,
    preview,
    waive,
)
from featuregen.questions.catalog import RULES
from featuregen.spec.edit import diff
from featuregen.spec.load import parse_spec

ROOT = Path(__file__).parents[1]
CASES = Path(__file__).parent / "cases" / "questions"
PAYMENT = (ROOT / "examples" / "payment" / "payment.yaml").read_text(encoding="utf-8")
IDS = [rule.id for rule in RULES]


def case(rule: str) -> tuple[str, str, str]:
    """Where the rule asks, the spec that it asks about, and the one that it leaves alone."""
    text = (CASES / f"{rule}.yaml").read_text(encoding="utf-8")
    asks, quiet = text.split(f"# {rule} does not ask\n")
    first, _, spec = asks.partition("\n")
    return first.removeprefix(f"# {rule} asks at "), spec, quiet


def asked(text: str, rule: str | None = None) -> list[Question]:
    questions = open_questions(parse_spec(text, "note.yaml"))
    return [one for one in questions if rule in (None, one.id)]


def comments(text: str) -> list[str]:
    return re.findall(r"(?<= )# .*$", text, flags=re.MULTILINE)


@pytest.mark.parametrize("rule", IDS)
def test_each_rule_asks_at_its_place_and_only_there(rule: str) -> None:
    at, spec, quiet = case(rule)
    assert [one.at for one in asked(spec, rule)] == [at]
    assert asked(quiet, rule) == []


@pytest.mark.parametrize("rule", IDS)
def test_each_option_of_each_question_answers_it_and_keeps_the_comments(rule: str) -> None:
    _, spec, _ = case(rule)
    (question,) = asked(spec, rule)
    for option in question.options:
        text = answer(spec, question, option.key)
        assert asked(text, rule) == [], option.label
        assert comments(text) == comments(spec)
        assert [line for line in diff(spec, text, "x").splitlines()[2:] if line[0] in "+-"]


def test_an_option_is_shown_as_a_diff_before_it_is_taken() -> None:
    _, spec, _ = case("FGQ010")
    (question,) = asked(spec, "FGQ010")
    assert preview(spec, question, "a").splitlines()[:2] == ["--- note.yaml", "+++ note.yaml"]
    assert preview(spec, question, "a").splitlines()[6:8] == [
        "-      text: string  # what people write",
        "+      text: {type: string, max_length: 2000}  # what people write",
    ]


@pytest.mark.parametrize("rule", IDS)
def test_a_waiver_closes_a_question(rule: str) -> None:
    _, spec, _ = case(rule)
    (question,) = asked(spec, rule)
    text = waive(spec, question, "we know: it is fine")
    assert asked(text, rule) == []
    added = [line for line in diff(spec, text, "x").splitlines()[3:] if line[0] in "+-"]
    assert all(line[0] == "+" for line in added)
    assert parse_spec(text, "x").waivers[0].because == "we know: it is fine"


@pytest.mark.parametrize("rule", IDS)
def test_the_defaults_leave_nothing_open(rule: str) -> None:
    _, spec, quiet = case(rule)
    for text in (spec, quiet):
        answered = answer_defaults(text, "note.yaml")
        assert answered.left == ()
        assert asked(answered.text) == []


SHOP = """\
featuregen: 1
feature: shop
entities:
  Bill: {fields: {total: {type: decimal, ge: 0, le: 100, decimal_places: 2}}}
  Note: {scope: public, fields: {text: {type: string, max_length: 20}}}
crud: CRUD
operations:
  create_note: {method: POST, path: /notes, create: Note, auth: none, rate_limit: 10/minute}
"""


@pytest.mark.parametrize(
    ("crud", "rule", "at", "after"),
    [
        ("[Bill, Note]", "FGQ050", "crud.1", "[Bill, {entity: Note, permission: true}]"),
        ("{entity: Note}", "FGQ050", "crud", "{entity: Note, permission: true}"),
        (
            '["Bill", Note]',
            "FGQ085",
            "crud.0",
            "[{entity: Bill, only: [create, get, list, update]}, Note]",
        ),
        ("{entity: Bill, only: [get, delete]}", "FGQ085", "crud", "{entity: Bill, only: [get]}"),
    ],
)
def test_what_is_asked_about_crud_changes_the_entry_of_that_entity(
    crud: str, rule: str, at: str, after: str
) -> None:
    spec = SHOP.replace("CRUD", crud)
    (question,) = asked(spec, rule)
    assert question.at == at
    text = answer(spec, question, "a")
    assert f"crud: {after}\n" in text
    assert asked(text, rule) == []


def test_what_is_asked_about_a_made_model_stands_at_the_entity_and_once() -> None:
    product = (Path(__file__).parent / "cases" / "good" / "product.yaml").read_text("utf-8")
    (question,) = asked(product, "FGQ012")
    assert question.at == "entities.Product.fields.price"
    text = answer(product, question, "a")
    assert "price: {type: decimal, gt: 0, le: 1000000, decimal_places: 2}" in text


def test_a_column_bounds_no_number_that_the_spec_leaves_open() -> None:
    spec = "featuregen: 1\nfeature: note\nentities: {Note: {fields: {pages: int}}}\ncrud: Note\n"
    (question,) = asked(spec, "FGQ012")
    assert [option.label for option in question.options] == [
        "at least 0, at most 1,000,000",
        "at least -2,147,483,647, at most 2,147,483,647",
    ]


def test_the_smallest_crud_has_no_question_of_high_severity_and_the_defaults_answer_it() -> None:
    product = (Path(__file__).parent / "cases" / "good" / "product.yaml").read_text("utf-8")
    assert "high" not in {one.severity for one in asked(product)}
    answered = answer_defaults(product, "product.yaml")
    assert answered.left == ()
    assert asked(answered.text) == []


def test_the_whole_payment_leaves_nothing_open() -> None:
    payment = (Path(__file__).parent / "cases" / "good" / "payment-full.yaml").read_text("utf-8")
    assert asked(payment) == []


def test_rows_of_ones_own_need_no_permission_but_their_transitions_do() -> None:
    spec = """\
featuregen: 1
feature: order
entities: {Order: {fields: {status: {type: enum, values: [open, paid], generated: open}}}}
crud: {entity: Order, only: [create, delete]}
operations:
  pay: {method: POST, path: "/{id}/pay", transition: {entity: Order, from: open, to: paid}}
"""
    assert [one.at for one in asked(spec, "FGQ050")] == ["operations.pay"]


def test_a_spec_of_webhooks_alone_is_asked_like_any_other() -> None:
    spec = """\
featuregen: 1
feature: mail
settings: {hook_secret: {type: secret, example: x}}
webhooks:
  mail_events:
    path: /webhooks/mail
    secret: hook_secret
    scheme: standard
    events: {bounced: {hook: on_bounce}}
"""
    assert [one.id for one in asked(spec)] == ["FGQ001", "FGQ002", "FGQ003", "FGQ090"]


def test_the_defaults_make_examples_of_what_the_other_answers_have_left() -> None:
    spec = """\
featuregen: 1
feature: note
settings: {crm_url: {type: url, example: "https://x.example"}}
errors: {LaterError: {status: 503}}
upstreams: {crm: {base_url: crm_url, errors: {402: {raise: LaterError}}}}
models: {Wish: {fields: {status: string}}, Note: {fields: {id: id}}}
operations:
  add: {method: POST, path: /, request: Wish, response: Note, call: {method: POST, path: /notes}}
"""
    read = parse_spec(answer_defaults(spec, "note.yaml").text, "note.yaml")
    (example,) = read.examples
    body = example.step.body or {}
    status = next(one for one in read.models["Wish"].fields if one.name == "status")
    assert status.type.kind == "enum"
    assert body["status"] in status.values


def test_ids_are_unique_and_every_rule_has_one_case() -> None:
    assert len(set(IDS)) == len(IDS)
    assert {path.stem for path in CASES.glob("*.yaml")} == set(IDS)


def test_every_question_says_where_it_stands_and_why_it_matters() -> None:
    for rule in RULES:
        at, spec, _ = case(rule.id)
        (question,) = asked(spec, rule.id)
        line = spec.splitlines()[question.position.line - 1]
        assert question.place == f"note.yaml:{question.position.line}:{question.position.column}"
        known = [part for part in at.split(".") if f"{part}:" in line]
        assert known or "feature: note" in line
        assert question.why.endswith(".")
        assert question.text.endswith("?")
        assert len(question.options) >= 1
        assert question.severity in SEVERITIES


@pytest.mark.parametrize(
    "path", sorted((ROOT / "examples").glob("*/*.yaml")), ids=lambda path: path.stem
)
def test_an_example_has_no_open_question(path: Path) -> None:
    assert asked(path.read_text(encoding="utf-8")) == []


def test_the_payment_example_has_no_open_question_after_the_defaults() -> None:
    answered = answer_defaults(PAYMENT, "payment.yaml")
    assert asked(answered.text) == []
    assert answered.left == ()
    removed = [line for line in diff(PAYMENT, answered.text, "x").splitlines() if line[:1] == "-"]
    assert removed in ([], ["--- x"])


def test_a_waiver_of_a_model_covers_its_fields() -> None:
    _, spec, _ = case("FGQ010")
    because = "  - {question: FGQ010, at: models.Note, because: it is short}\n"
    assert asked(f"{spec}waive:\n{because}", "FGQ010") == []
    other = because.replace("models.Note,", "models.Not,")
    assert len(asked(f"{spec}waive:\n{other}", "FGQ010")) == 1


def test_a_waiver_without_a_reason_is_refused() -> None:
    _, spec, _ = case("FGQ010")
    with pytest.raises(FeaturegenError, match="without a reason") as refused:
        waive(spec, asked(spec, "FGQ010")[0], "  ")
    assert refused.value.exit_code == 2


def test_the_most_important_questions_are_the_severest() -> None:
    questions = asked(case("FGQ032")[1])
    first = most_important(questions, 3)
    assert len(first) == 3
    ranks = [SEVERITIES.index(one.severity) for one in questions]
    assert [SEVERITIES.index(one.severity) for one in first] == sorted(ranks)[:3]


def test_answers_are_chosen_by_id_or_by_id_and_place() -> None:
    questions = asked(case("FGQ010")[1])
    (everywhere,) = chosen(questions, ["fgq010=b"])
    (there,) = chosen(questions, ["FGQ010=a", "FGQ010@models.Note.fields.text=b"])
    assert everywhere == there
    assert everywhere.option.key == "b"


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ("FGQ010", "is no answer"),
        ("FGQ010=", "is no answer"),
        ("FGQ999=a", "is no open question"),
        ("FGQ010@models.Other=a", "is no open question"),
        ("FGQ010=z", "has no option 'z'"),
    ],
)
def test_an_answer_that_means_nothing_is_refused(answers: str, said: str) -> None:
    with pytest.raises(FeaturegenError, match=re.escape(said)) as refused:
        chosen(asked(case("FGQ010")[1]), [answers])
    assert refused.value.exit_code == 2
    assert refused.value.hint


def test_an_answer_to_an_older_text_that_no_longer_fits_is_refused() -> None:
    _, spec, _ = case("FGQ010")
    (question,) = asked(spec, "FGQ010")
    changed = spec.replace("text: string", "text: {type: int, ge: 1, le: 5}")
    with pytest.raises(FeaturegenError, match="FGQ010 does not fit"):
        answer(changed, question, "a")


def test_a_rule_explains_itself() -> None:
    rule = explain("fgq013")
    assert rule is not None
    assert rule.id == "FGQ013"
    assert "cents" in rule.why
    assert explain("FGQ999") is None


def test_the_document_lists_every_question() -> None:
    text = (ROOT / "docs" / "questions.md").read_text(encoding="utf-8")
    listed = re.findall(
        r"^\| (FGQ\d+) \| (\w+) \| ([^|]+) \| ([^|]+) \|$", text, flags=re.MULTILINE
    )
    assert listed == [(one.id, one.severity, one.title, one.why) for one in RULES]


def test_answers_do_not_depend_on_their_order() -> None:
    spec = case("FGQ032")[1]
    given = [Given(one, one.options[0]) for one in asked(spec)][:4]
    texts = {
        frozenset(answer_all(spec, order).splitlines()) for order in itertools.permutations(given)
    }
    assert len(texts) == 1


NAMES = [
    "text", "note", "name", "status", "state", "currency", "amount", "unit_price", "total",
    "card_number", "email", "phone", "password", "access_token", "token_type", "pin", "birth_date",
    "iban", "limit", "page", "quantity", "age", "latitude", "tags", "extra", "balance", "tax_id",
    "ip_address", "user_id", "year", "percent", "code",
]  # fmt: skip
TYPES = st.sampled_from(
    ["string", "int", "float", "decimal", "bool", "date", "email", "json", "uuid", "url", "id",
     "list[string]", "map[string]", "{type: string, max_length: 9}", "{type: int, ge: 5}",
     "{type: int, le: -5}", "{type: decimal, lt: 3}", "{type: decimal, decimal_places: 3, gt: 0}",
     "{type: float, example: 1.234}", "{type: float, ge: 0, le: 9, default: 2.5}",
     "{type: string, default: abc}", "{type: string, example: USD, required: false}",
     "{type: string, min_length: 300}", "{type: string, pattern: '^[a-z]+$', example: abc}",
     "{type: string, sensitive: last4}", "{type: string, strip: true, upper: true}",
     "{type: 'list[string]', default: []}", "{type: enum, values: [a, b]}"]
)  # fmt: skip
FIELDS = st.dictionaries(st.sampled_from(NAMES), TYPES, min_size=1, max_size=5)
OPERATION = st.tuples(
    st.sampled_from(["POST", "GET", "PUT", "DELETE"]),
    st.sampled_from(["/", "/{note_id}"]),
    st.sampled_from(["required", "optional", "none"]),
    st.sampled_from(["Out", "list[Out]", "none"]),
    st.booleans(),
)


def written(fields: dict[str, str]) -> str:
    return "".join(f"      {name}: {value}  # {name}\n" for name, value in fields.items())


@settings(max_examples=25, deadline=None)
@given(FIELDS, FIELDS, st.lists(OPERATION, min_size=1, max_size=4, unique_by=lambda one: one[:2]))
def test_whatever_a_spec_leaves_open_every_option_holds_and_the_defaults_close_it(
    inside: dict[str, str],
    outside: dict[str, str],
    operations: list[tuple[str, str, str, str, bool]],
) -> None:
    text = f"featuregen: 1\nfeature: note\nmodels:\n  In:\n    fields:\n{written(inside)}"
    text += f"  Out:\n    fields:\n{written(outside)}"
    text += "settings:\n  base: url\nupstreams:\n  far: {base_url: base}\noperations:\n"
    for number, (method, path, auth, response, calls) in enumerate(operations):
        text += f"  do_{number}:\n    method: {method}\n    path: {path}\n    auth: {auth}\n"
        if method in ("POST", "PUT"):
            text += "    request: In\n"
        text += f"    response: {response}\n"
        receive = ", ".join(f"{name}: {name}" for name in outside)
        received = "" if response == "none" else f", receive: {{{receive}}}"
        call = f"    call: {{method: {method}, path: {path!r}{received}}}\n"
        text += call if calls else f"    hook: hook_{number}\n"
    questions = asked(text)
    for question in questions:
        for option in question.options:
            after = asked(answer(text, question, option.key))
            assert (question.id, question.at) not in {(one.id, one.at) for one in after}
    answered = answer_defaults(text, "note.yaml")
    assert answered.left == ()
    assert asked(answered.text) == []
    gone = set(comments(text)) - set(comments(answered.text))
    assert gone <= {"# password", "# pin"}  # taken out of an answer, with its line
