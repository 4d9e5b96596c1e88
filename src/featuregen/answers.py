"""`.featuregen/<feature>.yml`: copier's answers, so that plain `copier update` works.

They hold the spec as it was applied the last time, as one text: copier sorts the keys of what it
writes and reads YAML 1.1, where `no` is false; a text comes back as it was. `featuregen new` writes
the same file as `copier copy` does. The spec that people edit is `features/<feature>.yaml`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from featuregen.errors import FeaturegenError
from featuregen.git_conflicts import SAID, conflict_lines, first_side
from featuregen.version import VERSION

TEMPLATE_URL = "git+featuregen::templates"
"""The templates of the installed featuregen: git asks `git-remote-featuregen` for them."""

_HEAD = "# Written by featuregen for copier. Edit features/{feature}.yaml instead of this file.\n"
_WIDTH = 2**31 - 1  # never break a line
_UNFIT = "[^\n\t\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
_BREAKS = "[\u2028\u2029]"


@dataclass(frozen=True, slots=True)
class Answers:
    """What copier keeps of one feature."""

    feature: str
    spec: str
    commit: str = f"v{VERSION}"
    """The template's version, as `git describe` has it."""
    source: str = TEMPLATE_URL


def answers_path(feature: str) -> str:
    """Where the answers lie in their project."""
    return f".featuregen/{feature}.yml"


def dump_answers(answers: Answers) -> str:
    """The answers file; the spec is as readable in it as in its own file."""
    import yaml

    head = {"_commit": answers.commit, "_src_path": answers.source, "feature": answers.feature}
    lines = yaml.safe_dump(head, sort_keys=False, allow_unicode=True, width=_WIDTH)
    return _HEAD.format(feature=answers.feature) + lines + _applied(answers.spec)


def _applied(text: str) -> str:
    if _fits_a_block(text):
        indented = (f"  {line}\n" if line else "\n" for line in text[:-1].split("\n"))
        return "applied: |\n" + "".join(indented)
    import yaml

    quoted: str = yaml.safe_dump(text, default_style='"', allow_unicode=True, width=_WIDTH)
    return "applied: " + quoted


def _fits_a_block(text: str) -> bool:
    """Whether a literal block gives the text back, byte for byte."""
    return (
        text.endswith("\n")
        and not text.endswith("\n\n")
        and text[0] not in " \t\n"
        and not text[:-1].endswith((" ", "\t"))
        and _is_readable(text)
    )


def _is_readable(text: str) -> bool:
    if text.isascii() and text.replace("\n", " ").replace("\t", " ").isprintable():
        return True  # most specs: compiling the patterns would take longer than all the rest here
    return not re.search(_UNFIT, text) and not re.search(_BREAKS, text)


def load_answers(root: Path, feature: str) -> Answers | None:
    """The answers in the project; None where there are none. Raises `FeaturegenError`."""
    path = answers_path(feature)
    try:
        text = (root / path).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as reason:
        raise _broken(path, str(reason)) from reason
    return parse_answers(text, path)


def parse_answers(text: str, path: str) -> Answers:
    """Raises `FeaturegenError` for what is no answers file, also for one with conflict markers."""
    import yaml

    if lines := conflict_lines(text):
        raise _broken(f"{path}:{lines[0]}", SAID)
    try:
        data: Any = yaml.safe_load(text)
        return Answers(
            feature=_text(data["feature"]),
            spec=_text(data["applied"]),
            commit=str(data.get("_commit") or f"v{VERSION}"),
            source=str(data.get("_src_path") or TEMPLATE_URL),
        )
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as reason:
        raise _broken(path, f"{type(reason).__name__}: {reason}") from reason


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def answers_after(root: Path, feature: str, spec: str) -> Answers:
    """What the answers shall say once `spec` is applied by this version of featuregen."""
    try:
        before = load_answers(root, feature)
    except FeaturegenError:  # the spec they hold is in its own file, too
        before = _unmerged(root, feature)
    if before is None:
        return Answers(feature, spec)
    return Answers(feature, spec, _commit_now(before.commit), before.source)


def _unmerged(root: Path, feature: str) -> Answers | None:
    """Of answers that git could not merge: where their template is, as the first side has it."""
    path = answers_path(feature)
    try:
        return parse_answers(first_side((root / path).read_text(encoding="utf-8")), path)
    except (OSError, UnicodeDecodeError, FeaturegenError):
        return None


def _commit_now(commit: str) -> str:
    """This version's tag, unless the commit is of this version, or of none that it tells."""
    released = re.match(r"v?(\d+\.\d+\.\d+)", commit)
    return commit if released is None or released.group(1) == VERSION else f"v{VERSION}"


def _broken(path: str, why: str) -> FeaturegenError:
    return FeaturegenError(
        f"the answers file cannot be read: {why}",
        where=path,
        hint="delete it: the next 'featuregen update' writes it anew",
    )
