"""`featuregen questions` and `check --strict`: what is open is told, and answers are written."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cli_dialogue import answering
from cli_process import BAD, PAYMENT, featuregen, run_python

from featuregen.json_models import CheckDocument, Document, ExplainDocument, QuestionsDocument
from featuregen.questions.catalog import RULES

NOTE = """\
# Notes of users.
featuregen: 1
feature: note
requirements: {users: [staff], performance: [fast], acceptance: [it works]}
models:
  Note:
    fields:
      stars: {type: int, ge: 1, example: 3}   # as in a review
      text: string
operations:
  write_note:
    method: POST
    path: /
    request: Note
    hook: write_note
"""
"""Open: FGQ012 at stars, FGQ010 at text, FGQ050 (high)."""

STARS = "FGQ012@models.Note.fields.stars"


@pytest.fixture
def note(tmp_path: Path) -> Path:
    path = tmp_path / "note.yaml"
    path.write_text(NOTE, encoding="utf-8")
    return path


def asked(note: Path, *arguments: str) -> QuestionsDocument:
    done = featuregen("questions", note.name, *arguments, "--json", cwd=note.parent)
    assert done.stderr == ""
    return QuestionsDocument.model_validate_json(done.stdout)


def test_every_question_is_told_with_its_place_reason_and_changes(note: Path) -> None:
    done = featuregen("questions", note.name, cwd=note.parent)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("note.yaml: 3 open questions (1 high, 2 medium)\n\n")
    assert (
        "note.yaml:9:7  FGQ010  medium  How long may `text` be?\n"
        "  why: Unbounded text costs memory, storage and the next system's patience.\n"
    ) in done.stdout
    assert (
        "  a) who holds notes.write (default)\n     +    permission: notes.write\n"
    ) in done.stdout
    assert "featuregen questions note.yaml --interactive\n" in done.stdout
    assert note.read_text(encoding="utf-8") == NOTE


def test_the_document_has_every_question_with_the_exact_change_of_each_option(note: Path) -> None:
    document = asked(note)
    assert {(one.id, one.at) for one in document.questions} >= {
        ("FGQ012", "models.Note.fields.stars"),
        ("FGQ050", "operations.write_note"),
    }
    [write] = [one for one in document.questions if one.id == "FGQ050"]
    assert (write.file, write.line, write.column) == ("note.yaml", 11, 3)
    assert (write.severity, write.default) == ("high", "a")
    assert write.options[0].diff.startswith("--- note.yaml\n+++ note.yaml\n@@ ")
    assert "\n+    permission: notes.write\n" in write.options[0].diff
    assert [one.waives for one in write.options] == [False, True]
    assert (document.given, document.diff, document.written) == ((), "", False)


def test_an_answer_changes_its_line_and_no_other(note: Path) -> None:
    document = asked(note, "--answer", f"{STARS}=a")
    [given] = document.given
    assert (given.id, given.at, given.option) == ("FGQ012", "models.Note.fields.stars", "a")
    after = note.read_text(encoding="utf-8").splitlines()
    before = NOTE.splitlines()
    [changed] = [at for at, line in enumerate(before) if after[at] != line]
    assert before[changed].strip().startswith("stars:")
    assert after[changed].endswith("}   # as in a review")
    assert document.written
    assert f"\n+{after[changed]}\n" in document.diff
    assert "FGQ012" not in {one.id for one in document.questions}


def test_several_answers_and_reasons_are_written_together(note: Path) -> None:
    done = featuregen(
        "questions", note.name, "--answer", "fgq012=a", "--answer", "FGQ050=a",
        "--waive", "FGQ010@models.Note.fields.text=the editor = the limit", cwd=note.parent,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("note.yaml: 3 answers, written\n")
    assert (
        "  FGQ010 at models.Note.fields.text: no, because the editor = the limit\n" in done.stdout
    )
    text = note.read_text(encoding="utf-8")
    assert "permission: notes.write" in text
    assert "because: the editor = the limit" in text
    assert "FGQ010" not in {one.id for one in asked(note).questions}


def test_all_defaults_leave_nothing_open_and_the_second_time_changes_nothing(note: Path) -> None:
    document = asked(note, "--defaults")
    assert (document.questions, document.left) == ((), ())
    assert len(document.given) >= 4
    before = note.stat()
    again = featuregen("questions", note.name, "--defaults", cwd=note.parent)
    assert again.stdout == "note.yaml: 0 answers, nothing is written\nnote.yaml: no open question\n"
    assert (note.stat().st_mtime_ns, note.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    assert featuregen("check", "--strict", note).returncode == 0


def test_a_dry_run_shows_the_diff_and_writes_nothing(note: Path) -> None:
    done = featuregen("questions", note.name, "--defaults", "--dry-run", cwd=note.parent)
    assert "answers, nothing is written\n" in done.stdout
    assert "\n+    permission: notes.write\n" in done.stdout
    assert note.read_text(encoding="utf-8") == NOTE


def test_an_answer_that_cannot_be_written_is_left_to_a_person(tmp_path: Path) -> None:
    # The field is an anchor's: a change of it would change the other model, too.
    shared = NOTE.replace("stars: {", "stars: &stars {").replace(
        "operations:",
        "  Other: {fields: {stars: *stars, text: {type: string, max_length: 5}}}\noperations:",
    )
    note = tmp_path / "note.yaml"
    note.write_text(shared, encoding="utf-8")
    done = featuregen("questions", note.name, "--defaults", "--json", cwd=tmp_path)
    document = QuestionsDocument.model_validate_json(done.stdout)
    assert done.returncode == document.exit_code == 3
    assert {one.id for one in document.left} == {"FGQ012"}
    assert "by hand: models.Note.fields.stars.le" in document.left[0].reason
    options = {one.id: one.options for one in document.questions}["FGQ012"]
    assert (options[0].diff, "cannot edit" in (options[0].fault or "")) == ("", True)
    assert document.written  # the others are


@pytest.mark.parametrize(
    ("arguments", "what", "hint"),
    [
        (["--answer", "FGQ013=a"], "'FGQ013' is no open question", "did you mean 'FGQ012'?"),
        (["--answer", "FGQ012=z"], "FGQ012 has no option 'z'", "there are: a, b"),
        (["--answer", "FGQ012"], "'FGQ012' is no answer", "write FGQ012=b"),
        (["--waive", "FGQ012="], "FGQ012 is waived without a reason", "no, because"),
        (["--waive", "FGQ999=so"], "'FGQ999' is no open question", ""),
    ],
)
def test_what_is_no_answer_is_a_usage_error_and_nothing_is_written(
    arguments: list[str], what: str, hint: str, note: Path
) -> None:
    done = featuregen("questions", note, "--answer", "FGQ050=a", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {what}\n")
    assert hint in done.stderr
    assert note.read_text(encoding="utf-8") == NOTE


def test_a_spec_that_does_not_hold_has_diagnostics_and_no_questions(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(BAD, encoding="utf-8")
    done = featuregen("questions", "bad.yaml", "--json", cwd=tmp_path)
    assert done.returncode == 1
    found = Document.model_validate_json(done.stdout).diagnostics
    assert [one.code for one in found] == ["FG103"]


def test_the_payment_example_has_no_open_question() -> None:
    done = featuregen("questions", PAYMENT)
    assert done.stdout == f"{PAYMENT}: no open question\n"
    assert featuregen("check", "--strict", PAYMENT).returncode == 0


def test_a_link_a_mode_and_a_byte_order_mark_stay(note: Path) -> None:
    note.write_bytes(b"\xef\xbb\xbf" + NOTE.encode())
    note.chmod(0o640)
    link = note.with_name("link.yaml")
    link.symlink_to(note.name)
    assert featuregen("questions", link, "--answer", "FGQ050=a").returncode == 0
    assert link.is_symlink()
    assert stat.S_IMODE(note.stat().st_mode) == 0o640
    assert note.read_bytes().startswith(b"\xef\xbb\xbf# Notes of users.\n")
    assert b"permission: notes.write" in note.read_bytes()
    assert sorted(path.name for path in note.parent.iterdir()) == ["link.yaml", "note.yaml"]


def test_line_ends_stay(note: Path) -> None:
    note.write_bytes(NOTE.replace("\n", "\r\n").encode())
    assert featuregen("questions", note, "--answer", f"{STARS}=a").returncode == 0
    assert note.read_bytes().count(b"\r\n") == note.read_bytes().count(b"\n") == NOTE.count("\n")


def test_a_file_that_changed_in_between_is_not_written_over(note: Path) -> None:
    code = (
        "from pathlib import Path; from featuregen.cli.spec_files import replace_text; "
        f"replace_text(Path({str(note)!r}), 'what was read before', 'new')"
    )
    done = run_python(code)
    assert "has changed in the meantime" in done.stderr
    assert note.read_text(encoding="utf-8") == NOTE


def test_interactive_asks_what_matters_most_first_and_writes_each_answer(note: Path) -> None:
    done = answering(
        "a\n\nno, because the editor limits it\nq\n",
        "questions", "note.yaml", "--interactive", cwd=note.parent,
    )  # fmt: skip
    assert done.returncode == 0
    places = [line for line in done.stderr.splitlines() if line.startswith("note.yaml:")]
    assert [line.split()[1] for line in places] == ["FGQ050", "FGQ012", "FGQ010", "FGQ071"]
    assert done.stdout.startswith("note.yaml: 3 answers, written\n")
    text = note.read_text(encoding="utf-8")
    assert "permission: notes.write" in text
    assert "because: the editor limits it" in text
    assert "# as in a review" in text


def test_interactive_explains_and_asks_again_after_what_is_no_answer(note: Path) -> None:
    done = answering("?\nz\nno\n", "questions", "note.yaml", "--interactive", cwd=note.parent)
    assert done.stderr.count("FGQ050 [a]:") == 4
    assert "FGQ050: write without a permission. " in done.stderr
    assert "FGQ050 has no option 'z'; there are: a, b\n" in done.stderr
    assert 'FGQ050 is waived without a reason; "no, because …"\n' in done.stderr
    assert note.read_text(encoding="utf-8") == NOTE


def test_interactive_asks_five_and_then_whether_to_go_on(note: Path) -> None:
    note.write_text(
        NOTE.replace(
            "requirements: {users: [staff], performance: [fast], acceptance: [it works]}\n", ""
        ),
        encoding="utf-8",
    )
    stopped = answering("s\n" * 5, "questions", "note.yaml", "--interactive", cwd=note.parent)
    assert "1 more is open. Go on? [y/N]" in stopped.stderr
    assert stopped.stderr.count(" why: ") == 5
    went_on = answering(
        "s\n" * 5 + "y\ns\n", "questions", "note.yaml", "--interactive", cwd=note.parent
    )
    assert went_on.stderr.count(" why: ") == 6
    assert "nothing is written" in went_on.stdout


def test_interactive_can_be_followed_by_defaults_for_the_rest(note: Path) -> None:
    done = answering(
        "b\nq\n", "questions", "note.yaml", "--interactive", "--defaults", "--json", cwd=note.parent
    )
    document = QuestionsDocument.model_validate_json(done.stdout)
    assert (document.questions, document.written) == ((), True)
    assert (document.given[0].id, document.given[0].option) == ("FGQ050", "b")


def test_an_interactive_dry_run_writes_nothing(note: Path) -> None:
    done = answering(
        "a\nq\n", "questions", "note.yaml", "--interactive", "--dry-run", cwd=note.parent
    )
    assert "\n+    permission: notes.write\n" in done.stdout
    assert note.read_text(encoding="utf-8") == NOTE


def test_a_strict_check_fails_on_open_questions_of_high_severity(note: Path) -> None:
    assert featuregen("check", note.name, cwd=note.parent).returncode == 0
    done = featuregen("check", "--strict", note.name, cwd=note.parent)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("note.yaml:11:3: error[FGQ050]: Who may write note?\n11 | ")
    assert done.stderr.endswith("\n1 error in note.yaml\n")
    shown = featuregen("check", "--strict", "--json", note.name, cwd=note.parent)
    document = CheckDocument.model_validate_json(shown.stdout)
    assert [(one.code, one.path) for one in document.diagnostics] == [
        ("FGQ050", "operations.write_note")
    ]
    [spec] = document.specs
    assert spec.error is not None
    assert spec.error.what == "1 open question of high severity"
    assert (spec.ok, spec.error.hint) == (False, "featuregen questions note.yaml --interactive")


def test_a_strict_check_lets_questions_of_lower_severity_pass(note: Path) -> None:
    featuregen("questions", note, "--answer", "FGQ050=a")
    done = featuregen("check", "--strict", note)
    assert (done.returncode, done.stdout) == (0, f"{note}: ok\n")


def test_explain_knows_every_question() -> None:
    shown = featuregen("explain", "fgq012").stdout
    assert shown.startswith("# FGQ012: number with an open end\n\nThe value that nobody thought of")
    [code] = ExplainDocument.model_validate_json(
        featuregen("explain", RULES[-1].id, "--json").stdout
    ).codes
    assert (code.code, code.explanation) == (RULES[-1].id, RULES[-1].why)
    unknown = featuregen("explain", "FGQ099")
    assert unknown.returncode == 2
    assert "unknown code 'FGQ099'" in unknown.stderr


def test_a_plain_check_imports_no_questions(note: Path) -> None:
    code = (
        "import sys; from featuregen.cli.app import run_app; "
        f"code = run_app(['check', {str(note)!r}]); "
        "sys.exit(code or any(name.startswith('featuregen.questions') for name in sys.modules))"
    )
    assert run_python(code).returncode == 0
