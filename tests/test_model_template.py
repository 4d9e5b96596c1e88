"""Fields and models as code: what is written, that tools find nothing in it, and what it does."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from modelbench import (
    Needs,
    app_has,
    field,
    run,
    spec_of,
    templates,
    type_ref,
    validate,
    write_models,
)
from test_samples import FIELDS, INNER, RULED

from featuregen.plan.models import plan_models
from featuregen.plan.types import Where, annotate, plain_type
from featuregen.spec.model import FeatureSpec, Field, Model, Rule

HOSTILE = 'say "hi" \\ {x} {{ y }} """ \u202e ${HOME} #} __import__("os")'

PAYMENT = Model(
    "PaymentRequest",
    (
        field(
            "amount", "decimal", gt=0, le=10000, decimal_places=2, round="half_even",
            description="Payment amount",
        ),
        field("currency", "string", pattern="^[A-Z]{3}$", default="USD", description="ISO 4217"),
        field("method", "string", wire="paymentMethod", min_length=1, sensitive="last4"),
        field("note", "string", max_length=500, required=False, description="For the customer"),
        field("count", "int", ge=1, default=1),
        field("due", "date", ge="2026-01-01"),
    ),
    summary="Request model for creating a payment",
    rules=(Rule("amount <= 500 or currency == 'USD'", "Large payments are in USD only"),),
)  # fmt: skip
PAYMENT_CODE = '''
class PaymentRequest(SensitiveModel):
    """Request model for creating a payment."""

    model_config = ConfigDict(
        extra="forbid",
        serialize_by_alias=True,
        json_schema_extra={
            "examples": [
                {
                    "amount": "21.25",
                    "currency": "ABC",
                    "paymentMethod": "Sample method",
                    "note": "Sample note",
                    "count": 72,
                    "due": "2026-11-11",
                }
            ]
        },
    )

    amount: Annotated[
        Decimal,
        Field(description="Payment amount"),
        DecimalRule(gt=Decimal(0), le=Decimal(10000), places=2, rounding=ROUND_HALF_EVEN),
    ]
    currency: str = Field(default="USD", pattern="^[A-Z]{3}$", description="ISO 4217")
    method: Annotated[
        str, Field(min_length=1, alias="paymentMethod"), Text(), Sensitive(last4=True)
    ]
    note: Annotated[str, Field(max_length=500), Text()] | None = Field(
        default=None, description="For the customer"
    )
    count: Annotated[int, Field(ge=1), JSON_INT] = 1
    due: Annotated[date, Field(ge=date(2026, 1, 1)), ISO_DATE]

    @model_validator(mode="after")
    def check_large_payments_are_in_usd_only(self) -> Self:
        if not (self.amount <= Decimal(500) or self.currency == "USD"):
            raise PydanticCustomError("rule_violated", "Large payments are in USD only")
        return self
'''


def formatted(root: Path) -> str:
    """The models' file as a project gets it."""
    path = root / "app/models/feature.py"
    ruff(root, "check", "--fix", "--select", "I,F401", str(path))
    ruff(root, "format", str(path))
    return path.read_text(encoding="utf-8")


def ruff(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ruff with the settings of a generated project."""
    if not (root / "pyproject.toml").exists():
        (root / "pyproject.toml").write_text(settings_of_ruff())
    command = [sys.executable, "-m", "ruff", *arguments, "--no-cache"]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


def settings_of_ruff() -> str:
    """The `[tool.ruff]` tables of a generated project."""
    project = {
        "name": "x",
        "dependencies": (),
        "dev_dependencies": (),
        "needs": Needs(frozenset()),
        "house": None,
    }
    text = templates().get_template("project/pyproject.toml.jinja").render(project=project)
    tables = text[text.index("[tool.ruff]") : text.index("[tool.mypy]")]
    assert tomllib.loads(tables)["tool"]["ruff"]["line-length"] == 100
    return tables


def test_a_model_reads_as_if_written_by_hand(tmp_path: Path) -> None:
    write_models(spec_of(PAYMENT), tmp_path)
    assert formatted(tmp_path).partition("\n\nclass ")[2] == PAYMENT_CODE.lstrip("\n")[6:]


def every_model(text: str) -> FeatureSpec:
    """A spec with every kind of field, and `text` wherever text goes."""
    models = [
        Model(
            f"Part{index}Of{kind.title().replace('[', '').replace(']', '')}",
            (field("value", kind, **{"description": text, **keys}),),
            summary=text,
            description=f"{text}\n\n{text}",
        )
        for kind, variants in FIELDS.items()
        for index, keys in enumerate(variants)
    ]
    hostile = Model("Hostile", (field("size", "int"),), rules=(Rule("size > 5", text),))
    return spec_of(INNER, RULED, hostile, *models)


@pytest.mark.parametrize("text", ["A description", HOSTILE, "word " * 60])
def test_ruff_finds_nothing_in_the_models(text: str, tmp_path: Path) -> None:
    write_models(every_model(text), tmp_path)
    formatted(tmp_path)
    found = ruff(tmp_path, "check", "--output-format", "concise", "app/models")
    assert found.stdout == "All checks passed!\n"


@pytest.mark.heavy
@pytest.mark.parametrize("tool", ["mypy", "pyright"])
def test_type_checkers_find_nothing_in_the_models(tool: str, tmp_path: Path) -> None:
    if not app_has(tool):
        pytest.skip(f"the interpreter of generated code has no {tool}")
    write_models(every_model(HOSTILE), tmp_path)
    ruff(tmp_path, "check", "--fix", "--select", "I,F401", "app")
    (tmp_path / "pyproject.toml").write_text(
        '[tool.mypy]\nstrict = true\nplugins = ["pydantic.mypy"]\n'
        '[tool.pyright]\ntypeCheckingMode = "strict"\n'
    )
    code = f"""
import json, subprocess, sys
done = subprocess.run([sys.executable, "-m", {tool!r}, "app"], capture_output=True, text=True)
json.dump([done.returncode, done.stdout], sys.stdout)
"""
    status, output = run(tmp_path, code, None)
    assert status == 0, output


def test_text_of_a_spec_arrives_unchanged(tmp_path: Path) -> None:
    model = Model(
        "Hostile",
        (field("size", "int", description=HOSTILE), field("kind", "enum", values=(HOSTILE, "b"))),
        rules=(Rule("size > 5", HOSTILE),),
        example={"size": 6, "kind": HOSTILE},
    )
    (result,) = validate(spec_of(model), [("Hostile", {"size": 5, "kind": HOSTILE})], tmp_path)
    assert [error["message"] for error in result["errors"]] == [HOSTILE]
    schema = run(tmp_path, SCHEMA, "Hostile")
    assert schema["properties"]["size"]["description"] == " ".join(HOSTILE.split())
    assert schema["properties"]["kind"]["enum"] == [HOSTILE, "b"]
    assert schema["examples"] == [{"size": 6, "kind": HOSTILE}]


SCHEMA = """
import importlib, json, sys
models = importlib.import_module("app.models.feature")
json.dump(getattr(models, json.load(sys.stdin)).model_json_schema(), sys.stdout)
"""


def test_a_request_refuses_what_it_does_not_know_and_a_response_does_not(tmp_path: Path) -> None:
    fields = (field("a", "int"),)
    models = (
        Model("Strict", fields),
        Model("Loose", fields, ignore_extra=True),
        Model("SomeResponse", fields),
    )
    payload = {"a": 1, "more": 2}
    strict, loose, response = validate(
        spec_of(*models), [(model.name, payload) for model in models], tmp_path
    )
    assert [error["code"] for error in strict["errors"]] == ["extra_forbidden"]
    assert loose["value"] == response["value"] == {"a": 1}


def test_wire_names_go_in_and_out_and_ours_only_into_responses(tmp_path: Path) -> None:
    fields = (field("paid_at", "string", wire="paidAt", required=False),)
    models = (Model("Asked", fields), Model("ToldResponse", fields))
    ours, theirs = {"paid_at": "x"}, {"paidAt": "x"}
    results = validate(
        spec_of(*models),
        [("Asked", theirs), ("Asked", ours), ("ToldResponse", theirs), ("ToldResponse", ours)],
        tmp_path,
    )
    assert [result.get("value") for result in results] == [theirs, None, theirs, theirs]


def test_sensitive_fields_show_in_no_repr(tmp_path: Path) -> None:
    (result,) = validate(
        spec_of(
            Model(
                "Card",
                (
                    field("number", "string", sensitive="last4"),
                    field("code", "string", sensitive="full", required=False),
                    field("holder", "string"),
                ),
            )
        ),
        [("Card", {"number": "4242424242424242", "code": "123", "holder": "Ann"})],
        tmp_path,
    )
    assert result["repr"] == "Card(number='****4242', code='[REDACTED]', holder='Ann')"


def test_a_model_stands_after_those_that_it_uses() -> None:
    outer = Model("Outer", (field("items", "list[Middle]"),))
    middle = Model("Middle", (field("inner", "map[Inner]"),))
    plan = plan_models(spec_of(outer, middle, INNER))
    assert [model.name for model in plan.models] == ["Inner", "Middle", "Outer"]


def test_needs_are_those_of_the_fields() -> None:
    plan = plan_models(spec_of(PAYMENT))
    assert plan.needs == {"date", "decimal", "int", "sensitive", "strings"}


@pytest.mark.parametrize(
    ("item", "exact"),
    [
        (field("a", "decimal", gt=0, decimal_places=2, round="half_even"), True),
        (field("a", "int", ge=1, multiple_of=5), True),
        (field("a", "string", strip=True, max_length=5), True),
        (field("a", "string", lower=True, pattern="^[a-z]+$"), False),
        (field("a", "date", ge="2026-01-01"), False),
        (field("a", "list[int]", unique=True), False),
        (field("a", "Ruled"), False),
        (field("a", "Inner"), True),
    ],
)
def test_it_is_known_where_json_schema_cannot_say_all(item: Field, exact: bool) -> None:  # noqa: FBT001
    spec = spec_of(INNER, RULED)
    assert annotate(item, spec=spec, where="model").exact is exact


@pytest.mark.parametrize(
    ("item", "where", "declaration"),
    [
        (field("a", "int", ge=1), "query", "Annotated[int, Query(ge=1, examples=[54])]"),
        (field("a", "int", default=5), "query", "Annotated[int, Query()] = 5"),
        (field("a", "bool", required=False), "query", "Annotated[bool | None, Query()] = None"),
        (
            field("a", "string", required=False, max_length=5),
            "query",
            "Annotated[Annotated[str, Field(max_length=5), Text()] | None, Query()] = None",
        ),
        (
            field("a", "date", ge="2026-01-31", default="2026-02-01"),
            "query",
            (
                "Annotated[Annotated[date, Field(ge=date(2026, 1, 31)), ISO_DATE], Query()]"
                " = date(2026, 2, 1)"
            ),
        ),
        (
            field("a", "list[string]", default=["x"]),
            "query",
            'Annotated[list[Annotated[str, Text()]], Query(default_factory=lambda: ["x"])]',
        ),
        (
            field("a", "string", pattern=r"^\d+$", wire="X-A", example="1"),
            "header",
            r'Annotated[str, Header(pattern=r"^\d+$", alias="X-A", examples=["1"])]',
        ),
        (
            field("a", "id", example="x"),
            "path",
            'Annotated[str, Path(pattern="^[A-Za-z0-9_-]{1,255}$", examples=["x"])]',
        ),
        (
            field("a", "enum", values=(1, 2), default=1),
            "query",
            "Annotated[Literal[1, 2], Query(), BeforeValidator(whole_number)] = 1",
        ),
        (
            field("a", "url", example="https://a.io", description="Where"),
            "setting",
            'Annotated[HttpUrl, Field(examples=["https://a.io"], description="Where")]',
        ),
        (
            field("a", "secret", example="sk_1"),
            "setting",
            'Annotated[SecretStr, Field(min_length=1, examples=["sk_1"])]',
        ),
        (
            field("a", "duration", default="30s"),
            "setting",
            "SettingDuration = timedelta(seconds=30)",
        ),
        (field("a", "url", required=False), "setting", "HttpUrl | None = None"),
        (field("a", "bool", default=False), "setting", "bool = False"),
    ],
)
def test_a_field_is_declared_for_its_place(item: Field, where: Where, declaration: str) -> None:
    assert annotate(item, spec=spec_of(), where=where).declaration == declaration


@pytest.mark.parametrize(
    ("kind", "keys", "code"),
    [
        ("decimal", {"default": "1.5", "decimal_places": 2}, 'Decimal("1.50")'),
        ("string", {"default": " A ", "strip": True, "lower": True}, '"a"'),
        ("datetime", {"default": "2026-01-31T12:00:00+02:00"},
         "datetime(2026, 1, 31, 12, tzinfo=timezone(timedelta(hours=2)))"),
        ("time", {"default": "09:30"}, "time(9, 30)"),
        ("duration", {"default": "PT90S"}, "timedelta(seconds=90)"),
        ("bytes", {"default": "/w=="}, 'b"\\xff"'),
        ("list[decimal]", {"default": ["1"]}, "Field(default_factory=lambda: [Decimal(1)])"),
        ("uuid", {"default": "12345678-1234-1234-1234-123456789abc"},
         'UUID("12345678-1234-1234-1234-123456789abc")'),
    ],
)  # fmt: skip
def test_a_default_is_the_value_that_validation_would_give(
    kind: str, keys: dict[str, Any], code: str
) -> None:
    assert annotate(field("a", kind, **keys), spec=spec_of(), where="model").default == code


def test_the_type_behind_the_endpoint_is_plain() -> None:
    spec = spec_of(INNER)
    wanted = {
        "decimal": "Decimal",
        "list[map[date]]": "list[dict[str, date]]",
        "url": "str",
        "Inner": "Inner",
        "duration": "timedelta",
        "json": "object",
    }
    assert {kind: plain_type(Field("a", type_ref(kind)), spec) for kind in wanted} == wanted
    assert plain_type(field("a", "enum", values=("x", 'y"')), spec) == 'Literal["x", \'y"\']'
    assert plain_type(field("a", "int", required=False), spec) == "int | None"
    assert plain_type(field("a", "int", default=Decimal(1)), spec) == "int"
