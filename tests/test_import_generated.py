"""A feature that featuregen has generated is read back to a spec that generates it again."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import OK_CASES, PAYMENT, REPOSITORY, snapshot

from featuregen.importing import Imported, import_code
from featuregen.pipeline import Options, new
from featuregen.progress import Silent
from featuregen.spec.load import parse_spec

GOOD = sorted((REPOSITORY / "tests" / "cases" / "good").glob("*.yaml"))
SPECS = [
    spec
    for spec in (PAYMENT, *OK_CASES, *GOOD)
    if not {"entities:", "webhooks:"} & set(spec.read_text().splitlines())
]
QUICK = Options(verify=False)


def generated(spec: Path, folder: Path) -> Path:
    root = folder / "shop-api"
    folder.mkdir()
    new(spec, root, QUICK, Silent())
    return root


def read_back(root: Path, feature: str) -> Imported:
    stems = {"booking": "bookings", "note": "notes"}
    return import_code([root / f"app/api/endpoints/{stems.get(feature, f'{feature}s')}.py"])


def code(root: Path) -> dict[str, bytes]:
    """All but the tests, which are made of examples, too, and hooks, which are the user's own."""
    return {
        path: content
        for path, (content, _) in snapshot(root).items()
        if path.startswith(("app/", "pyproject.toml", ".env.example"))
        and not path.endswith("_hooks.py")
    }


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.stem)
def test_what_is_generated_reads_back_to_a_spec_that_generates_it(
    spec: Path, tmp_path: Path
) -> None:
    first = generated(spec, tmp_path / "first")
    feature = parse_spec(spec.read_text(), spec.name).feature
    imported = read_back(first, feature)
    assert [note.where for note in imported.notes] == [f"features/{feature}.yaml"]
    again = tmp_path / "again.yaml"
    again.write_text(imported.text)
    assert code(generated(again, tmp_path / "second")) == code(first)


STORED = ("product", "tickets", "rows")
ROWS = """\
featuregen: 1
feature: order
entities:
  Order:
    table: all_orders
    scope: permission:orders.read_all
    summary: An order of the shop
    fields:
      id: {type: id, prefix: or_, wire: order_id}
      number: {type: string, max_length: 20, immutable: true, pattern: "^[A-Z0-9]+$"}
      note: {type: string, required: false, sensitive: true}
      hidden: {type: int, default: 7, internal: true}
      total: {type: decimal, decimal_places: 2, max_digits: 10, ge: 0}
      status: {type: enum, values: [open, paid, lost], generated: open}
      buyer: {generated: owner, internal: true}
      created_at: {type: datetime, generated: now}
      changed_at: {type: datetime, generated: on_update}
    unique: [[buyer, number]]
    indexes: [[status, total]]
  Line:
    fields:
      order_id: {type: id, references: Order, on_delete: cascade}
      also_id: {type: id, references: Order, on_delete: set_null, required: false}
      pieces: {type: int, ge: 1}
      labels: {type: "list[string]", max_length: 5, default: []}
crud: {entity: Order, permission: true}
operations:
  lose:
    method: POST
    path: "/{id}/lose"
    transition: {entity: Order, from: [open, paid], to: lost}
  pay:
    method: POST
    path: "/{id}/pay"
    rate_limit: 5/minute
    transition: {entity: Order, from: open, to: paid}
  add_line: {method: POST, path: "/{id}/lines", parent: Order, via: order_id, create: Line}
  list_lines: {method: GET, path: "/{id}/lines", parent: Order, via: order_id, list: Line}
  list_orders:
    method: GET
    path: /
    list: Order
    filter: [status, created_at, total]
    search: [number]
    sort: [-created_at, total]
    cache: {ttl: 30s}
  drop: {method: DELETE, path: "/{id}/now", delete: Order, if_match: required}
"""


def without_webhooks(text: str) -> str:
    return re.sub(r"(?m)^webhooks:\n(?:[ #].*\n|\n)*", "", text)


@pytest.mark.parametrize("name", STORED)
def test_what_a_feature_stores_reads_back_to_a_spec_that_generates_it(
    name: str, tmp_path: Path
) -> None:
    good = REPOSITORY / "tests" / "cases" / "good" / f"{name}.yaml"
    text = ROWS if name == "rows" else without_webhooks(good.read_text(encoding="utf-8"))
    spec = tmp_path / "spec.yaml"
    spec.write_text(text, encoding="utf-8")
    first = generated(spec, tmp_path / "first")
    feature = parse_spec(text, "x.yaml").feature
    imported = read_back(first, feature)
    assert [note.where for note in imported.notes] == [f"features/{feature}.yaml"]
    again = tmp_path / "again.yaml"
    again.write_text(imported.text, encoding="utf-8")
    assert code(generated(again, tmp_path / "second")) == code(first)


def test_what_cannot_be_read_of_a_feature_that_stores_is_listed(tmp_path: Path) -> None:
    root = generated(REPOSITORY / "tests" / "cases" / "good" / "payment-full.yaml", tmp_path / "a")
    imported = read_back(root, "payment")
    spec = parse_spec(imported.text, "payment.yaml")
    assert set(spec.entities) == {"Payment", "Refund"}
    assert {name: one.action for name, one in spec.operations.items()} == {
        "create_payment": "hook",
        "get_payment": "hook",
        "list_payments": "list",
        "create_refund": "hook",
    }
    told = {note.where.partition(":")[0] + ": " + note.what for note in imported.notes}
    service = "app/services/payment_service.py"
    assert told >= {
        f"{service}: what {name} does with rows: move it into its hook"
        for name in ("create_payment", "get_payment", "create_refund")
    }
    assert "app/api/endpoints/payment_webhooks.py: webhooks are not read" in told
    assert "app/tables/payment.py: PaymentWebhookEvent is not read" in told


def test_a_method_that_a_person_has_changed_is_a_hook_and_told(tmp_path: Path) -> None:
    root = generated(REPOSITORY / "tests" / "cases" / "good" / "product.yaml", tmp_path / "a")
    edit(
        root,
        "app/services/product_service.py",
        "self._session.add(product)",
        "await check(product)",
    )
    imported = read_back(root, "product")
    operations = parse_spec(imported.text, "product.yaml").operations
    assert operations["create_product"].hook == "create_product"
    assert operations["get_product"].action == "get"
    what = "what create_product does with rows: move it into its hook"
    assert what in {note.what for note in imported.notes}


@pytest.fixture
def payment(payment_project: Path) -> Path:
    return payment_project


def edit(root: Path, path: str, old: str, new_text: str) -> None:
    place = root / path
    text = place.read_text()
    assert text.count(old) == 1
    place.write_text(text.replace(old, new_text))


def told(root: Path) -> dict[str, str]:
    return {note.where: note.what for note in read_back(root, "payment").notes}


CLIENT = "app/clients/provider.py"
SERVICE = "app/services/payment_service.py"
BROKEN = """\
    def broken(self) -> AppError:
        return PaymentServiceError("Payment processing failed")
"""


def test_a_call_that_a_person_has_changed_is_a_hook_and_told(payment: Path) -> None:
    edit(payment, CLIENT, '"amount": data.amount,', '"amount": data.amount * 100,')
    lines = (payment / CLIENT).read_text().splitlines()
    line = next(n for n, text in enumerate(lines, 1) if "* 100" in text)
    imported = read_back(payment, "payment")
    operation = parse_spec(imported.text, "payment.yaml").operations["create_payment"]
    assert (operation.call, operation.hook) == (None, "create_payment")
    assert told(payment)[f"{CLIENT}:{line}"] == (
        "`data.amount * 100` of create_payment: a call cannot say it"
    )


def test_a_clients_method_with_a_step_of_its_own_is_told(payment: Path) -> None:
    step = '        """Call POST /payments."""\n'
    edit(payment, CLIENT, step, f"{step}        count_call()\n")
    assert "`count_call()` of create_payment: a call cannot say it" in told(payment).values()


def test_a_step_that_a_person_has_added_to_the_service_is_told(payment: Path) -> None:
    edit(payment, SERVICE, '        log.info("create_payment")\n', "        await notify(result)\n")
    imported = read_back(payment, "payment")
    what = "`await notify(result)` of create_payment: move it into a hook"
    assert what in told(payment).values()
    assert parse_spec(imported.text, "p.yaml").operations["create_payment"].call is not None


@pytest.mark.parametrize(
    ("path", "old", "new_text", "shown"),
    [
        (
            SERVICE,
            "create_payment(data, user=user)",
            "create_payment(checked(data), user=user)",
            "result = await self._provider.create_payment(checked(data), ",
        ),
        (
            "app/api/endpoints/payments.py",
            "    return await service.create_payment",
            "    check_hours()\n    return await service.create_payment",
            "check_hours()",
        ),
    ],
    ids=["an argument", "a step of the endpoint"],
)
def test_what_stands_around_a_call_is_told(
    payment: Path, path: str, old: str, new_text: str, shown: str
) -> None:
    edit(payment, path, old, new_text)
    assert f"`{shown}` of create_payment: move it into a hook" in told(payment).values()


@pytest.mark.parametrize(
    ("old", "new_text"),
    [
        ("            case 402:\n", "            case 402 if message:\n"),
        ("attempts = 3", "attempts = ATTEMPTS"),
        (BROKEN, BROKEN.replace("Payment processing failed", "Broken")),
        ("headers={", "trust_env=False, headers={"),
    ],
    ids=["a guard", "a constant", "an error of its own", "an option"],
)  # fmt: skip
def test_a_client_that_is_not_as_generated_is_told(payment: Path, old: str, new_text: str) -> None:
    edit(payment, CLIENT, old, new_text)
    assert "the client ProviderClient is not as it was generated" in told(payment).values()
    operations = parse_spec(read_back(payment, "payment").text, "payment.yaml").operations
    assert {one.hook for one in operations.values()} == {"create_payment", "get_payment"}


def test_a_validator_that_no_rule_can_say_is_told(payment: Path) -> None:
    method = (
        '    @model_validator(mode="after")\n'
        "    def check_bank(self) -> Self:\n"
        "        if self.amount > limit_of(self.currency):\n"
        '            raise PydanticCustomError("rule_violated", "Too much")\n'
        "        return self\n"
    )
    edit(
        payment,
        "app/models/payment.py",
        "\n\nclass PaymentResponse(BaseModel):",
        f"\n{method}\n\nclass PaymentResponse(BaseModel):",
    )
    assert any("check_bank" in what for what in told(payment).values())


def test_a_setting_that_is_nowhere_is_taken_for_what_it_is_used_as_and_told(payment: Path) -> None:
    edit(payment, "app/core/config.py", "class Settings(", "class Configuration(")
    settings = parse_spec(read_back(payment, "payment").text, "payment.yaml").settings
    assert {name: one.type.kind for name, one in settings.items()} == {
        "payment_api_url": "url", "payment_api_key": "secret", "payment_timeout": "duration",
    }  # fmt: skip
    assert "the setting payment_timeout is not found: taken for duration" in {
        note.what for note in read_back(payment, "payment").notes
    }


def test_settings_of_other_features_are_left_to_them(every_feature: Path) -> None:
    payment = read_back(every_feature, "payment")
    assert set(parse_spec(payment.text, "payment.yaml").settings) == {
        "payment_api_url", "payment_api_key", "payment_timeout",
    }  # fmt: skip
    assert any("carrier_url" in note.what for note in payment.notes)
