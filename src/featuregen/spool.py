"""Contents that a run has made and not yet written: in a file without a name, not in memory.

So a run that writes a hundred features needs no more memory than one that writes a few. The file is
gone with the process, however that ends; what is small never reaches the disk.
"""

from __future__ import annotations

import os
import tempfile
import weakref
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from featuregen.errors import FeaturegenError

_IN_MEMORY = 500_000
"""Bytes; a feature or two."""


class Spool:
    """Takes contents and gives them back, for as long as anything refers to it."""

    def __init__(self) -> None:
        file = tempfile.SpooledTemporaryFile(  # noqa: SIM115 - closed with the last reference
            max_size=_IN_MEMORY, prefix="featuregen-"
        )
        self._file = file
        self._end = 0
        weakref.finalize(self, file.close)

    def park(self, content: bytes) -> Parked:
        """Put a content away; raises `FeaturegenError` where the temporary folder is full."""
        return self.park_pieces((content,))

    def park_pieces(self, pieces: Iterable[bytes]) -> Parked:
        """Put a content away that is made piece by piece."""
        start = self._end
        size = 0
        try:
            self._file.seek(start)
            for piece in pieces:
                size += self._file.write(piece)
            self._file.flush()
        except OSError as reason:
            raise FeaturegenError(
                f"cannot write to the temporary folder: {reason.strerror}",
                where=tempfile.gettempdir(),
                hint="free some space there, or point TMPDIR elsewhere",
            ) from reason
        self._end = start + size
        return Parked(self, start, size)

    def read(self, start: int, size: int) -> bytes:
        """A content that was put away."""
        self._file.seek(start, os.SEEK_SET)
        return self._file.read(size)


@dataclass(frozen=True, slots=True)
class Parked:
    """Where in its spool a content lies."""

    spool: Spool
    start: int
    size: int

    def read(self) -> bytes:
        """The content."""
        return self.spool.read(self.start, self.size)


Held: TypeAlias = "bytes | Parked"
"""A content in memory, or put away."""


def content_of(held: Held) -> bytes:
    """The bytes, read each time where they are parked."""
    return held.read() if isinstance(held, Parked) else held
