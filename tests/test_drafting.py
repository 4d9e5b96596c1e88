"""A ticket becomes a spec by a model's hand; offline, with a model that the test writes."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import textwrap
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import jsonschema
import pytest
from cli_process import GOOD, REPOSITORY, featuregen, run_python

from featuregen.drafting import MOST_REQUESTS, Drafted, draft, yaml_of
from featuregen.drafting_prompt import EXAMPLE, instructions, model_schema
from featuregen.errors import FeaturegenError
from featuregen.json_models import Document, FirstSpecDocument
from featuregen.questions import open_questions
from featuregen.spec.document import parse
from featuregen.spec.load import parse_spec
from featuregen.spec.schema import json_schema

TICKET = "People want to be greeted. Support staff use it."
BAD = GOOD.replace("text: string", "text: monney")
ANSWERED = GOOD + "requirements: {users: [support staff]}\n"
CLOSED = (REPOSITORY / "examples" / "payment" / "payment.yaml").read_text(encoding="utf-8")
"""A spec with no open question."""

NO_EXTRA = "import sys; sys.modules['pydantic_ai'] = None; "


class Scripted:
    """A model that gives these answers in turn, the last one again and again.

    Answers are YAML, for people to read here; the model hands over the values that they are.
    """

    def __init__(self, *answers: str | Exception, as_text: bool = False) -> None:
        models = pytest.importorskip("pydantic_ai.models.function")
        self.answers = list(answers)
        self.as_text = as_text
        self.asked: list[str] = []
        self.instructions: str | None = None
        self.tools: list[Any] = []
        self.model = models.FunctionModel(self._answer, model_name="scripted")

    def _answer(self, messages: list[Any], info: Any) -> object:  # noqa: ANN401 - of an extra
        from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart

        self.instructions, self.tools = info.instructions, info.output_tools
        self.asked.append(str(messages[-1].parts[-1].content))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        if self.as_text:
            return ModelResponse(parts=[TextPart(answer)])
        return ModelResponse(parts=[ToolCallPart(self.tools[0].name, values(answer))])

    def draft(self) -> Drafted:
        return draft(TICKET, self.model, as_text=self.as_text)


def values(text: str) -> dict[str, Any]:
    """A spec as a program hands it over: in JSON every key is text."""
    return cast("dict[str, Any]", json.loads(json.dumps(document(text))))


def document(text: str) -> object:
    return parse(text, "spec.yaml")[0].json()


@pytest.fixture(autouse=True)
def _blocked() -> Iterator[None]:
    """No test asks a real model."""
    try:
        from pydantic_ai import models
    except ImportError:
        yield
        return
    before, models.ALLOW_MODEL_REQUESTS = models.ALLOW_MODEL_REQUESTS, False
    yield
    models.ALLOW_MODEL_REQUESTS = before


def test_a_spec_without_open_questions_needs_one_request() -> None:
    model = Scripted(CLOSED)
    drafted = model.draft()
    assert (drafted.feature, drafted.requests) == ("payment", 1)
    assert document(drafted.text) == document(CLOSED)
    assert drafted.model == "function:scripted"
    assert drafted.input_tokens > 0
    assert drafted.output_tokens > 0
    assert drafted.cost is None  # nobody knows the price of this model
    assert f"<ticket>\n{TICKET}\n</ticket>" in model.asked[0]
    assert model.instructions == instructions().strip()


def test_the_output_type_is_the_language_s_own_schema() -> None:
    model = Scripted(CLOSED)
    model.draft()
    [tool] = model.tools
    schema = tool.parameters_json_schema
    jsonschema.Draft202012Validator.check_schema(schema)
    assert set(schema["properties"]) == set(json_schema()["properties"]) - {"waive"}
    validator = jsonschema.Draft202012Validator(schema)
    examples = sorted((REPOSITORY / "examples").glob("*/*.yaml"))
    assert len(examples) >= 5
    for spec in examples:
        written = values(spec.read_text(encoding="utf-8"))
        written.pop("waive", None)
        assert validator.is_valid(written), spec.name
    for wrong in (BAD.replace("monney", "[monney]"), "feature: a\n", GOOD + "waive: []\n"):
        assert not validator.is_valid(values(wrong))


def test_the_schema_for_models_has_nothing_that_providers_refuse_at_the_root() -> None:
    schema = model_schema()
    assert schema["type"] == "object"
    assert not {"anyOf", "oneOf", "allOf", "enum", "not", "$ref"} & set(schema)
    assert "title" in schema["properties"]  # the key of the language, not the word of JSON Schema
    assert schema["properties"]["title"]["description"] == "Name for people"


def test_what_a_model_hands_over_is_written_in_order_and_in_blocks() -> None:
    answer = """\
      operations:
        greet:
          status: 201
          call: {receive: {text: message, open: open}, path: /greet, method: POST, when: null}
          response: Hello
          path: /
          method: POST
          auth: none
          rate_limit: 5/minute
      models: {Hello: {fields: {text: {max_length: 100, type: string}, open: {type: bool}}}}
      upstreams:
        hall:
          errors: {other: {raise: GoneError}, "404": {raise: GoneError}}
          base_url: hall_url
      errors: {GoneError: {title: Gone, status: 404}}
      settings: {hall_url: {example: "https://hall.example", type: url}}
      feature: greeting
      title: null
      featuregen: 1
    """
    assert Scripted(textwrap.dedent(answer)).draft().text == textwrap.dedent("""\
        featuregen: 1
        feature: greeting

        settings:
          hall_url: {type: url, example: "https://hall.example"}

        errors:
          GoneError: {status: 404, title: Gone}

        upstreams:
          hall:
            base_url: hall_url
            errors: {other: {raise: GoneError}, 404: {raise: GoneError}}

        models:
          Hello:
            fields:
              text: {type: string, max_length: 100}
              open: bool

        operations:
          greet:
            method: POST
            path: /
            response: Hello
            status: 201
            auth: none
            rate_limit: 5/minute
            call: {method: POST, path: /greet, receive: {text: message, open: open}}
    """)


def test_diagnostics_are_fed_back_with_their_place() -> None:
    model = Scripted(BAD, CLOSED)
    assert model.draft().requests == 2
    assert "- models.Greeting.fields.text: error[FG103]: unknown type 'monney'" in model.asked[1]


def test_a_model_that_writes_text_gets_diagnostics_with_lines() -> None:
    model = Scripted(
        f"```yaml\n{BAD}```", f"Here it is:\n\n```yaml\n{CLOSED}```\nDone.", as_text=True
    )
    drafted = model.draft()
    assert (drafted.text, drafted.requests, model.tools) == (CLOSED, 2, [])
    assert "spec.yaml:4:29: error[FG103]: unknown type 'monney'" in model.asked[1]
    assert model.instructions == instructions(as_text=True).strip()


def test_open_questions_are_fed_back_once_and_what_stays_open_is_left() -> None:
    model = Scripted(GOOD, ANSWERED)
    drafted = model.draft()
    assert (document(drafted.text), drafted.requests) == (document(ANSWERED), 2)
    assert "- FGQ001 at requirements.users: Who uses this feature?" in model.asked[1]
    assert "Invent nothing" in model.asked[1]
    assert open_questions(parse_spec(drafted.text, "greeting.yaml"))


def test_the_last_spec_that_held_is_kept_where_the_next_does_not() -> None:
    model = Scripted(GOOD, BAD)
    drafted = model.draft()
    assert (drafted.requests, drafted.notes) == (MOST_REQUESTS, ())
    assert document(drafted.text) == document(GOOD)


def test_a_model_may_not_waive_a_question() -> None:
    waived = GOOD + "waive: [{question: FGQ001, at: requirements.users, because: I say so}]\n"
    model = Scripted(waived, GOOD, GOOD)
    assert document(model.draft().text) == document(GOOD)
    assert "a question is waived by a person only" in model.asked[1]


def test_attempts_are_bounded_and_the_last_fault_is_told() -> None:
    model = Scripted(BAD)
    with pytest.raises(FeaturegenError) as caught:
        model.draft()
    assert len(model.asked) == MOST_REQUESTS
    assert f"wrote no spec that holds, in {MOST_REQUESTS} attempts" in caught.value.what
    assert "unknown type 'monney'" in (caught.value.hint or "")
    assert caught.value.exit_code == 1


def test_a_provider_that_fails_is_a_fault_with_what_was_spent() -> None:
    exceptions = pytest.importorskip("pydantic_ai.exceptions")
    model = Scripted(exceptions.ModelHTTPError(529, "scripted", {"error": "overloaded"}))
    with pytest.raises(FeaturegenError) as caught:
        model.draft()
    assert caught.value.what.startswith("function:scripted gave no answer: ")
    assert "nothing was written; 0 tokens in" in (caught.value.hint or "")
    assert "--text" not in (caught.value.hint or "")  # busy is no reason to write text


@pytest.mark.parametrize("as_text", [False, True])
def test_where_a_provider_refuses_the_request_the_other_way_is_named(*, as_text: bool) -> None:
    exceptions = pytest.importorskip("pydantic_ai.exceptions")
    deep = "A FunctionDeclaration in the request exceeds the maximum allowed nesting depth."
    model = Scripted(exceptions.ModelHTTPError(400, "scripted", deep), as_text=as_text)
    with pytest.raises(FeaturegenError, match="maximum allowed nesting depth") as caught:
        model.draft()
    assert ("featuregen draft TICKET --text" in (caught.value.hint or "")) is not as_text


def test_where_a_model_has_no_tools_the_other_way_is_named() -> None:
    test = pytest.importorskip("pydantic_ai.models.test")
    with pytest.raises(FeaturegenError, match="gave no answer") as caught:
        draft(TICKET, test.TestModel(profile={"supports_tools": False}))
    assert "featuregen draft TICKET --text" in (caught.value.hint or "")


def test_a_model_that_fills_the_schema_at_random_is_told_each_time_what_is_missing() -> None:
    test = pytest.importorskip("pydantic_ai.models.test")
    model = test.TestModel()
    with pytest.raises(FeaturegenError, match="wrote no spec that holds, in 6 attempts") as caught:
        draft(TICKET, model)
    assert "error[FG105]: the spec needs 'operations' or 'crud'" in (caught.value.hint or "")
    [tool] = model.last_model_request_parameters.output_tools
    assert tool.parameters_json_schema["required"] == ["featuregen", "feature"]


def test_values_for_the_schema_make_a_spec_with_the_model_of_pydantic_ai() -> None:
    test = pytest.importorskip("pydantic_ai.models.test")
    drafted = draft(TICKET, test.TestModel(custom_output_args=values(CLOSED)))
    assert document(drafted.text) == document(CLOSED)


def test_a_provider_that_fails_after_a_spec_held_costs_only_the_last_answers() -> None:
    exceptions = pytest.importorskip("pydantic_ai.exceptions")
    model = Scripted(GOOD, exceptions.ModelHTTPError(529, "scripted"))
    drafted = model.draft()
    assert document(drafted.text) == document(GOOD)
    assert drafted.notes[0].startswith("the model stopped before its last answer: ")


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("a: 1", "a: 1\n"),
        ("```yaml\na: 1\n```", "a: 1\n"),
        ("Sure.\n```\na: 1\n\n# b\n```\nAnything else?", "a: 1\n\n# b\n"),
        ("```yaml\na: 1\n```\n```yaml\nb: 2\n```", "a: 1\n"),
        ("a: 'uses ``` inside'\n", "a: 'uses ``` inside'\n"),
    ],
)
def test_the_spec_is_the_first_fenced_block_or_the_whole_answer(answer: str, text: str) -> None:
    assert yaml_of(answer) == text


def test_the_example_that_the_model_sees_holds_and_leaves_nothing_high_open() -> None:
    spec = parse_spec(EXAMPLE, "shipment.yaml")
    assert spec.warnings == ()
    assert "high" not in {one.severity for one in open_questions(spec)}


def test_the_instructions_name_every_key_of_an_operation() -> None:
    from featuregen.spec.grammar import operation

    lines = [line.strip() for line in instructions(as_text=True).splitlines()]
    for name, key in operation.keys.items():
        mark = "*" if key.required else ""
        assert f"{name}{mark}: {key.about}" in "\n".join(lines)
    assert not [line for line in lines if line.startswith("waive")]


def test_prices_are_added_up_where_they_are_known() -> None:
    messages = pytest.importorskip("pydantic_ai.messages")
    from pydantic_ai.usage import RequestUsage

    from featuregen.drafting import cost_of

    def answers(*models: str) -> list[Any]:
        usage = RequestUsage(input_tokens=1000, output_tokens=100)
        return [
            messages.ModelResponse(parts=[], usage=usage, model_name=one, provider_name="openai")
            for one in models
        ]

    once = cost_of(answers("gpt-4o"))
    assert once is not None
    assert once > Decimal(0)
    assert cost_of(answers("gpt-4o", "gpt-4o")) == 2 * once
    assert cost_of(answers("gpt-4o", "nobody-knows")) is None


@pytest.fixture
def ticket(tmp_path: Path) -> Path:
    path = tmp_path / "ticket.md"
    path.write_text(TICKET, encoding="utf-8")
    return path


def in_process(command: Callable[[], int], folder: Path) -> int:
    before = Path.cwd()
    os.chdir(folder)
    try:
        return command()
    finally:
        os.chdir(before)


def test_draft_writes_the_spec_and_tells_what_it_took(
    ticket: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from featuregen.cli.draft import draft_command

    model = Scripted(GOOD).model
    code = in_process(lambda: draft_command(ticket, model, None, json=False), tmp_path)
    out, err = capsys.readouterr()
    assert code == 0
    assert document((tmp_path / "greeting.yaml").read_text(encoding="utf-8")) == document(GOOD)
    assert "greeting.yaml: written, and it holds\n" in out
    assert "featuregen questions greeting.yaml --interactive" in out
    assert err.startswith("function:scripted: 2 requests, ")
    assert err.endswith(" out, cost unknown\n")


def test_draft_never_writes_over_a_file_and_loses_no_answer(
    ticket: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from featuregen.cli.draft import draft_command

    mine = tmp_path / "greeting.yaml"
    mine.write_text("mine", encoding="utf-8")
    model = Scripted(GOOD).model
    code = in_process(lambda: draft_command(ticket, model, None, json=True), tmp_path)
    told = FirstSpecDocument.model_validate_json(capsys.readouterr().out)
    assert (code, told.file) == (0, "greeting-2.yaml")
    assert document(told.text) == document(GOOD)
    assert told.draft is not None
    assert (told.draft.requests, told.draft.cost) == (2, None)
    assert {one.id for one in told.questions} >= {"FGQ001", "FGQ051"}
    assert mine.read_text(encoding="utf-8") == "mine"


def test_a_file_that_is_there_is_refused_before_the_model_is_asked(
    ticket: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from featuregen.cli.draft import draft_command

    model = Scripted(GOOD)
    assert draft_command(ticket, model.model, ticket, json=False) == 3
    assert model.asked == []
    assert "is there already" in capsys.readouterr().err


def test_without_a_model_the_other_ways_are_named(ticket: Path) -> None:
    done = featuregen("draft", ticket, FEATUREGEN_MODEL="")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: no model is named: give --model, or set FEATUREGEN_MODEL")
    for way in (
        "featuregen[llm]",
        "featuregen init",
        "featuregen mcp",
        "featuregen questions SPEC --json",
    ):
        assert way in done.stderr


def test_without_the_extra_the_other_ways_are_named(ticket: Path) -> None:
    code = (
        f"{NO_EXTRA}from featuregen.cli.app import run_app; "
        f"sys.exit(run_app(['draft', {str(ticket)!r}, '--model', 'openai:gpt-5', '--json']))"
    )
    done = run_python(code)
    assert done.returncode == 1
    assert "error: the extra featuregen[llm] is not installed" in done.stderr
    told = Document.model_validate_json(done.stdout)
    assert told.error is not None
    assert "featuregen init" in (told.error.hint or "")


@pytest.mark.parametrize("model", ["nonsense", "nobody:nothing"])
def test_a_model_that_does_not_exist_is_a_fault(model: str) -> None:
    pytest.importorskip("pydantic_ai")
    with pytest.raises(FeaturegenError, match=f"the model '{model}' cannot be used: ") as caught:
        draft(TICKET, model)
    assert caught.value.exit_code == 1


def test_the_model_comes_from_the_environment_where_no_option_names_it(ticket: Path) -> None:
    pytest.importorskip("pydantic_ai")
    # A model of pydantic-ai's own, which always says the same: no spec.
    done = featuregen("draft", ticket, FEATUREGEN_MODEL="test")
    assert done.returncode == 1
    assert done.stderr.startswith("error: test:test wrote no spec that holds, in 6 attempts\n")


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b" \n", "the ticket is empty"),
        (b"\xff\xfe", "the ticket is not UTF-8 text"),
        (b"x" * 200_001, "the ticket is larger than 200 kB"),
    ],
)
def test_what_is_no_ticket_is_refused(data: bytes, what: str, ticket: Path) -> None:
    ticket.write_bytes(data)
    done = featuregen("draft", ticket, "--model", "test")
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {what}\n")


def test_a_ticket_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    done = featuregen("draft", "missing.md", "--model", "test", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error: the ticket cannot be read: no such file or directory\n")


def test_a_command_without_a_model_imports_no_model_library() -> None:
    code = (
        "import sys; from featuregen.cli.app import run_app; run_app(['draft', '--help']); "
        "sys.exit(any(name in sys.modules for name in ('pydantic_ai', 'pydantic', 'yaml')))"
    )
    assert run_python(code).returncode == 0


def test_a_conversation_leaves_no_event_loop_behind() -> None:
    before = {id(loop) for loop in open_loops()}
    with ThreadPoolExecutor(1) as fresh:  # a thread that has no loop which could serve again
        fresh.submit(Scripted(BAD, GOOD, ANSWERED).draft).result()
    assert [loop for loop in open_loops() if id(loop) not in before] == []


def open_loops() -> list[asyncio.AbstractEventLoop]:
    found = (each for each in gc.get_objects() if isinstance(each, asyncio.AbstractEventLoop))
    return [loop for loop in found if not loop.is_closed()]
