"""The functions of `copier.yml`. They run in copier's process, before it has written anything.

So a bad spec, or a template of another version, stops copier while the project is untouched.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path, PurePath
from typing import Any

from jinja2 import Environment
from jinja2.ext import Extension

from featuregen.answers import Answers, dump_answers
from featuregen.errors import FeaturegenError

_REPLAY = "_src_path"
"""Stands in copier's data only while it renders an old answers file anew, to compare."""


class TemplateExtension(Extension):
    """Gives the template `featuregen_spec`, `featuregen_name` and `featuregen_answers`."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        functions: dict[str, Callable[..., str]] = {
            "featuregen_spec": spec_text,
            "featuregen_name": feature_name,
            "featuregen_answers": answers_text,
        }
        environment.globals.update(functions)


def spec_text(template: str, data: Mapping[str, Any], into: PurePath, last: str) -> str:
    """The spec to write into the answers: the one given, or the one of the last time.

    Raises copier's `UserMessageError` where the one given does not hold, or cannot be applied.
    """
    from featuregen.copying import check_given, check_version, given_spec

    if _REPLAY in data:
        return str(data.get("applied") or "")
    try:
        check_version(template)
        given = given_spec(data, sys.argv)
        if given is None:
            return last
        check_given(given, Path(into), last)
    except FeaturegenError as error:
        raise _told(error) from None
    return given.text


def feature_name(spec: str) -> str:
    """The feature that a valid spec is of; `none` without a spec."""
    from featuregen.spec.load import parse_spec

    return parse_spec(spec, "spec").feature if spec else "none"


def answers_text(answers: Mapping[str, Any], feature: str, spec: str) -> str:
    """The answers file."""
    given = Answers(feature, spec)
    return dump_answers(
        Answers(
            feature,
            spec,
            str(answers.get("_commit") or given.commit),
            str(answers.get("_src_path") or given.source),
        )
    )


def _told(error: FeaturegenError) -> Exception:
    from copier.errors import UserMessageError

    from featuregen.cli.faults import error_text
    from featuregen.terminal import style_of

    return UserMessageError(error_text(error, style_of(sys.stderr)).rstrip("\n"))
