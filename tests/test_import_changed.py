"""Whatever a person changes in a generated feature is in the spec that is read back, or is told."""

from __future__ import annotations

import ast
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import PAYMENT, REPOSITORY

from featuregen.importing import import_code
from featuregen.pipeline import Options, new
from featuregen.progress import Silent
from featuregen.spec.load import parse_spec

STORED = REPOSITORY / "tests" / "cases" / "good" / "stored.yaml"
OWN = ("endpoints", "services", "clients", "tables", "models")
OF_ALL = ("__init__.py", "health.py", "metrics.py")
CHANGED = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.If, ast.Expr, ast.Assign,
    ast.AnnAssign, ast.Return, ast.Call, ast.Constant, ast.keyword,
)  # fmt: skip


class Change(ast.NodeTransformer):
    """One node is dropped, written twice, or another."""

    def __init__(self, target: ast.AST, *, twice: bool) -> None:
        self.target, self.twice = target, twice

    def visit(self, node: ast.AST) -> ast.AST | list[ast.AST] | None:
        if node is not self.target:
            return self.generic_visit(node)
        match node:
            case ast.Constant(value=str(text)):
                return ast.Constant(f"{text}x")
            case ast.expr():
                return ast.Constant(17)
            case ast.keyword():
                return None
            case _:
                return [node, node] if self.twice else ast.Pass()


def changes(root: Path, seed: int, number: int) -> Iterator[str]:
    """Change one place at a time; what it was before and the file, for the message of a failure."""
    chance = random.Random(seed)  # noqa: S311 - of places
    own = [path for path in root.rglob("app/**/*.py") if path.parts[-2] in OWN]
    files = sorted(one for one in own if one.name not in OF_ALL and "_hooks" not in one.name)
    while number:
        path = chance.choice(files)
        before = path.read_text(encoding="utf-8")
        tree = ast.parse(before)
        target = chance.choice([one for one in ast.walk(tree) if isinstance(one, CHANGED)])
        told = f"{path.name}: {ast.unparse(target)}"
        Change(target, twice=chance.random() < 0.5).visit(tree)
        after = ast.unparse(ast.fix_missing_locations(tree))
        if statements(after) == statements(before):
            continue
        path.write_text(after, encoding="utf-8")
        yield told
        path.write_text(before, encoding="utf-8")
        number -= 1


def statements(text: str) -> str:
    """What the code does; what a module says of itself, once or twice, is read by people alone."""
    tree = ast.parse(text)
    return ast.dump(ast.Module([one for one in tree.body if not _is_text(one)], []))


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def none_is_silent(spec: Path, folder: Path, seed: int, number: int) -> None:
    root = folder / "shop-api"
    new(spec, root, Options(verify=False), Silent())
    router = root / "app/api/endpoints" / f"{parse_spec(spec.read_text(), 'x').plural}.py"
    clean = import_code([router])
    for told in changes(root, seed, number):
        imported = import_code([router])
        parse_spec(imported.text, "spec.yaml")
        assert imported != clean, told
    assert import_code([router]) == clean


@pytest.mark.parametrize("seed", range(2))
def test_no_change_of_calls_is_silent(seed: int, tmp_path: Path) -> None:
    none_is_silent(PAYMENT, tmp_path, seed, 6)


def test_no_change_of_what_is_stored_is_silent(tmp_path: Path) -> None:
    none_is_silent(STORED, tmp_path, 1, 4)


@pytest.mark.heavy
@pytest.mark.parametrize("seed", range(20))
def test_no_change_is_silent_in_many_places(seed: int, tmp_path: Path) -> None:
    none_is_silent(STORED, tmp_path, 100 + seed, 40)


def test_a_method_of_ones_own_is_told_with_its_line(payment_project: Path) -> None:
    path = payment_project / "app/services/payment_service.py"
    text = path.read_text(encoding="utf-8")
    own = "\n    def total(self) -> int:\n        return 7\n"
    path.write_text(f"{text}{own}", encoding="utf-8")
    line = len(text.splitlines()) + 2
    imported = import_code([payment_project / "app/api/endpoints/payments.py"])
    told = {note.where: note.what for note in imported.notes}
    what = "PaymentService.total is not as it would be generated"
    assert told[f"app/services/payment_service.py:{line}"] == what


def test_a_module_of_other_templates_is_told_in_one_line(payment_project: Path) -> None:
    path = payment_project / "app/clients/provider.py"
    more = "".join(f"\n\ndef more_{number}() -> int:\n    return 7\n" for number in range(13))
    path.write_text(path.read_text(encoding="utf-8") + more, encoding="utf-8")
    imported = import_code([payment_project / "app/api/endpoints/payments.py"])
    told = {note.where: note.what for note in imported.notes}
    assert told["app/clients/provider.py"] == "13 definitions are not as they would be generated"


def test_a_reference_to_a_table_of_another_feature_is_told(tmp_path: Path) -> None:
    root = tmp_path / "shop-api"
    new(STORED, root, Options(verify=False), Silent())
    path = root / "app/tables/course.py"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('ForeignKey("', 'ForeignKey("other_', 1), encoding="utf-8")
    imported = import_code([root / "app/api/endpoints/courses.py"])
    assert "Enrolment is not as it would be generated" in {note.what for note in imported.notes}


def test_what_is_taken_out_is_told(tmp_path: Path) -> None:
    root = tmp_path / "shop-api"
    new(STORED, root, Options(verify=False), Silent())
    path = root / "app/api/endpoints/course_jobs.py"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("JOBS.append(import_courses)\n", ""), encoding="utf-8")
    told = {note.what for note in import_code([root / "app/api/endpoints/courses.py"]).notes}
    assert "`JOBS.append(import_courses)` is not there, and would be generated" in told
