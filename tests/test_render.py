"""Rendering: the compiled templates that are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from featuregen.house import House
from featuregen.render import environment

TEMPLATE = "feature/tests/test_feature_api.py.jinja"


def test_what_a_house_compiled_does_not_disturb_a_project_without_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEATUREGEN_CACHE_DIR", str(tmp_path / "cache"))
    environment.cache_clear()
    environment(House(tmp_path / "house", (), "")).get_template(TEMPLATE)
    compiled = {path.name for path in (tmp_path / "cache").rglob("*.cache")}
    environment(None).get_template(TEMPLATE)
    environment.cache_clear()
    assert len(set((tmp_path / "cache").rglob("*.cache"))) == 2 * len(compiled) > 0
