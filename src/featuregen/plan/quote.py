"""The one place where text of a spec becomes code, Markdown, TOML, an env file or a shell word.

A template never sees raw text: what arrives there went through one of these functions, one for each
place that text can land in.
"""

from __future__ import annotations

import json
import re
import unicodedata
from decimal import Decimal

from featuregen.plan.wrap import columns, paragraphs, wrapped
from featuregen.spec.json_text import indented_json
from featuregen.spec.literal import escaped, py_decimal, py_moment, py_string
from featuregen.spec.model import Json

__all__ = [
    "comment_lines",
    "docstring",
    "env_comment",
    "env_value",
    "md_block",
    "md_cell",
    "md_code",
    "md_text",
    "py_decimal",
    "py_literal",
    "py_moment",
    "py_string",
    "py_text",
    "sentence",
    "shell_word",
    "toml_string",
]

_LONG = 50
_ENDS = ".!?…:;\u3002\uff01\uff1f"  # the last three are Chinese and Japanese
_CLOSING = "\"')]\u201d\u2019\u00bb`"
_PRAGMA = re.compile(
    r"(?i)(?:noqa|nosec|type:|fmt:|ruff|flake8|mypy:|pyright:|pylint:|pragma:|isort:|yapf:|nopep8|!|"
    r"region|endregion|vim?:|-\*-|.*coding[:=])"
)


def py_literal(value: Json | Decimal) -> str:
    """Return the source of a JSON value or a decimal, on one line; long runs as `"a" * 500`."""
    match value:
        case str() if len(value) >= _LONG and len(set(value)) == 1:
            return f"{py_string(value[0])} * {len(value)}"
        case str():
            return py_text(value)
        case Decimal():
            return py_decimal(value)
        case float() if value != value or value in {float("inf"), float("-inf")}:  # noqa: PLR0124 - NaN
            return f'float("{value}")'
        case list():
            return f"[{', '.join(py_literal(item) for item in value)}]"
        case dict():
            items = (f"{py_string(key)}: {py_literal(item)}" for key, item in value.items())
            return f"{{{', '.join(items)}}}"
        case _:
            return repr(value)


def py_text(text: str, width: int = 72) -> str:
    """Return a string literal, or several in parentheses that fit on a line each."""
    lines: list[str] = []
    for part in re.findall(r"\S*\s*", text):
        if lines and columns(lines[-1] + part) <= width:
            lines[-1] += part
        elif part:
            lines.append(part)
    if len(lines) < 2:  # noqa: PLR2004 - it is one literal
        return py_string(text)
    return f"({' '.join(py_string(line) for line in lines)})"


def sentence(text: str) -> str:
    """Return `text` on one line, ended by a full stop unless it already ends in punctuation."""
    line = " ".join(text.split())
    if not line or line[-1] in _ENDS or line.rstrip(_CLOSING).endswith((".", "!", "?")):
        return line
    return f"{line}."


def docstring(summary: str, body: str | None = None, *, indent: int = 4, width: int = 100) -> str:
    r"""Return a whole docstring, quotes included; its first line is not indented, the others are.

    The text may hold anything: `\"""`, backslashes, a quote at its end, characters nobody can see.
    """
    room = width - indent
    first = _docstring_text(sentence(summary) or "To be described.")
    if body is None or not body.strip():
        if columns(first) + 6 <= room:
            return f'"""{first}"""'
        lines = list(wrapped(first, room, first_used=3))
        if len(lines) == 1:  # the formatter would close it in the same line, beyond its end
            lines = list(wrapped(first, room, first_used=6))
    else:
        lines = [*wrapped(first, room, first_used=3), ""]
        for paragraph in paragraphs(body):
            lines += wrapped(_docstring_text(paragraph), room) if paragraph else [""]
    margin = " " * indent
    text = "\n".join(margin + line if line and index else line for index, line in enumerate(lines))
    return f'"""{text}\n{margin}"""'


def _docstring_text(line: str) -> str:
    text = escaped(line).replace('"""', r"\"\"\"")
    if text.startswith('"'):
        text = "\\" + text
    return text[:-1] + r"\"" if text.endswith('"') and not text.endswith('\\"') else text


def comment_lines(text: str, width: int = 98) -> tuple[str, ...]:
    """Return `text` as the lines of a comment, without `# `; no tool takes one for an order."""
    lines: list[str] = []
    for paragraph in paragraphs(_visible(text)):
        harmless = re.sub(
            rf"#+(?=\s*{_PRAGMA.pattern.removeprefix('(?i)')})", "", paragraph, flags=re.IGNORECASE
        )
        lines += wrapped(" ".join(harmless.split()), width)
    return tuple(f'"{line}"' if _PRAGMA.match(line.lstrip("# ")) else line for line in lines)


def env_comment(text: str, width: int = 98) -> tuple[str, ...]:
    """Return `text` as comment lines of an env file, without `# `."""
    return tuple(
        line for paragraph in paragraphs(_visible(text)) for line in wrapped(paragraph, width)
    )


def _visible(text: str) -> str:
    """Return `text` with its line breaks; any other character that nobody can see is a blank."""
    return "".join(
        char if char == "\n" or unicodedata.category(char)[0] not in "CZ" else " "
        for char in text.replace("\r\n", "\n").replace("\r", "\n")
    )


def md_text(text: str) -> str:
    """Return `text` as Markdown that shows it literally, on one line."""
    line = " ".join(_visible(text).split())
    line = re.sub(r"[\\`*\[\]~|$]", r"\\\g<0>", line)
    line = re.sub(r"&(?=#?\w+;)", "&amp;", line).replace("<", "&lt;").replace(">", "&gt;")
    line = re.sub(r"(?<![^\W_])_|_(?![^\W_])", r"\\_", line)  # payment_id needs no escape
    return re.sub(r"^([-+#=]|[0-9]+(?=[.)]))", _escaped_start, line)


def _escaped_start(found: re.Match[str]) -> str:
    start = found.group()
    return f"{start}\\" if start[0].isdigit() else f"\\{start}"


def md_cell(text: str) -> str:
    """Return `text` for a cell of a Markdown table."""
    return md_text(text)


def md_code(text: str, *, in_cell: bool = False) -> str:
    """Return `text` as an inline code span; in a table cell `|` needs a backslash even there.

    A span cannot escape anything, and `<!--` would pass for a marker of the README: such a text is
    plain.
    """
    line = " ".join(_visible(text).split())
    if not line:
        return ""
    if "<!--" in line:
        return md_text(line)
    fence = "`" * (_longest_run(line) + 1)
    padding = " " if line[0] == "`" or line[-1] == "`" else ""
    if in_cell:
        line = line.replace("|", "\\|")
    return f"{fence}{padding}{line}{padding}{fence}"


def md_block(value: Json, *, language: str = "json") -> str:
    """Return a JSON value as a fenced block, ending without a newline."""
    text = indented_json(value, 2, ascii_only=False).replace("<!--", "\\u003c!--")
    # What is invisible is escaped, which JSON allows inside strings, where alone it can stand.
    text = "".join(
        char if char in {"\n", " "} or unicodedata.category(char)[0] not in "CZ" else _json(char)
        for char in text
    )
    return md_fence(text, language)


def md_fence(text: str, language: str) -> str:
    """Return text as a fenced block that none of it can end."""
    fence = "`" * max(3, _longest_run(text) + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def json_without_markup(value: Json) -> str:
    """Return JSON on one line, in which nothing can pass for a marker of the README."""
    return json.dumps(value, ensure_ascii=False).replace("<!--", "\\u003c!--")


def _json(char: str) -> str:
    return json.dumps(char)[1:-1]


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)


def toml_string(text: str) -> str:
    """Return a TOML basic string. A lone surrogate, which TOML cannot hold, becomes U+FFFD."""
    return '"' + "".join(_toml(char) for char in text) + '"'


def _toml(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    match unicodedata.category(char):
        case "Cs":
            return "\\uFFFD"
        case "Cc" | "Cf" | "Co" | "Cn" | "Zl" | "Zp":
            point = ord(char)
            return f"\\u{point:04X}" if point <= 0xFFFF else f"\\U{point:08X}"  # noqa: PLR2004
        case _:
            return char


def env_value(text: str) -> str:
    """Return what stands right of `NAME=` in an env file, as python-dotenv reads it.

    python-dotenv expands `${NAME}` even inside single quotes and has no escape for it, and it takes
    a backslash before a closing quote for an escaped quote: both are written as the default of a
    variable without a name, `${:-$}`.
    """
    if "\0" in text or any(unicodedata.category(char) == "Cs" for char in text):
        raise ValueError("an environment variable holds no NUL and no lone surrogate")
    if re.fullmatch(r"[\w./:@%+,=~^*?!&()\[\]|;<>-]*", text, re.ASCII):
        return text
    literal = re.sub(r"\$(?=\{[^}]*\})", "${:-$}", text)
    if "\n" in text or "\r" in text:
        for char, name in (("\\", "\\"), ("\n", "n"), ("\r", "r"), ('"', '"')):
            literal = literal.replace(char, "\\" + name)
        return f'"{_open_end(literal)}"'
    return (
        f"'{_open_end(literal.replace(chr(92), chr(92) * 2).replace(chr(39), chr(92) + chr(39)))}'"
    )


def _open_end(inside: str) -> str:
    return f"{inside[:-2]}${{:-\\}}" if inside.endswith("\\\\") else inside


def shell_word(text: str) -> str:
    """Return one word for a POSIX shell."""
    import shlex

    if "\0" in text:
        raise ValueError("a shell word holds no NUL")
    return shlex.quote(text)
