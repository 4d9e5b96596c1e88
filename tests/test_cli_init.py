"""`featuregen init`: the wizard, answered line by line, writes a spec that passes `check`."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_dialogue import answering
from cli_process import FEATUREGEN, featuregen, on_terminal

from featuregen.json_models import Document, FirstSpecDocument
from featuregen.spec.load import load_spec, parse_spec

ANSWERS = """\
Give a customer their money back
support staff
upstream
bank
1
amount decimal >0 <=500 .2, reason lost|damaged|other, note string? 500
1,2
permission
10/minute
"""
"""All but the feature's name."""


def test_the_answers_become_a_spec_that_passes_check(tmp_path: Path) -> None:
    done = answering(f"refund\n{ANSWERS}", "init", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith("✓ refund.yaml: written, and it holds\n  ")
    assert "featuregen questions refund.yaml --interactive\n" in done.stdout
    spec = load_spec(tmp_path / "refund.yaml")
    assert spec.requirements.users == ("support staff",)
    assert spec.upstreams["bank"].auth.kind == "bearer"
    assert list(spec.operations) == ["create_refund", "get_refund"]
    checked = featuregen("check", "refund.yaml", cwd=tmp_path)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_a_feature_that_is_named_is_not_asked_for(tmp_path: Path) -> None:
    done = answering(ANSWERS, "init", "refund", "--output", "specs/r.yaml", cwd=tmp_path)
    assert done.returncode == 0
    assert "What is the feature called?" not in done.stderr
    assert load_spec(tmp_path / "specs" / "r.yaml").feature == "refund"


def test_enter_takes_the_defaults(tmp_path: Path) -> None:
    done = answering("\n\n\nname string 1..100\n\n\n\n", "init", "shop", cwd=tmp_path)
    assert done.returncode == 0
    assert list(load_spec(tmp_path / "shop.yaml").operations) == ["create_shop", "get_shop"]


def test_help_back_and_refused_answers_lead_to_the_same_question_again(tmp_path: Path) -> None:
    wrong_then_right = (
        "Two Words\nrefund\n"  # refused
        "wrong\n<\nright\n"  # back to the summary
        "?\nstaff\n"  # helped
        "nonsense\ncode\n"  # refused
        "amount monney\nname string 1..9\n"  # refused, with the nearest type
        "\n\n\n"
    )
    done = answering(wrong_then_right, "init", cwd=tmp_path)
    assert done.returncode == 0
    spec = load_spec(tmp_path / "refund.yaml")
    assert (spec.feature, spec.summary, spec.requirements.users) == ("refund", "right", ("staff",))
    assert done.stderr.count("What is it for, in one sentence?") == 2
    assert "  customers, staff, other services\n" in done.stderr
    refused = "'nonsense' is not one of the choices\n  there are: code, upstream, stored\n"
    assert refused in done.stderr
    assert "'monney' of 'amount' is no type\n" in done.stderr


@pytest.mark.parametrize("answers", ["", "refund\nMoney back\n", "refund\nq\n"])
def test_nothing_is_written_before_the_last_answer(answers: str, tmp_path: Path) -> None:
    done = answering(answers, "init", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "error: the wizard was not finished\nhelp: nothing was written" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_refused_before_the_first_question(tmp_path: Path) -> None:
    mine = tmp_path / "refund.yaml"
    mine.write_text("mine", encoding="utf-8")
    for arguments, answers in ((("refund",), ""), ((), "refund\n")):
        done = answering(answers, "init", *arguments, cwd=tmp_path)
        assert done.returncode == 3
        assert "error: refund.yaml is there already\n" in done.stderr
        assert "What is it for" not in done.stderr
    assert mine.read_text(encoding="utf-8") == "mine"


def test_a_dash_prints_the_spec_and_writes_no_file(tmp_path: Path) -> None:
    done = answering(ANSWERS, "init", "refund", "--output", "-", cwd=tmp_path)
    assert parse_spec(done.stdout, "refund.yaml").feature == "refund"
    assert list(tmp_path.iterdir()) == []


def test_the_document_holds_the_spec_and_what_it_leaves_open(tmp_path: Path) -> None:
    done = answering(ANSWERS, "init", "refund", "--json", cwd=tmp_path)
    document = FirstSpecDocument.model_validate_json(done.stdout)
    assert (document.feature, document.file) == ("refund", "refund.yaml")
    assert document.text == (tmp_path / "refund.yaml").read_text(encoding="utf-8")
    assert (document.notes, document.draft) == ((), None)
    assert all(one.options and one.file == "refund.yaml" for one in document.questions)
    assert document.questions


def test_a_name_that_is_no_name_is_a_usage_error(tmp_path: Path) -> None:
    done = answering(ANSWERS, "init", "Two Words", "--json", cwd=tmp_path)
    assert done.returncode == 2
    assert Document.model_validate_json(done.stdout).error is not None


def test_an_answer_that_is_no_text_is_a_fault_and_no_bug(tmp_path: Path) -> None:
    done = answering(b"\xff\xfe\n", "init", cwd=tmp_path)
    assert done.returncode == 1
    assert "error: the answer is not UTF-8 text\n" in done.stderr


def test_on_a_terminal_prompts_are_bold_and_the_result_is_on_stdout(tmp_path: Path) -> None:
    place = tmp_path / "refund.yaml"
    shown = on_terminal(
        [*FEATUREGEN, "init", "refund", "--output", str(place)],
        answer={"summary [To be written]:": ANSWERS.encode()},
    )
    assert shown.code == 0
    assert "\x1b[1mWhat is it for, in one sentence?\x1b[0m" in shown.terminal
    assert shown.stdout.startswith(f"✓ {place}: written, and it holds\n")
