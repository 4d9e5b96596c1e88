"""Random edits by a person, random changes of the specs, random runs: nothing is ever lost."""

# ruff: noqa: E501 - a table of changes reads best with one on a line

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest
from lifecycle_scenes import is_due, remove_now, tree, update_now

from featuregen.cli.run import CONFLICT
from featuregen.errors import FeaturegenError
from featuregen.results import RunResult

CHANGES = {
    "greeting": (
        ("max_length: 80", "max_length: 90"),
        ("  say_goodbye: {method: GET, path: /goodbye,", "  say_goodbye: {method: GET, path: /bye,"),
        (
            "operations:\n",
            "operations:\n  say_more: {method: GET, path: /more, response: Greeting, hook: say_more}\n",
        ),
        ("feature: greeting\n", "feature: greeting\nplural: hellos\n"),
        ("auth: none, hook: say_hello", "rate_limit: 3/minute, hook: say_hello"),
    ),
    "poll": (
        ("poll_size: {type: int, default: 20", "poll_limit: {type: int, default: 9"),
        ("PollClosedError: {status: 409, title: Poll closed}", "PollShutError: {status: 410, title: Shut}"),
        ("errors: [PollClosedError]", "errors: [PollShutError]"),
        ("weight: {type: decimal, gt: 0, le: 1, decimal_places: 2}", "weight: {type: int, ge: 0}"),
        ("auth: none\n", "permission: polls.vote\n"),
    ),
    "ticket": (
        ("values: [low, high]", "values: [low, high, now]"),
        ("  desk:\n    base_url", "  helpdesk:\n    base_url"),
        ("desk_key: {type: secret", "desk_key: {description: Of the desk, type: secret"),
        ("      subject: {type: string, max_length: 120}\n", "      subject: {type: string}\n      by: {type: string, required: false}\n"),
        ("receive: {ticket_id: id, subject: title}\n  get", "receive: {ticket_id: id, subject: title}\n    summary: Open one\n  get"),
        ("    permission: tickets.read\n", "    permission: tickets.see\n    rate_limit: 9/minute\n"),
    ),
}  # fmt: skip
"""Each can be made on its own or with the others; the errors of `poll` go in pairs."""

PAIRED = "PollClosedError"


class Person:
    """Edits files at random; every edit carries a mark of its own."""

    def __init__(self, root: Path, dice: random.Random) -> None:
        self.root = root
        self.dice = dice
        self.marks: dict[str, str] = {}

    def edit(self) -> None:
        files = [path for path, one in tree(self.root).items() if self.may_edit(path, one[0])]
        path = self.dice.choice(files)
        lines = (self.root / path).read_text().splitlines(keepends=True)
        mark = f"mark{len(self.marks):03}x{self.dice.randrange(10**6)}"
        at = self.dice.randrange(len(lines) + 1)
        comment = "<!-- {} -->\n" if path.endswith(".md") else "# {}\n"
        following = lines[at] if at < len(lines) else ""
        indent = following[: len(following) - len(following.lstrip())] if following.strip() else ""
        lines.insert(at, indent + comment.format(mark))
        (self.root / path).write_text("".join(lines))
        self.marks[mark] = path

    @staticmethod
    def may_edit(path: str, kind: str) -> bool:
        return kind == "file" and path.endswith((".py", ".md", ".example", ".toml"))

    def change_specs(self) -> None:
        for feature, changes in CHANGES.items():
            spec = self.root / f"features/{feature}.yaml"
            chosen = {change for change in changes if self.dice.random() < 0.4}
            pair = {change for change in changes if PAIRED in change[0]}
            if chosen & pair:
                chosen |= pair
            for old, text in chosen:
                spec.write_text(spec.read_text().replace(old, text))


def places(root: Path, mark: str) -> list[str]:
    return [
        path
        for path, (kind, _, content) in tree(root).items()
        if kind == "file" and not path.startswith(".featuregen") and mark.encode() in content
    ]


def check(person: Person, result: RunResult) -> None:
    for mark, path in person.marks.items():
        found = [place for place in places(person.root, mark) if not place.endswith(".theirs")]
        assert len(found) == 1, f"{mark} of {path} is in {found}"
    open_files = {conflict.path for conflict in result.conflicts}
    for path, (kind, _, content) in tree(person.root).items():
        if kind == "file" and path.endswith(".py") and path not in open_files:
            compile(content, path, "exec")


def play(root: Path, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - no secret
    person = Person(root, dice)
    for _ in range(dice.randrange(1, 7)):
        person.edit()
    person.change_specs()
    result = update_now(root, conflicts=dice.choice(["inline", "file"]))
    check(person, result)
    assert result.kept is None or result.kept.lost == ()
    if result.conflicts:
        return
    assert not is_due(root)
    assert update_now(root).outcome == "unchanged"
    feature = dice.choice(sorted(CHANGES))
    removed = removed_or_blocked(root, feature)
    if removed is not None:
        check(person, removed)


def removed_or_blocked(root: Path, feature: str) -> RunResult | None:
    """None where an edit of the skeleton's still imports what would go, which is told."""
    before = tree(root)
    try:
        return remove_now(root, feature)
    except FeaturegenError as error:
        if error.exit_code != CONFLICT or "imports" not in str(error.where):
            raise
    assert tree(root) == before
    return None


@pytest.mark.parametrize("seed", range(8))
def test_no_edit_is_lost_or_doubled(seed: int, trio: Path) -> None:
    play(trio, seed)


@pytest.mark.heavy
def test_no_edit_is_lost_or_doubled_in_many_runs(trio: Path, scratch: Path) -> None:
    root = scratch / "copy" / "shop-api"
    for seed in range(100, 400):
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(trio, root)
        try:
            play(root, seed)
        except (AssertionError, FeaturegenError) as reason:
            raise AssertionError(f"seed {seed}: {reason}") from reason
