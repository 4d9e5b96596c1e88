"""What the parts of a spec must say together: one file for each subject."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from featuregen.spec.draft import Draft
    from featuregen.spec.model import FeatureSpec


def check_all(spec: FeatureSpec, draft: Draft) -> None:
    """Every check; what they find goes to the draft's findings."""
