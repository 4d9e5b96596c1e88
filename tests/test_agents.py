"""What coding agents read: installed, kept up to date, and never taken away from its user."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from cli_process import featuregen
from conftest import snapshot
from hypothesis import given
from hypothesis import strategies as st

from featuregen.agents import installing, targets
from featuregen.agents.installing import MEMORY, install
from featuregen.agents.parts import find, put
from featuregen.agents.targets import SERVERS, TARGETS, assets
from featuregen.cli.grammar import COMMANDS
from featuregen.errors import FeaturegenError
from featuregen.json_models import RunDocument

TEMPLATES = Path(targets.__file__).parent / "templates"
SKILL = TEMPLATES / "SKILL.md"
CLAUDE_SKILL = ".claude/skills/implement-feature/SKILL.md"
ENTRY = {"command": "featuregen", "args": ["mcp"]}


def test_the_skill_has_at_most_80_lines() -> None:
    assert len(SKILL.read_text(encoding="utf-8").splitlines()) <= 80


def test_the_note_has_five_lines() -> None:
    assert len((TEMPLATES / "AGENTS.md").read_text(encoding="utf-8").splitlines()) == 5


def test_the_skill_names_only_tools_and_commands_that_exist() -> None:
    tools = {
        "inspect_project", "spec_reference", "check_spec", "plan_feature",
        "generate_feature", "update_feature", "verify_feature", "explain",
    }  # fmt: skip
    text = SKILL.read_text(encoding="utf-8")
    named = set(re.findall(r"`(\w+_\w+)(?:\(|`)", text))
    assert named == tools - {"explain"}
    called = set(re.findall(r"`featuregen (\w+)", text))
    assert called
    assert called <= set(COMMANDS)


@pytest.mark.parametrize("target", [*TARGETS])
def test_each_agent_gets_skill_subagent_server_and_note(tmp_path: Path, target: str) -> None:
    result = install(tmp_path, (target,))
    assert {one.path for one in result.files} == {one.path for one in TARGETS[target]}
    assert {one.action for one in result.files} == {"create"}
    kinds = sorted(one.kind for one in TARGETS[target])
    assert kinds in (["block", "file", "file", "json"], ["block", "file", "file", "toml"])


def test_what_is_written_is_what_the_agents_parse(tmp_path: Path) -> None:
    install(tmp_path, ("all",))
    for path in (".mcp.json", ".cursor/mcp.json"):
        assert json.loads((tmp_path / path).read_text()) == {"mcpServers": {"featuregen": ENTRY}}
    config = tomllib.loads((tmp_path / ".codex/config.toml").read_text())
    assert config == {"mcp_servers": {"featuregen": ENTRY}}
    subagent = tomllib.loads((tmp_path / ".codex/agents/featuregen.toml").read_text())
    assert set(subagent) == {"name", "description", "developer_instructions"}
    for path in (CLAUDE_SKILL, ".claude/agents/featuregen.md"):
        head = (tmp_path / path).read_text().split("---\n")[1]
        assert re.match(r"name: [a-z-]+\ndescription: .+\n\Z", head)


def test_both_subagents_say_the_same() -> None:
    markdown = (TEMPLATES / "subagent.md").read_text(encoding="utf-8").split("---\n")[2]
    data = tomllib.loads((TEMPLATES / "subagent.toml").read_text(encoding="utf-8"))
    assert data["developer_instructions"].strip() == markdown.strip()


def test_a_second_install_changes_no_byte(tmp_path: Path) -> None:
    install(tmp_path, ("all",))
    before = snapshot(tmp_path)
    assert install(tmp_path, ()).outcome == "unchanged"
    assert snapshot(tmp_path) == before


def test_without_a_name_only_what_is_installed_is_looked_at(tmp_path: Path) -> None:
    install(tmp_path, ("claude",))
    assert install(tmp_path, ()).files == ()
    assert not (tmp_path / ".cursor").exists()


def test_check_writes_nothing_and_says_what_is_due(tmp_path: Path) -> None:
    done = featuregen("agents", "install", "claude", "--check", "--json", "--into", tmp_path)
    document = RunDocument.model_validate_json(done.stdout)
    assert (done.returncode, document.outcome) == (3, "due")
    assert len(document.files) == 4
    assert snapshot(tmp_path) == {}
    assert featuregen("agents", "install", "claude", "--into", tmp_path).returncode == 0
    assert featuregen("agents", "install", "--check", "--into", tmp_path).returncode == 0


def newer(monkeypatch: pytest.MonkeyPatch, old: str, new: str) -> None:
    """A later featuregen, whose texts say `new` for `old`."""
    from featuregen.agents.targets import text_of

    monkeypatch.setattr(installing, "text_of", lambda asset: text_of(asset).replace(old, new))


def test_an_edit_of_the_skill_survives_a_newer_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, ("claude",))
    skill = tmp_path / CLAUDE_SKILL
    skill.write_text(skill.read_text().replace("## 8. Report\n", "## 8. Report\n\nIn German.\n"))
    newer(monkeypatch, "Read the ticket, and", "Read the whole ticket, and")
    result = install(tmp_path, ("claude",))
    assert [(one.path, one.action) for one in result.files] == [(CLAUDE_SKILL, "modify")]
    assert "In German.\n" in skill.read_text()
    assert "Read the whole ticket, and" in skill.read_text()


def test_edits_of_one_line_on_both_sides_are_a_conflict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, ("claude",))
    skill = tmp_path / CLAUDE_SKILL
    skill.write_text(skill.read_text().replace("Read the ticket, and", "Read it twice, and"))
    newer(monkeypatch, "Read the ticket, and", "Read the whole ticket, and")
    result = install(tmp_path, ("claude",))
    assert [one.path for one in result.conflicts] == [CLAUDE_SKILL]
    assert "<<<<<<< yours" in skill.read_text()


def test_a_skill_of_the_same_name_is_not_touched(tmp_path: Path) -> None:
    skill = tmp_path / CLAUDE_SKILL
    skill.parent.mkdir(parents=True)
    skill.write_text("Mine.\n", encoding="utf-8")
    done = featuregen("agents", "install", "claude", "--into", tmp_path)
    assert done.returncode == 3
    assert "kept yours" in done.stdout
    assert skill.read_text() == "Mine.\n"
    assert featuregen("agents", "install", "claude", "--into", tmp_path).returncode == 3


def test_what_the_user_has_deleted_stays_deleted(tmp_path: Path) -> None:
    install(tmp_path, ("all",))
    (tmp_path / ".claude/agents/featuregen.md").unlink()
    (tmp_path / ".mcp.json").write_text('{"mcpServers": {}}\n')
    (tmp_path / "AGENTS.md").write_text("# Ours\n")
    result = install(tmp_path, ("all",))
    assert result.files == ()
    assert len(result.notes) == 3
    assert (tmp_path / "AGENTS.md").read_text() == "# Ours\n"


def test_other_servers_and_text_stay_as_they_are(tmp_path: Path) -> None:
    ours = '{\n    "mcpServers": {\n        "db": {"command": "db"}\n    },\n    "x": [1,  2]\n}\n'
    (tmp_path / ".mcp.json").write_text(ours)
    (tmp_path / "AGENTS.md").write_text("# Rules\n\nBe kind.\n")
    (tmp_path / ".codex").mkdir()
    (tmp_path / ".codex/config.toml").write_text('model = "m"  # ours\n\n[mcp_servers.db]\nx = 1\n')
    install(tmp_path, ("all",))
    text = (tmp_path / ".mcp.json").read_text()
    assert json.loads(text)["mcpServers"] == {"db": {"command": "db"}, "featuregen": ENTRY}
    assert set(ours.splitlines()) <= set(text.splitlines())
    assert (tmp_path / "AGENTS.md").read_text().startswith("# Rules\n\nBe kind.\n\n<!-- featuregen")
    config = (tmp_path / ".codex/config.toml").read_text()
    assert config.startswith('model = "m"  # ours\n\n[mcp_servers.db]\nx = 1\n\n')
    assert set(tomllib.loads(config)["mcp_servers"]) == {"db", "featuregen"}


def test_a_server_entry_that_the_user_changed_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, ("all",))
    for path, old, new in (
        (".mcp.json", '"featuregen", "args"', '"uvx", "args"'),
        (".codex/config.toml", 'command = "featuregen"', 'command = "uvx"'),
    ):
        file = tmp_path / path
        file.write_text(file.read_text().replace(old, new))
    newer(monkeypatch, "mcp", "mcp --new")
    before = (tmp_path / ".mcp.json").read_text(), (tmp_path / ".codex/config.toml").read_text()
    result = install(tmp_path, ("all",))
    after = (tmp_path / ".mcp.json").read_text(), (tmp_path / ".codex/config.toml").read_text()
    assert after == before
    assert any("kept yours" in note for note in result.notes)


def test_an_untouched_server_entry_becomes_the_newer_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".mcp.json").write_text('{"mcpServers": {"a": {}, "b": {"x": "featuregen"}}}')
    install(tmp_path, ("claude", "codex"))
    newer(monkeypatch, '["mcp"]', '["mcp", "--offline"]')
    install(tmp_path, ("claude", "codex"))
    servers = json.loads((tmp_path / ".mcp.json").read_text())["mcpServers"]
    assert servers["featuregen"]["args"] == ["mcp", "--offline"]
    assert (servers["a"], servers["b"]) == ({}, {"x": "featuregen"})
    config = tomllib.loads((tmp_path / ".codex/config.toml").read_text())
    assert config["mcp_servers"]["featuregen"]["args"] == ["mcp", "--offline"]


def test_a_broken_configuration_is_left_alone_and_told(tmp_path: Path) -> None:
    (tmp_path / ".mcp.json").write_text("{ // with a comment\n}\n")
    done = featuregen("agents", "install", "claude", "--into", tmp_path)
    assert done.returncode == 3
    assert '"featuregen": {"command": "featuregen", "args": ["mcp"]}' in done.stdout
    assert (tmp_path / ".mcp.json").read_text() == "{ // with a comment\n}\n"
    assert (tmp_path / CLAUDE_SKILL).is_file()


def test_an_agent_that_is_not_known_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(FeaturegenError, match="no coding agent 'emacs'"):
        install(tmp_path, ("emacs",))
    assert featuregen("agents", "remove", "--into", tmp_path).returncode == 2


def test_a_folder_with_agents_files_alone_can_become_a_project(tmp_path: Path) -> None:
    from cli_process import GOOD

    root = tmp_path / "api"
    root.mkdir()
    install(root, ("all",))
    spec = tmp_path / "greeting.yaml"
    spec.write_text(GOOD, encoding="utf-8")
    assert featuregen("new", spec, "--into", root, "--no-verify").returncode == 0
    assert install(root, ()).outcome == "unchanged"
    status = json.loads(featuregen("status", "--json", "--into", root).stdout)
    assert [one["name"] for one in status["features"]] == ["greeting"]


def test_a_damaged_memory_is_a_clear_fault(tmp_path: Path) -> None:
    (tmp_path / ".featuregen").mkdir()
    (tmp_path / MEMORY).write_text("[]")
    with pytest.raises(FeaturegenError, match="cannot be read"):
        install(tmp_path, ())


def test_no_file_is_written_through_a_symlink(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (root / ".claude").symlink_to(outside)
    with pytest.raises(FeaturegenError, match="symlink"):
        install(root, ("claude",))
    assert list(outside.iterdir()) == []


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner),
    max_leaves=8,
)
NAMES = st.text(max_size=8) | st.sampled_from(["featuregen", "mcpServers"])
CONFIGS = st.fixed_dictionaries(
    {"a": VALUES}, optional={"mcpServers": st.dictionaries(NAMES, VALUES, max_size=4), "b": VALUES}
)


@given(config=CONFIGS, indent=st.sampled_from([None, 1, 4]))
def test_an_entry_is_put_into_any_json_or_not_at_all(
    config: dict[str, object], indent: int | None
) -> None:
    before = dict(reversed(config.items()))  # `a` last: nothing stands before the servers
    text = json.dumps(before, indent=indent)
    after = put("json", text, SERVERS["json"])
    if "mcpServers" in list(before)[:1] or "mcpServers" not in text:
        assert after is not None
    if after is not None:
        servers = before.get("mcpServers", {})
        assert isinstance(servers, dict)
        assert json.loads(after) == {**before, "mcpServers": {**servers, "featuregen": ENTRY}}
        assert find("json", after) == json.dumps(ENTRY)


def test_every_asset_is_in_the_package() -> None:
    for asset in assets(("all",)):
        assert targets.text_of(asset)
