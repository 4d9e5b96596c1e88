"""A team's own templates, over featuregen's: `[tool.featuregen] templates = "house/"` in pyproject.

A file of the same path takes the place of ours, and may extend it by blocks; a new file joins.
Templates are code of the project's, as its tests are; still they run in Jinja's sandbox.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from featuregen.errors import FeaturegenError
from featuregen.line_ends import plain
from featuregen.templates import templates_root
from featuregen.version import VERSION

ORIGINALS = "featuregen"
"""Our template of the same path, for `extends`: `{% extends "featuregen/feature/…" %}`."""

KINDS = ("feature", "project", "macros")
_SUFFIX = ".jinja"
_WORDS = re.compile(r"(?<![a-z])(feature|plural|upstream)(?![a-z])")
_ORIGIN = re.compile(r"\{# from featuregen (\S+), sha256 ([0-9a-f]{16}) #\}")
_BLOCK = re.compile(r"\{%-?\s*block\s+(\w+)")


@dataclass(frozen=True, slots=True)
class House:
    """The team's templates as they are now."""

    root: Path
    files: tuple[str, ...]  # names of templates, sorted: "feature/app/…/feature_service.py.jinja"
    digest: str  # of all their text: what has been rendered with others is to be rendered anew


@dataclass(frozen=True, slots=True)
class HouseTemplate:
    """One of the team's templates beside ours of the same path."""

    name: str
    replaces: bool  # there is one of ours
    extends: bool  # and this one extends it
    made_from: str | None  # the version that it was ejected from
    stale: bool  # ours has changed since


def find_house(root: Path, setting: str | None = None) -> House | None:
    """The team's templates of the project at `root`; None where it has none.

    `setting` is what the pyproject of a new project is to say. Raises `FeaturegenError` where the
    setting leads nowhere, or a template has no place.
    """
    setting = setting or house_setting(root)
    if setting is None:
        return None
    folder = house_folder(root, setting)
    files = tuple(sorted(_templates_in(folder)))
    digest = hashlib.sha256()
    for name in files:
        _check_name(name)
        text = plain((folder / name).read_bytes())
        digest.update(f"{name}\0{len(text)}\0".encode() + text)
    return House(folder, files, digest.hexdigest()[:16])


def house_setting(root: Path) -> str | None:
    """What the project's pyproject says; reading TOML is for those that have such a table."""
    try:
        text = (root / "pyproject.toml").read_bytes()
    except OSError:
        return None
    if b"featuregen" not in text or b"templates" not in text:
        return None
    import tomllib

    try:
        table: Any = tomllib.loads(text.decode()).get("tool", {}).get("featuregen", {})
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as reason:
        raise _fault(f"pyproject.toml cannot be read: {reason}") from reason
    setting = table.get("templates") if isinstance(table, dict) else None
    if setting is not None and (not isinstance(setting, str) or not setting):
        raise _fault("'templates' in [tool.featuregen] is to be a folder or a git URL")
    return setting


def setting_for(root: Path, given: str) -> str:
    """What the pyproject of the project at `root` says of templates that a command line names.

    A git URL stays as it is; a folder is named from the project's own. Raises `FeaturegenError`
    for a folder that is not there.
    """
    if given.startswith("git+"):
        return given
    folder = Path(given).resolve()
    if not folder.is_dir():
        raise FeaturegenError(
            f"there is no folder {given!r} for the templates",
            hint="name a folder, or git+https://HOST/REPOSITORY.git@TAG",
            exit_code=2,
        )
    return Path(os.path.relpath(folder, root.resolve())).as_posix() + "/"


def check_setting(root: Path, setting: str) -> None:
    """Raise `FeaturegenError` where the project at `root` has other templates already."""
    present = house_setting(root)
    if (present or "").rstrip("/") != setting.rstrip("/"):
        raise FeaturegenError(
            f"this project has {f'its templates in {present}' if present else 'no house templates'}"
            f", and not in {setting}",
            where="pyproject.toml",
            hint=f"write templates = {json.dumps(setting)} into [tool.featuregen], "
            "then: featuregen update",
            exit_code=2,
        )


def house_folder(root: Path, setting: str) -> Path:
    """The folder that the setting names; one in git is cloned into the user's cache."""
    if setting.startswith("git+"):
        from featuregen.house_git import cloned

        return cloned(setting)
    if Path(setting).is_absolute():
        raise _fault(
            f"{setting!r} is the path of one machine", hint="name a path from the project's folder"
        )
    folder = Path(os.path.normpath(root.resolve() / setting))  # the root may not be there yet
    if not folder.is_dir():
        raise _fault(
            f"there is no folder {setting!r} for the templates",
            hint=f"make it with: featuregen templates eject TEMPLATE --to {setting}",
        )
    return folder.resolve()


def _templates_in(folder: Path) -> Iterator[str]:
    for kind in KINDS:
        for path in (folder / kind).rglob(f"*{_SUFFIX}"):
            if path.is_file():
                yield path.relative_to(folder).as_posix()


def _check_name(name: str) -> None:
    if not name.startswith("feature/") or (templates_root() / name).is_file():
        return
    if not _WORDS.search(name.rpartition("/")[2]):
        raise _fault(
            f"two features would both write {name.partition('/')[2].removesuffix(_SUFFIX)!r}",
            hint=f"put 'feature' or 'plural' into the name of {name}, or move it to project/",
        )


@contextlib.contextmanager
def blamed_on(house: House | None) -> Iterator[None]:
    """With templates of the team's in it, a render that fails is theirs to mend, no bug of ours."""
    if house is None:
        yield
        return
    from jinja2 import TemplateError

    try:
        yield
    except FeaturegenError as error:
        raise FeaturegenError(error.what, where=str(house.root), hint=error.hint) from error
    except (
        TemplateError,
        ArithmeticError,
        AttributeError,
        LookupError,
        TypeError,
        ValueError,
    ) as error:
        raise FeaturegenError(
            f"a template of the team's fails: {error}", where=_place(house, error)
        ) from error


def _place(house: House, error: Exception) -> str:
    """The template and its line, as Jinja has written them into the traceback."""
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    lines = [f"{frame.filename}:{frame.lineno}" for frame in frames]
    if isinstance(file := getattr(error, "filename", None), str):  # of a syntax error
        lines.append(f"{file}:{getattr(error, 'lineno', '')}")
    inside = [line for line in lines if line.startswith(str(house.root))]
    return (inside or [str(house.root)])[-1]


def house_templates(house: House) -> tuple[HouseTemplate, ...]:
    """What each of the team's templates is to ours."""
    return tuple(_house_template(house.root, name) for name in house.files)


def _house_template(root: Path, name: str) -> HouseTemplate:
    text = (root / name).read_text(encoding="utf-8", errors="replace")
    ours = original(name)
    origin = _ORIGIN.search(text)
    return HouseTemplate(
        name=name,
        replaces=ours is not None,
        extends=f'"{ORIGINALS}/{name}"' in text,
        made_from=origin.group(1) if origin else None,
        stale=origin is not None and (ours is None or origin.group(2) != text_digest(ours)),
    )


def stale_notes(house: House | None) -> list[str]:
    """For the report: templates of the team that were made from a text of ours that is no more."""
    return [
        f"{each.name}: featuregen's own has changed since yours was made from it "
        f"(featuregen {each.made_from}); see: featuregen templates diff {each.name}"
        for each in (house_templates(house) if house else ())
        if each.stale
    ]


def original(name: str) -> str | None:
    """The text of one of our templates; None where there is none of that name."""
    path = templates_root() / name
    if name not in our_templates():
        return None
    return path.read_bytes().decode()


def our_templates() -> tuple[str, ...]:
    """The names of all our templates, sorted."""
    return tuple(sorted(_templates_in(templates_root())))


def text_digest(text: str) -> str:
    """What an ejected template keeps of the one it was made from."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def block_names(text: str) -> tuple[str, ...]:
    """The blocks of a template, in their order: what a team's own may fill."""
    return tuple(_BLOCK.findall(text))


def ejected(name: str, *, blocks: bool) -> str:
    """The text to start a template of the team's with: a copy of ours, or its blocks to fill.

    Raises `FeaturegenError` for a name that none of ours has, or for blocks where it has none.
    """
    text = original(name)
    if text is None:
        from featuregen.spec.suggest import did_you_mean

        raise FeaturegenError(
            f"there is no template {name!r}",
            hint=did_you_mean(name, our_templates()) or "see: featuregen templates list",
            exit_code=2,
        )
    head = _stamp(text) + "\n"
    if not blocks:
        return head + text
    names = block_names(text)
    if not names:
        raise FeaturegenError(
            f"{name} has no blocks",
            hint="take a copy of the whole: leave out --blocks",
            exit_code=2,
        )
    filled = (f"{{% block {each} %}}\n{{{{ super() }}}}{{% endblock %}}\n" for each in names)
    return head + f'{{% extends "{ORIGINALS}/{name}" %}}\n' + "".join(filled)


def _stamp(text: str) -> str:
    return f"{{# from featuregen {VERSION}, sha256 {text_digest(text)} #}}"


def stamped(name: str, text: str) -> str:
    """The team's template with the note that it fits ours as it is now."""
    ours = original(name)
    if ours is None:
        return text
    if _ORIGIN.search(text):
        return _ORIGIN.sub(lambda _: _stamp(ours), text, count=1)
    return f"{_stamp(ours)}\n{text}"


def _fault(what: str, hint: str | None = None) -> FeaturegenError:
    return FeaturegenError(what, where="pyproject.toml", hint=hint)
