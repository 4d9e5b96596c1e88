"""Names that generated code has taken: what its modules import is refused, or written otherwise."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

import pytest

from featuregen.errors import SpecError
from featuregen.plan.make import make_plan
from featuregen.plan.names import pascal
from featuregen.plan.stored_rows import variable
from featuregen.render import render_feature
from featuregen.spec import reserved
from featuregen.spec.load import load_spec, parse_spec
from featuregen.spec.model import Entity

ROOT = Path(__file__).parent.parent
SPECS = sorted(
    path for part in ("tests/cases/good", "tests/cases/ok") for path in (ROOT / part).glob("*.yaml")
)
OWN = ("app.models.", "app.tables.", "app.services.", "app.clients.", "tests.")
SPEC = """\
featuregen: 1
feature: shopping
settings: {{hook_secret: secret}}
models: {{{model}: {{fields: {{text: string}}}}}}
errors: {{{error}: {{status: 418}}}}
entities: {{{entity}: {{fields: {{text: string}}}}}}
crud: {entity}
operations:
  {operation}: {{method: POST, path: /say, request: {model}, hook: {hook}, errors: [{error}]}}
webhooks:
  shop_events:
    path: /webhooks/shop
    secret: hook_secret
    scheme: stripe
    events: {{a.b: {{hook: on_ab, async: true}}}}
"""


@functools.lru_cache
def imported() -> dict[str, frozenset[str]]:
    """What the modules of each folder import from elsewhere, over all specs of the tests."""
    found: dict[str, set[str]] = {}
    for path in SPECS:
        spec = load_spec(path)
        files, _ = render_feature(make_plan(spec))
        for name, text in files.items():
            folder, _, module = name.rpartition("/")
            if folder.startswith(("app/", "tests")) and not module.endswith("_webhooks.py"):
                found.setdefault(folder, set()).update(_imports(text) - set(spec.errors))
    return {folder: frozenset(names) for folder, names in found.items()}


def _imports(text: str) -> set[str]:
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)]
    foreign = [node for node in nodes if not (node.module or "").startswith(OWN)]
    return {alias.asname or alias.name for node in foreign for alias in node.names}


def classes(*folders: str) -> frozenset[str]:
    names = frozenset[str]().union(*(imported()[folder] for folder in folders))
    return frozenset(name for name in names if re.fullmatch(r"[A-Z][A-Za-z0-9]*[a-z]\w*", name))


def is_refused(**names: str) -> bool:
    named = {"model": "Slip", "error": "SlipError", "entity": "Good"} | names
    named = {"operation": "say", "hook": "do_say"} | named
    try:
        parse_spec(SPEC.format(**named), "x.yaml")
    except SpecError as error:
        return {one.code for one in error.diagnostics} <= {"FG403", "FG404", "FG405"}
    return False


def test_names_of_a_feature_of_its_own_are_accepted() -> None:
    assert not is_refused()


@pytest.mark.parametrize(
    ("what", "folders"),
    [
        ("model", ("app/models", "app/services", "app/clients", "app/api/endpoints")),
        ("error", ("app/services", "app/clients", "app/api/endpoints")),
        ("entity", ("app/services", "tests")),
    ],
)
def test_what_the_modules_beside_it_import_is_no_name_of(
    what: str, folders: tuple[str, ...]
) -> None:
    names = classes(*folders)
    assert len(names) > 10
    assert {name for name in names if not is_refused(**{what: name})} == set()


def test_no_operation_is_called_as_what_its_router_imports() -> None:
    functions = {name for name in imported()["app/api/endpoints"] if re.fullmatch("[a-z_]+", name)}
    functions = {name for name in functions if not name.endswith("_jobs")}  # of the feature
    assert {"problems", "date"} <= functions
    assert {name for name in functions if not is_refused(operation=name)} == set()


def test_no_hook_is_called_as_what_its_module_imports() -> None:
    assert {name for name in reserved.HOOKS if not is_refused(hook=name)} == set()
    spec = load_spec(ROOT / "tests" / "cases" / "good" / "everything.yaml")
    files, _ = render_feature(make_plan(spec))
    names = {name for name in _imports(files["app/services/booking_hooks.py"]) if name.islower()}
    assert names <= reserved.HOOKS


def test_errors_that_any_project_may_have_are_no_names_of_a_feature() -> None:
    template = ROOT / "templates" / "project" / "app" / "core" / "errors.py.jinja"
    names = re.findall(r"^class (\w+)", template.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert "ConflictError" in names
    plain = "featuregen: 1\nfeature: shop\nerrors: {SlipError: {status: 418}}\n"
    plain += "operations: {say: {method: POST, path: /say, hook: say, errors: [SlipError]}}\n"
    parse_spec(plain, "x.yaml")
    for name in names:
        with pytest.raises(SpecError):
            parse_spec(plain.replace("SlipError", name), "x.yaml")


def test_no_row_is_called_as_what_a_service_imports() -> None:
    functions = {name for name in imported()["app/services"] if name.islower()}
    functions = {name for name in functions if not name.endswith("_hooks")}  # see FG405
    assert {"select", "update"} <= functions
    named = {name: variable(Entity(pascal(name), "rows", ())) for name in functions}
    assert {name for name, row in named.items() if name == row} == set()


def test_every_setting_of_a_project_is_reserved() -> None:
    template = (ROOT / "templates/project/app/core/config.py.jinja").read_text(encoding="utf-8")
    body = template.partition("class Settings(")[2].partition("@lru_cache")[0]
    settings = set(re.findall(r"^    (\w+): ", body, flags=re.MULTILINE))
    assert {"database_url", "jwt_secret"} <= settings
    assert settings - reserved.SETTINGS == set()
