"""How values of an upstream's answer become ours."""

from app.core.answers import choose


def test_words_are_mapped() -> None:
    assert choose("a", {"a": "b"}) == "b"
    assert choose("x", {"a": "b"}) is None
    assert choose("x", {"a": "b"}, "c") == "c"
    assert choose(5, {"a": "b"}, "c") is None
