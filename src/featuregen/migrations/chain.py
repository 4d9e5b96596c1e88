"""The one line that the revisions of all features make, grown while a run goes on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from featuregen.migrations.history import History
    from featuregen.plan.schema import Table
    from featuregen.spec.model import FeatureSpec

VERSIONS = "migrations/versions"


class Chain:
    """The project's history. It is read once a feature has changes to bring: most have none."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._history: History | None = None

    def extend(
        self, spec: FeatureSpec, old: Sequence[Table], new: Sequence[Table]
    ) -> dict[str, str]:
        """The file of the feature's next revision, not formatted yet; none where nothing changes.

        Raises `SpecError` where data may be lost and the spec does not allow it, `FeaturegenError`
        where the history has more than one end.
        """
        if tuple(old) == tuple(new):
            return {}
        from featuregen.migrations.history import read_history
        from featuregen.migrations.revision import revision

        history = self._history or read_history(self._root)
        made = revision(spec, old, new, history)
        if made is None:
            return {}
        self._history = history.plus(made.path, made.id)
        return {made.path: made.text}
