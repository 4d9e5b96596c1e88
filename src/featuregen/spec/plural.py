"""English plurals by rule: `category` → `categories`; `plural:` says it where they are wrong."""
# ruff: noqa: E501 - a table

from __future__ import annotations

import re

_IRREGULAR = {
    "person": "people", "child": "children", "man": "men", "woman": "women", "foot": "feet", "tooth": "teeth",
    "goose": "geese", "mouse": "mice", "ox": "oxen", "datum": "data", "medium": "media", "criterion": "criteria",
    "phenomenon": "phenomena", "analysis": "analyses", "basis": "bases", "crisis": "crises", "thesis": "theses",
    "hypothesis": "hypotheses", "diagnosis": "diagnoses", "index": "indexes", "matrix": "matrices",
    "vertex": "vertices", "axis": "axes", "quiz": "quizzes", "leaf": "leaves", "shelf": "shelves", "half": "halves",
    "knife": "knives", "life": "lives", "wife": "wives", "wolf": "wolves", "thief": "thieves", "loaf": "loaves",
    "hero": "heroes", "potato": "potatoes", "tomato": "tomatoes", "echo": "echoes", "veto": "vetoes",
    "status": "statuses", "bus": "buses", "gas": "gases", "alias": "aliases", "bonus": "bonuses", "lens": "lenses",
    "campus": "campuses", "virus": "viruses", "menu": "menus", "canvas": "canvases", "atlas": "atlases",
}  # fmt: skip
_SAME = frozenset(
    [
        "news",
        "series",
        "species",
        "sheep",
        "fish",
        "deer",
        "aircraft",
        "equipment",
        "information",
        "feedback",
        "software",
        "hardware",
        "data",
        "media",
        "metadata",
        "staff",
        "money",
        "inventory_data",
        "analytics",
        "settings",
        "credentials",
    ]
)
_VOWELS = "aeiou"


def plural(name: str) -> str:
    """The plural of a snake_case noun; of several words, the last is turned."""
    head, underscore, last = name.rpartition("_")
    return head + underscore + _plural(last)


def _plural(word: str) -> str:
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word in _SAME or word in _IRREGULAR.values():
        return word
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return word + "es"
    if word.endswith("y") and word[-2:-1] not in (*_VOWELS, ""):
        return word[:-1] + "ies"
    return word + "s"


def kebab(name: str) -> str:
    """`payment_methods` → `payment-methods`."""
    return name.replace("_", "-")


def article(name: str) -> str:
    """`an Order`, `a Payment`."""
    return f"an {name}" if name[:1].lower() in _VOWELS else f"a {name}"


def snake(name: str) -> str:
    """`PaymentMethod` → `payment_method`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
