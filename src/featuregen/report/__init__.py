"""What a run did, for people: short for the terminal, whole as Markdown. Says only what ran."""

from __future__ import annotations

from featuregen.report.changes import change_as_text
from featuregen.report.dry_run import plan_as_text
from featuregen.report.markdown import as_markdown
from featuregen.report.text import as_text

__all__ = ["as_markdown", "as_text", "change_as_text", "plan_as_text"]
