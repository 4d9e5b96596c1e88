"""A feature that featuregen has generated is read back to a spec that generates it again."""

from __future__ import annotations

import shutil
from fnmatch import fnmatch
from pathlib import Path

import pytest
from conftest import OK_CASES, REPOSITORY, snapshot

from featuregen.importing import Imported, import_code
from featuregen.pipeline import Options, new
from featuregen.progress import Silent
from featuregen.spec.load import parse_spec

SPECS = [
    *OK_CASES,
    *sorted((REPOSITORY / "tests" / "cases" / "good").glob("*.yaml")),
    *sorted((REPOSITORY / "tests" / "cases" / "read_back").glob("*.yaml")),
    *sorted((REPOSITORY / "examples").glob("*/*.yaml")),
]
NOT_IN_CODE = {
    "README.md": "requirements, and the operations in the order of the spec",
    "app/services/*_hooks.py": "the user's own; each function is told what was asked for",
    "tests/test_*.py": "examples, and the operations in the order of the spec",
    "tests/*_rows.py": "values within the bounds of a column, which no request need show",
    "features/*": "the spec itself",
    ".featuregen/*": "the lock, which holds all of the above",
}
"""The files that may come out otherwise, and what of the spec it is that no code says."""

QUICK = Options(verify=False)


def generated(spec: Path, folder: Path) -> Path:
    root = folder / "shop-api"
    folder.mkdir()
    new(spec, root, QUICK, Silent())
    return root


def read_back(root: Path, plural: str) -> Imported:
    return import_code([root / f"app/api/endpoints/{plural}.py"])


def code(root: Path) -> dict[str, bytes]:
    """All that code says."""
    return {
        path: content
        for path, (content, _) in snapshot(root).items()
        if not any(fnmatch(path, pattern) for pattern in NOT_IN_CODE)
    }


def back_again(text: str, folder: Path) -> Imported:
    """What a spec's code reads back to; it generates the same, and leaves nothing out."""
    spec = parse_spec(text, "spec.yaml")
    before, after = folder / "before.yaml", folder / "after.yaml"
    before.write_text(text, encoding="utf-8")
    first = generated(before, folder / "first")
    routers = [f"app/api/endpoints/{one}.py" for one in (spec.plural, f"{spec.feature}_webhooks")]
    router = next(path for one in routers if (path := first / one).is_file())
    imported = import_code([router])
    assert [note.where for note in imported.notes] == [f"features/{spec.feature}.yaml"]
    after.write_text(imported.text, encoding="utf-8")
    assert code(generated(after, folder / "second")) == code(first)
    return imported


@pytest.mark.parametrize("path", SPECS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_what_is_generated_reads_back_to_a_spec_that_generates_it(
    path: Path, tmp_path: Path
) -> None:
    text = path.read_text(encoding="utf-8")
    imported = back_again(text, tmp_path)
    before, after = (parse_spec(one, "spec.yaml") for one in (text, imported.text))
    assert {name: one.action for name, one in after.operations.items()} == {
        name: one.action for name, one in before.operations.items()
    }
    assert after.entities.keys() == before.entities.keys()
    assert after.webhooks.keys() == before.webhooks.keys()


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


def test_what_a_feature_stores_reads_back_to_a_spec_that_generates_it(tmp_path: Path) -> None:
    back_again(ROWS, tmp_path)


def test_a_method_that_a_person_has_changed_is_a_hook_and_told(tmp_path: Path) -> None:
    root = generated(REPOSITORY / "tests" / "cases" / "good" / "product.yaml", tmp_path / "a")
    edit(
        root,
        "app/services/product_service.py",
        "self._session.add(product)",
        "await check(product)",
    )
    imported = read_back(root, "products")
    operations = parse_spec(imported.text, "product.yaml").operations
    assert operations["create_product"].hook == "create_product"
    assert operations["get_product"].action == "get"
    what = "what create_product does with rows: move it into its hook"
    assert what in {note.what for note in imported.notes}


@pytest.fixture(scope="module")
def _courses(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A feature with webhooks of each scheme, a job, reservations and calls about rows."""
    spec = REPOSITORY / "tests" / "cases" / "good" / "stored.yaml"
    return generated(spec, tmp_path_factory.mktemp("courses") / "a")


@pytest.fixture
def courses(_courses: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(_courses, tmp_path / "shop-api"))


COURSES = "app/services/course_service.py"
ENROL = """\
                receipt=received.receipt,
"""


@pytest.mark.parametrize(
    ("path", "old", "new_text", "operation"),
    [
        (COURSES, ENROL, f"{ENROL}                seats=1,\n", "enrol"),
        (COURSES, "Course.taken <= Course.seats - data.seats", "Course.taken < 9", "hold_seats"),
        (COURSES, "enrolment_receipt=enrolment.receipt", "enrolment_receipt='x'", "look_again"),
        ("app/clients/store.py", '{"ok": "paid"}', '{"ok": "paid", "no": "lost"}', "look_again"),
        ("app/api/endpoints/course_jobs.py", "import_courses(given.data", "import_courses(1", None),
    ],
    ids=["an outcome", "a bound", "an argument", "a client", "a job"],
)
def test_what_a_person_has_changed_about_rows_is_a_hook_and_told(
    courses: Path, path: str, old: str, new_text: str, operation: str | None
) -> None:
    edit(courses, path, old, new_text)
    imported = read_back(courses, "courses")
    spec = parse_spec(imported.text, "course.yaml")
    changed = {name for name, one in spec.operations.items() if one.action == "hook"}
    assert changed == {"import_courses", *([operation] if operation else [])}
    told = [one for one in imported.notes if one.where.startswith(f"{COURSES}:")]
    what = f"what {operation} does with rows" if operation else "what import_courses does"
    assert [one.what for one in told] == [f"{what}: move it into its hook"]
    assert {one.where.partition(":")[0] for one in imported.notes} <= {
        COURSES, "app/models/course.py", "features/course.yaml",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("path", "old", "new_text"),
    [
        (COURSES, 'values(status="paid", receipt', 'values(status="paid", seats=1, receipt'),
        ("app/api/endpoints/course_webhooks.py", "tolerance=60)", "tolerance=limit())"),
        (
            "app/api/endpoints/course_webhooks.py",
            "facts = PlacePaid",
            "log()\n    facts = PlacePaid",
        ),
    ],
    ids=["what is applied", "the scheme", "a step of the router"],
)
def test_a_webhook_that_a_person_has_changed_is_told(
    courses: Path, path: str, old: str, new_text: str
) -> None:
    edit(courses, path, old, new_text)
    imported = read_back(courses, "courses")
    assert set(parse_spec(imported.text, "course.yaml").webhooks) == {"mail_events"}
    assert any(
        note.where.startswith("app/api/endpoints/course_webhooks.py")
        and note.what.startswith("the webhook store_events is not read")
        for note in imported.notes
    )


def test_a_whole_folder_reads_back_as_its_router_does(courses: Path) -> None:
    whole = import_code([courses / "app" / "api" / "endpoints"], feature="course")
    assert whole == read_back(courses, "courses")


@pytest.fixture
def payment(payment_project: Path) -> Path:
    return payment_project


def edit(root: Path, path: str, old: str, new_text: str) -> None:
    place = root / path
    text = place.read_text()
    assert text.count(old) == 1
    place.write_text(text.replace(old, new_text))


def told(root: Path) -> dict[str, str]:
    return {note.where: note.what for note in read_back(root, "payments").notes}


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
    imported = read_back(payment, "payments")
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
    imported = read_back(payment, "payments")
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
    operations = parse_spec(read_back(payment, "payments").text, "payment.yaml").operations
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
    settings = parse_spec(read_back(payment, "payments").text, "payment.yaml").settings
    assert {name: one.type.kind for name, one in settings.items()} == {
        "payment_api_url": "url", "payment_api_key": "secret", "payment_timeout": "duration",
    }  # fmt: skip
    assert "the setting payment_timeout is not found: taken for duration" in {
        note.what for note in read_back(payment, "payments").notes
    }


def test_settings_of_other_features_are_left_to_them(every_feature: Path) -> None:
    payment = read_back(every_feature, "payments")
    assert set(parse_spec(payment.text, "payment.yaml").settings) == {
        "payment_api_url", "payment_api_key", "payment_timeout",
    }  # fmt: skip
    assert any("carrier_url" in note.what for note in payment.notes)
