"""Bytes as text for merging, and back without loss: encoding, BOM, line ends, final newline."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import Literal

from featuregen.merge.chunks import split_lines
from featuregen.merge.diff3 import align

_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")

Newlines = Literal["\n", "\r\n", "mixed"]


@dataclass(frozen=True, slots=True)
class Decoded:
    r"""A text whose lines all end in `\n`, with what is needed to write it as it was.

    Undecodable bytes are lone surrogates in `text`, so that every byte comes back.
    """

    text: str
    codec: str
    bom: bool
    newlines: Newlines
    final_newline: bool
    raw: str
    """The text with its own line ends."""


def is_binary(data: bytes) -> bool:
    return b"\0" in data


def decode(data: bytes) -> Decoded:
    bom = data.startswith(codecs.BOM_UTF8)
    if bom:
        data = data[len(codecs.BOM_UTF8) :]
    codec = _codec(data)
    raw = data.decode(codec, "surrogateescape")
    crlf, total = raw.count("\r\n"), raw.count("\n")
    newlines: Newlines = "\n" if not crlf else "\r\n" if crlf == total else "mixed"
    text = raw.replace("\r\n", "\n") if crlf else raw
    final_newline = text.endswith("\n") or not text
    return Decoded(text if final_newline else text + "\n", codec, bom, newlines, final_newline, raw)


def _codec(data: bytes) -> str:
    """UTF-8 where it is; else what a `coding:` comment says; else UTF-8, odd bytes escaped."""
    try:
        data.decode()
    except UnicodeDecodeError:
        for line in data.split(b"\n", 2)[:2]:
            if found := _COOKIE.match(line):
                return _known(found[1].decode("ascii"), data)
    return "utf-8"


def _known(name: str, data: bytes) -> str:
    try:
        data.decode(name)
    except (LookupError, UnicodeDecodeError):
        return "utf-8"
    return name


def encode(text: str, base: Decoded | None, ours: Decoded, theirs: Decoded) -> bytes:
    """The merged text as bytes, as the user writes the file unless the template changed that.

    Raises UnicodeEncodeError where the user's encoding lacks a character.
    """
    bom = _chosen(base.bom if base else None, ours.bom, theirs.bom)
    final = _chosen(base.final_newline if base else None, ours.final_newline, theirs.final_newline)
    newlines = ours.newlines
    if base is not None and base.newlines == ours.newlines != "mixed":
        newlines = theirs.newlines if theirs.newlines != "mixed" else newlines
    if newlines == "mixed":
        text = _with_own_line_ends(text, ours)
    elif newlines == "\r\n":
        text = text.replace("\n", "\r\n")
    if not final:
        text = text.removesuffix("\n").removesuffix("\r")
    data = text.encode(ours.codec, "surrogateescape")
    return codecs.BOM_UTF8 + data if bom else data


def _chosen(base: bool | None, ours: bool, theirs: bool) -> bool:  # noqa: FBT001
    return theirs if ours == base else ours


def _with_own_line_ends(text: str, ours: Decoded) -> str:
    """Each line that is the user's keeps its own end; a new one gets the end most lines have."""
    own, lines = split_lines(ours.raw), split_lines(text)
    usual = "\r\n" if ours.raw.count("\r\n") * 2 > ours.raw.count("\n") else "\n"
    ends = {
        there: own[here]
        for here, there in align([_bare(line) for line in own], [_bare(line) for line in lines])
    }
    return "".join(
        _bare(line) + (_end(ends[index]) or usual if index in ends else usual)
        for index, line in enumerate(lines)
    )


def _bare(line: str) -> str:
    return line.removesuffix("\n").removesuffix("\r")


def _end(line: str) -> str:
    return line[len(_bare(line)) :]
