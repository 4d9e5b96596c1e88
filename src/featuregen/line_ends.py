r"""Line ends that git has changed: `core.autocrlf` checks text out with `\r\n`. That is no edit."""

from __future__ import annotations


def plain(text: bytes) -> bytes:
    r"""The text with `\n` at the end of each line."""
    return text.replace(b"\r\n", b"\n")


def same(one: bytes, other: bytes) -> bool:
    """Whether two texts are one but for their line ends."""
    return one == other or plain(one) == plain(other)


def ended_like(text: bytes, like: bytes) -> bytes:
    """The text with the line ends of another; that has one kind of them, or the text stays."""
    if not is_uniform(like):
        return text
    return plain(text).replace(b"\n", b"\r\n") if b"\r\n" in like else plain(text)


def is_uniform(text: bytes) -> bool:
    """Whether all lines end alike."""
    windows = text.count(b"\r\n")
    return windows in (0, text.count(b"\n"))
