"""As much of PEP 508 and PEP 440 as comparing two requirements of one package takes.

Our own requirements are release numbers with `>=`, `<` and `==`. A version in the user's that is
more than that (a pre-release, an epoch) is not compared, and stays.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

Release: TypeAlias = tuple[int, ...]

_REQUIREMENT = re.compile(
    r"\s*(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*"
    r"(?:\[(?P<extras>[^\]]*)\])?\s*"
    r"(?P<url>@[^;]*)?\(?(?P<specifiers>[^;()@]*)\)?\s*(?:;(?P<marker>.*))?\s*",
    re.DOTALL,
)
_SPECIFIER = re.compile(r"(===|~=|==|!=|<=|>=|<|>)\s*([^\s<>=!~]+)")


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement, taken apart."""

    name: str  # as written
    extras: frozenset[str]
    specifiers: tuple[tuple[str, str], ...]
    marker: str
    url: str

    @property
    def key(self) -> str:
        """The package, whatever its name's spelling."""
        return normalised(self.name)

    @property
    def lower(self) -> Release | None:
        """The lowest version that is allowed."""
        found = [_release(v) for op, v in self.specifiers if op in {">=", ">", "~=", "==", "==="}]
        return max((each for each in found if each is not None), default=None)

    @property
    def upper(self) -> Release | None:
        """The first version that is not."""
        found = [_release(v) for op, v in self.specifiers if op == "<"]
        found += [_after(op, v) for op, v in self.specifiers if op in {"<=", "~=", "==", "==="}]
        return min((each for each in found if each is not None), default=None)

    def meets(self, other: Requirement) -> bool:
        """Whether every version that this allows is recent enough for `other`, extras included."""
        if self.url or any(_release(version) is None for _, version in self.specifiers):
            return True
        recent = other.lower is None or (
            self.lower is not None and _pad(self.lower) >= _pad(other.lower)
        )
        return recent and other.extras <= self.extras and not self.apart(other)

    def apart(self, other: Requirement) -> bool:
        """Whether no version satisfies both."""
        for one, two in ((self, other), (other, self)):
            if (
                one.lower is not None
                and two.upper is not None
                and _pad(one.lower) >= _pad(two.upper)
            ):
                return True
        return False

    def raised(self, other: Requirement) -> str:
        """This requirement, made to meet `other`; what the user excluded stays excluded."""
        specifiers = [f"{op}{version}" for op, version in self.specifiers]
        if other.lower is not None and (self.lower is None or _pad(self.lower) < _pad(other.lower)):
            specifiers = [f"{op}{v}" for op, v in self.specifiers if op not in {">=", ">"}]
            specifiers[:0] = [f"{op}{v}" for op, v in other.specifiers if op in {">=", "=="}]
        extras = ",".join(sorted(self.extras | other.extras))
        marker = f"; {self.marker}" if self.marker else ""
        return f"{self.name}{f'[{extras}]' if extras else ''}{','.join(specifiers)}{marker}"


def parse(text: str) -> Requirement | None:
    """Take a requirement apart; None where it is not one."""
    found = _REQUIREMENT.fullmatch(text)
    if found is None:
        return None
    parts = [part.strip() for part in found["specifiers"].split(",") if part.strip()]
    matches = [_SPECIFIER.fullmatch(part) for part in parts]
    if not all(matches):
        return None
    extras = (extra.strip() for extra in (found["extras"] or "").split(","))
    return Requirement(
        found["name"],
        frozenset(normalised(extra) for extra in extras if extra),
        tuple((match[1], match[2]) for match in matches if match),
        (found["marker"] or "").strip(),
        (found["url"] or "").strip(),
    )


def normalised(name: str) -> str:
    """PEP 503: `Pydantic_Settings` is `pydantic-settings`."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _release(version: str) -> Release | None:
    text = version.removesuffix(".*")
    return tuple(map(int, text.split("."))) if re.fullmatch(r"\d+(\.\d+)*", text) else None


def _after(operator: str, version: str) -> Release | None:
    """First release that `<=2.1`, `==2.1`, `==2.*` or `~=2.1` leaves out."""
    release = _release(version)
    if release is None:
        return None
    if operator == "~=":
        release = release[:-1]
    elif not version.endswith(".*"):
        return (*_pad(release), 1)
    return (*release[:-1], release[-1] + 1) if release else None


def _pad(release: Release) -> Release:
    return release + (0,) * (6 - len(release))
