"""The MCP server in memory, in both eras of the protocol."""

from __future__ import annotations

from json import dumps, loads
from pathlib import Path
from typing import Any, Literal

import pytest
from conftest import PAYMENT, snapshot

pytest.importorskip("mcp", reason="the extra featuregen[mcp] is not installed")

import anyio
from mcp import Client
from mcp.types import ElicitRequestParams, ElicitResult, TextResourceContents
from mcp_client import GREETING, PUBLIC, Answer, call, connected, follow

from featuregen.mcp.pages import PAGE
from featuregen.pipeline import Options

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=["auto", "legacy"])
def mode(request: pytest.FixtureRequest) -> str:
    """Both eras: one request at a time since 2026-07-28, a session with a handshake before."""
    return str(request.param)


async def generated(root: Path, spec: str = GREETING) -> Answer:
    async with connected(root) as client:
        plan = await call(client, "plan_feature", spec=spec)
        return await call(client, "generate_feature", plan_id=plan["plan_id"])


async def test_the_two_modes_are_the_two_eras(tmp_path: Path) -> None:
    async with connected(tmp_path) as modern, connected(tmp_path, mode="legacy") as legacy:
        assert modern.protocol_version >= "2026-07-28" > legacy.protocol_version


async def test_the_whole_tool_list_takes_at_most_8_kb(tmp_path: Path, mode: str) -> None:
    async with connected(tmp_path, mode=mode) as client:
        tools = await client.list_tools()
    assert [tool.name for tool in tools.tools] == [
        "inspect_project", "spec_reference", "check_spec", "plan_feature",
        "generate_feature", "update_feature", "verify_feature", "explain",
    ]  # fmt: skip
    assert len(tools.model_dump_json(by_alias=True, exclude_none=True).encode()) <= 8_000


async def test_every_tool_says_whether_it_writes(tmp_path: Path) -> None:
    async with connected(tmp_path) as client:
        tools = (await client.list_tools()).tools
    writing = {
        tool.name for tool in tools if tool.annotations and tool.annotations.read_only_hint is False
    }
    reading = {tool.name for tool in tools if tool.annotations and tool.annotations.read_only_hint}
    assert writing == {"generate_feature", "update_feature"}
    assert writing | reading == {tool.name for tool in tools}


async def test_a_ticket_becomes_a_feature(tmp_path: Path, mode: str) -> None:
    told: list[tuple[float, str | None]] = []

    async def listen(progress: float, total: float | None, message: str | None) -> None:
        assert total is not None
        told.append((progress, message))

    async with connected(tmp_path, mode=mode) as client:
        assert not (await call(client, "inspect_project"))["exists"]
        checked = await call(client, "check_spec", spec=GREETING)
        assert checked["ok"]
        plan = await follow(client, checked)
        assert snapshot(tmp_path) == {}
        result = await client.call_tool(
            "generate_feature", {"plan_id": plan["plan_id"]}, progress_callback=listen
        )
        assert result.structured_content is not None
        done = result.structured_content
        assert (done["outcome"], done["ok"]) == ("created", True)
        seen = await call(client, "inspect_project")
    assert (tmp_path / "features/greeting.yaml").read_text(encoding="utf-8") == GREETING
    assert [one["name"] for one in seen["features"]] == ["greeting"]
    assert seen["routes"] == ["GET /api/v1/greetings"]
    assert [step["why"].partition(" at ")[0] for step in done["next"]] == [
        "write say_hello()",
        "once that is done",
    ]
    assert [at for at, _ in told] == sorted({at for at, _ in told})
    assert "render" in {text for _, text in told}


async def test_nothing_but_generate_and_update_writes(payment_project: Path) -> None:
    before = snapshot(payment_project)
    changed = PAYMENT.read_text(encoding="utf-8").replace("le: 10000", "le: 5000")
    async with connected(payment_project) as client:
        await call(client, "inspect_project")
        await call(client, "check_spec", spec=changed)
        await call(client, "plan_feature", spec=changed)
        await call(client, "plan_feature", spec=GREETING)
        await call(client, "explain", subject="FG103")
    assert snapshot(payment_project) == before


async def test_a_did_you_mean_is_an_exact_edit(tmp_path: Path) -> None:
    wrong = GREETING.replace("string", "strin").replace("path: /", "pathh: /")
    async with connected(tmp_path) as client:
        checked = await call(client, "check_spec", spec=wrong)
        lines = wrong.splitlines()
        fixes = [one["fix"] for one in checked["diagnostics"] if one["fix"]]
        assert [(one["old"], one["new"]) for one in fixes] == [
            ("strin", "string"),
            ("pathh", "path"),
        ]
        for fix in fixes:
            assert lines[fix["line"] - 1].startswith(fix["old"], fix["column"] - 1)
        mended = await follow(client, checked)
    assert mended["ok"]
    assert "+  Greeting: {fields: {text: {type: string," in mended["spec_diff"]


async def test_a_fix_is_given_only_where_the_word_stands(tmp_path: Path) -> None:
    async with connected(tmp_path) as client:
        checked = await call(client, "check_spec", spec=GREETING.replace("say_hello:", "1bad:"))
    assert checked["diagnostics"]
    assert not [one for one in checked["diagnostics"] if one["fix"]]


async def test_an_urgent_question_comes_before_the_plan(tmp_path: Path, mode: str) -> None:
    async with connected(tmp_path, mode=mode) as client:
        waiting = await call(client, "plan_feature", spec=PUBLIC)
        assert (waiting["status"], waiting["plan_id"]) == ("needs_input", "")
        question = waiting["questions"][0]
        assert question["severity"] == "high"
        assert any(option["edit"].count("+") for option in question["options"])
        answers = [f"{one['id']}@{one['at']}={one['default']}" for one in waiting["questions"]]
        plan = await call(client, "plan_feature", spec=waiting["spec_id"], answers=answers)
        assert plan["plan_id"]
        assert plan["spec_diff"]
        done = await call(client, "generate_feature", plan_id=plan["plan_id"])
    assert done["outcome"] == "created"
    kept = (tmp_path / "features/greeting.yaml").read_text(encoding="utf-8")
    added = [line[1:] for line in plan["spec_diff"].splitlines()[2:] if line.startswith("+")]
    assert added
    assert set(added) <= set(kept.splitlines())


async def test_no_because_is_an_answer_that_the_spec_keeps(tmp_path: Path) -> None:
    async with connected(tmp_path) as client:
        waiting = await call(client, "plan_feature", spec=PUBLIC)
        answers = [
            f"{one['id']}=no, because the gateway sees to it" for one in waiting["questions"]
        ]
        plan = await call(client, "plan_feature", spec=PUBLIC, answers=answers)
    assert plan["plan_id"]
    assert plan["spec_diff"].count("because: the gateway sees to it") == len(answers)


async def test_the_person_is_asked_where_the_client_can(tmp_path: Path, mode: str) -> None:
    asked: list[dict[str, Any]] = []

    def person(params: ElicitRequestParams) -> ElicitResult:
        schema: dict[str, Any] = params.model_dump()["requested_schema"]
        asked.append(schema)
        return ElicitResult(
            action="accept",
            content={name: one["enum"][0] for name, one in schema["properties"].items()},
        )

    async with connected(tmp_path, mode=mode, person=person) as client:
        plan = await call(client, "plan_feature", spec=PUBLIC)
    assert plan["plan_id"]
    assert plan["spec_diff"]
    [form] = asked
    assert set(form["required"]) == set(form["properties"])
    for field in form["properties"].values():
        assert field["enum"][-1] == "leave it open"
        assert field["title"]
        assert field["description"]


@pytest.mark.parametrize("action", ["decline", "cancel"])
async def test_a_person_who_does_not_answer_leaves_it_to_the_agent(
    tmp_path: Path, mode: str, action: Literal["decline", "cancel"]
) -> None:
    def person(params: ElicitRequestParams) -> ElicitResult:
        assert params.message
        return ElicitResult(action=action)

    async with connected(tmp_path, mode=mode, person=person) as client:
        assert (await call(client, "plan_feature", spec=PUBLIC))["status"] == "needs_input"


async def test_nobody_is_asked_about_a_spec_without_questions(tmp_path: Path) -> None:
    def person(params: ElicitRequestParams) -> ElicitResult:
        raise AssertionError(params)

    async with connected(tmp_path, person=person) as client:
        assert (await call(client, "plan_feature", spec=GREETING))["plan_id"]
        assert (await call(client, "plan_feature", spec="featuregen: 1\n"))["diagnostics"]


async def test_a_plan_is_stale_once_the_project_has_changed(tmp_path: Path) -> None:
    async with connected(tmp_path) as client:
        plan = await call(client, "plan_feature", spec=GREETING)
        other = await call(client, "plan_feature", spec=GREETING.replace("greeting", "salute"))
        await call(client, "generate_feature", plan_id=other["plan_id"])
        before = snapshot(tmp_path)
        refused = await call(client, "generate_feature", plan_id=plan["plan_id"])
        assert refused["exit_code"] == 3
        assert "stale" in refused["error"]["what"]
        again = await call(client, "plan_feature", spec=GREETING)
        assert snapshot(tmp_path) == before
        assert (await call(client, "generate_feature", plan_id=again["plan_id"]))["ok"]


async def test_a_plan_is_stale_once_a_file_that_it_changes_has_changed(tmp_path: Path) -> None:
    await generated(tmp_path)
    async with connected(tmp_path) as client:
        plan = await call(client, "plan_feature", spec=GREETING.replace("greeting", "salute"))
        readme = tmp_path / "README.md"
        readme.write_text(f"{readme.read_text()}\nMine.\n", encoding="utf-8")
        assert "stale" in (await _error(client, plan))


async def test_a_plan_is_stale_once_its_spec_file_has_changed(tmp_path: Path) -> None:
    spec = tmp_path / "features" / "greeting.yaml"
    spec.parent.mkdir()
    spec.write_text(GREETING, encoding="utf-8")
    async with connected(tmp_path) as client:
        plan = await call(client, "plan_feature", spec="features/greeting.yaml")
        spec.write_text(GREETING.replace("100", "50"), encoding="utf-8")
        assert "stale" in (await _error(client, plan))
        assert "no plan" in (await _error(client, {"plan_id": "p-000000000000"}))


async def _error(client: Client, plan: Answer) -> str:
    answer = await call(client, "generate_feature", plan_id=plan["plan_id"])
    assert not answer["ok"]
    return str(answer["error"]["what"])


async def test_answers_are_written_into_the_spec_file_with_the_feature(tmp_path: Path) -> None:
    spec = tmp_path / "features" / "greeting.yaml"
    spec.parent.mkdir()
    spec.write_text(f"# ours\n{PUBLIC}", encoding="utf-8")
    async with connected(tmp_path) as client:
        waiting = await call(client, "plan_feature", spec="features/greeting.yaml")
        answers = [f"{one['id']}@{one['at']}={one['default']}" for one in waiting["questions"]]
        plan = await call(client, "plan_feature", spec="features/greeting.yaml", answers=answers)
        assert spec.read_text(encoding="utf-8") == f"# ours\n{PUBLIC}"
        assert (await call(client, "generate_feature", plan_id=plan["plan_id"]))["ok"]
    written = spec.read_text(encoding="utf-8")
    assert written.startswith("# ours\n")
    assert written != f"# ours\n{PUBLIC}"


async def test_an_update_keeps_edits_and_tells_clients_what_changes(tmp_path: Path) -> None:
    await generated(tmp_path)
    hooks = tmp_path / "app/services/greeting_hooks.py"
    mine = hooks.read_text(encoding="utf-8").replace(
        'raise NotImplementedYetError("say_hello")', 'return Greeting(text="Hello")'
    )
    hooks.write_text(mine, encoding="utf-8")
    changed = GREETING.replace("path: /", "path: /hello")
    async with connected(tmp_path) as client:
        plan = await call(client, "plan_feature", spec=changed)
        assert [one["breaking"] for one in plan["contract"]]
        wrong = await call(client, "generate_feature", plan_id=plan["plan_id"])
        assert "update_feature" in wrong["error"]["hint"]
        done = await call(client, "update_feature", plan_id=plan["plan_id"])
    assert done["outcome"] == "updated"
    assert 'return Greeting(text="Hello")' in hooks.read_text(encoding="utf-8")
    assert (tmp_path / "features/greeting.yaml").read_text(encoding="utf-8") == changed


async def test_an_update_does_not_overwrite_a_spec_with_changes_of_its_own(tmp_path: Path) -> None:
    await generated(tmp_path)
    spec = tmp_path / "features/greeting.yaml"
    spec.write_text(GREETING.replace("100", "70"), encoding="utf-8")
    async with connected(tmp_path) as client:
        refused = await call(client, "plan_feature", spec=GREETING.replace("100", "50"))
        assert "never applied" in refused["error"]["what"]
        plan = await call(client, "plan_feature", spec="features/greeting.yaml")
        assert (await call(client, "update_feature", plan_id=plan["plan_id"]))["ok"]


async def test_a_failed_update_leaves_the_spec_as_it_was(tmp_path: Path) -> None:
    await generated(tmp_path)
    async with connected(tmp_path) as client:
        plan = await call(client, "plan_feature", spec=GREETING.replace("100", "50"))
    before = snapshot(tmp_path)
    broken = Options(verify=True, python=tmp_path / "no-python", offline=True)
    async with connected(tmp_path, options=broken) as client:
        plan = await call(client, "plan_feature", spec=GREETING.replace("100", "50"))
        assert not (await call(client, "update_feature", plan_id=plan["plan_id"]))["ok"]
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize(
    "path", ["../outside.yaml", "/etc/passwd", "link/outside.yaml", "a/../../outside.yaml"]
)
async def test_no_spec_outside_of_the_root_is_read(tmp_path: Path, path: str) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "outside.yaml").write_text(GREETING, encoding="utf-8")
    (root / "link").symlink_to(tmp_path)
    async with connected(root) as client:
        for tool in ("check_spec", "plan_feature"):
            refused = await call(client, tool, spec=path)
            assert "outside" in refused["error"]["what"]


@pytest.mark.parametrize("into", ["..", "/tmp", "link"])  # noqa: S108 - never written
async def test_nothing_outside_of_the_root_is_written(tmp_path: Path, into: str) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "link").symlink_to(tmp_path)
    async with connected(root) as client:
        for tool, more in (
            ("plan_feature", {"spec": GREETING}),
            ("inspect_project", {}),
            ("verify_feature", {}),
        ):
            refused = await call(client, tool, into=into, **more)
            assert "outside" in refused["error"]["what"]


async def test_a_project_above_the_root_is_not_touched(payment_project: Path) -> None:
    async with connected(payment_project / "features") as client:
        assert not (await call(client, "inspect_project"))["exists"]
        refused = await call(client, "verify_feature")
    assert "no featuregen project" in refused["error"]["what"]


async def test_the_project_may_be_a_folder_below_the_root(tmp_path: Path) -> None:
    async with connected(tmp_path) as client:
        plan = await call(client, "plan_feature", spec=GREETING, into="services/greeting")
        assert (await call(client, "generate_feature", plan_id=plan["plan_id"]))["ok"]
        seen = await call(client, "inspect_project", into="services/greeting")
    assert seen["exists"]
    assert seen["specs"] == ["services/greeting/features/greeting.yaml"]


async def test_a_long_answer_is_cut_and_explain_has_the_rest(tmp_path: Path) -> None:
    async with connected(tmp_path) as client:
        plan = await call(client, "plan_feature", spec=PAYMENT.read_text(encoding="utf-8"))
        assert len(dumps(plan).encode()) < 8_000
        [cut] = [one for one in plan["more"] if one["what"] == "diffs"]
        assert cut["shown"] == len(plan["diffs"]) < cut["total"]
        text, page = "", 1
        while True:
            part = await call(client, "explain", subject=cut["subject"], page=page)
            assert len(part["text"]) <= PAGE
            text += part["text"]
            if page == part["pages"]:
                break
            page += 1
        beyond = await call(client, "explain", subject=cut["subject"], page=page + 1)
    assert text.count("diff --git ") == cut["total"]
    assert page > 1
    assert "no page" in beyond["error"]["what"]


async def test_explain_knows_codes_and_questions(tmp_path: Path) -> None:
    async with connected(tmp_path) as client:
        assert "FG103" in (await call(client, "explain", subject="fg103"))["text"]
        assert "Severity" in (await call(client, "explain", subject="FGQ012"))["text"]
        assert (await call(client, "explain", subject="a99/diffs"))["error"]


async def test_the_reference_comes_topic_by_topic(tmp_path: Path) -> None:
    async with connected(tmp_path) as client:
        overview = (await call(client, "spec_reference"))["text"]
        topics = overview.rpartition("Topics: ")[2].strip().split(", ")
        assert {"fields", "operations", "upstreams", "schema", "example"} <= set(topics)
        for topic in topics:
            assert (await call(client, "spec_reference", topic=topic))["text"]
        near = await call(client, "spec_reference", topic="upstream")
    assert near["error"]["hint"] == "did you mean 'upstreams'?"


async def test_the_overview_has_a_spec_that_holds(tmp_path: Path) -> None:
    async with connected(tmp_path) as client:
        overview = (await call(client, "spec_reference"))["text"]
        spec = overview.split("```yaml\n")[1].split("```")[0]
        assert (await call(client, "check_spec", spec=spec))["diagnostics"] == []


async def test_resources_say_what_the_tools_say(tmp_path: Path, mode: str) -> None:
    await generated(tmp_path)
    async with connected(tmp_path, mode=mode) as client:
        uris = {str(one.uri) for one in (await client.list_resources()).resources}
        assert uris == {"featuregen://schema", "featuregen://examples/payment"}
        schema = loads(await _text(client, "featuregen://schema"))
        example = await _text(client, "featuregen://examples/payment")
        report = await _text(client, "featuregen://report/greeting")
        assert (await call(client, "check_spec", spec=example))["ok"]
        tool = await call(client, "spec_reference", topic="example")
    assert schema["$schema"].endswith("2020-12/schema")
    assert tool["text"] == example
    assert "/api/v1/greetings" in report


async def _text(client: Client, uri: str) -> str:
    [content] = (await client.read_resource(uri)).contents
    assert isinstance(content, TextResourceContents)
    return content.text


async def test_the_prompt_holds_the_ticket(tmp_path: Path) -> None:
    async with connected(tmp_path) as client:
        [prompt] = (await client.list_prompts()).prompts
        found = await client.get_prompt(prompt.name, {"ticket": "Greet people {politely}."})
    assert "Greet people {politely}." in found.model_dump_json()


async def test_a_file_that_is_no_text_is_a_diagnostic(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_bytes(b"\xff")
    async with connected(tmp_path) as client:
        told = await call(client, "check_spec", spec="x.yaml")
    assert told["error"]["what"] == "1 error in the spec"
    assert told["diagnostics"][0]["code"] == "FG109"


async def test_a_cancelled_call_ends_with_nothing_written(tmp_path: Path, mode: str) -> None:
    async with connected(tmp_path, mode=mode) as client:
        plan = await call(client, "plan_feature", spec=GREETING)
        with anyio.CancelScope() as scope:

            async def cancel(progress: float, total: float | None, message: str | None) -> None:
                assert total is not None
                assert progress < total
                if message == "plan":
                    scope.cancel()

            arguments = {"plan_id": plan["plan_id"]}
            await client.call_tool("generate_feature", arguments, progress_callback=cancel)
        assert scope.cancelled_caught
        assert not (await call(client, "inspect_project"))["exists"]
    assert snapshot(tmp_path) == {}
