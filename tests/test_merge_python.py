"""Unit merge of Python: what is no conflict, what is one, and what comes along."""

from __future__ import annotations

from textwrap import dedent

from featuregen.merge import FileState, Merged, merge_file

BASE = dedent('''\
    """Payments."""

    from typing import Annotated

    from app.errors import NotFoundError, PaymentError

    LIMIT = 10


    class PaymentService:
        """Charges and refunds."""

        def __init__(self, db):
            self.db = db

        async def create(self, data):
            """Create a payment."""
            row = await self.db.get(data)
            if row is None:
                raise NotFoundError
            return row

        async def refund(self, data):
            """Refund a payment."""
            row = await self.db.get(data)
            if row is None:
                raise NotFoundError
            return row


    def total(rows: Annotated[list, "rows"]):
        return sum(rows) or PaymentError
    ''')


def merge(base: str, ours: str, theirs: str, path: str = "app/service.py") -> Merged:
    states = [FileState(text.encode()) for text in (base, ours, theirs)]
    return merge_file(path, states[0], states[1], states[2])


def text_of(merged: Merged) -> str:
    assert merged.state is not None
    return merged.state.text.decode()


def clean(base: str, ours: str, theirs: str) -> str:
    merged = merge(base, ours, theirs)
    assert merged.conflicts == ()
    return text_of(merged)


def edit(text: str, *changes: tuple[str, str]) -> str:
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} is not unique"
        text = text.replace(old, new)
    return text


def method(text: str, name: str) -> str:
    """The text of one method of the last class that has it."""
    start = text.index(f"    async def {name}(")
    end = text.find("\n\n", start)
    return text[start : end if end > 0 else None]


def test_edits_in_two_methods_with_the_same_lines_both_land_in_their_own() -> None:
    ours = edit(
        BASE, ('"""Refund a payment."""\n', '"""Refund a payment."""\n        audit(data)\n')
    )
    theirs = edit(
        BASE, ('"""Create a payment."""\n', '"""Create a payment."""\n        log(data)\n')
    )
    merged = clean(BASE, ours, theirs)
    assert "audit(data)" in method(merged, "refund")
    assert "log(data)" in method(merged, "create")
    assert merged.count("audit(data)") == merged.count("log(data)") == 1


def test_a_method_that_the_user_moved_takes_the_changes_of_the_template() -> None:
    create = method(BASE, "create") + "\n\n"
    ours = BASE.replace(create, "").replace(
        method(BASE, "refund"), method(BASE, "refund") + "\n\n" + create.rstrip("\n")
    )
    theirs = edit(BASE, ("async def create(self, data)", "async def create(self, data, key)"))
    merged = clean(BASE, ours, theirs)
    assert merged.index("def refund") < merged.index("def create(self, data, key)")
    assert merged.count("def create") == 1


def test_a_method_that_the_user_only_reformatted_is_replaced_by_the_new_one() -> None:
    ours = edit(
        BASE,
        ("    async def refund(self, data):", "    async def refund(\n        self, data\n    ):"),
    )
    theirs = edit(BASE, ('"""Refund a payment."""', '"""Refund."""'))
    assert '"""Refund."""' in clean(BASE, ours, theirs)


def test_a_new_method_of_each_side_is_added() -> None:
    mine = "    async def mine(self):\n        return 1\n\n    async def refund(self"
    new = "    async def cancel(self):\n        return 2\n\n    async def refund(self"
    ours = edit(BASE, ("    async def refund(self", mine))
    theirs = edit(BASE, ("    async def refund(self", new))
    merged = clean(BASE, ours, theirs)
    assert "def mine" in merged
    assert "def cancel" in merged
    assert "\n\n\n    " not in merged


def test_imports_are_merged_by_name() -> None:
    line = "from app.errors import NotFoundError, PaymentError"
    ours = edit(BASE, (line, "from app.errors import ConflictError, NotFoundError, PaymentError"))
    theirs = edit(BASE, (line, "from app.errors import NotFoundError, PaymentError, RefundError"))
    assert (
        "from app.errors import ConflictError, NotFoundError, PaymentError, RefundError\n"
        in clean(BASE, ours, theirs)
    )


def test_the_comment_on_an_imported_name_stays_with_it() -> None:
    base = "from a import (\n    one,\n    two,\n)\n\nprint(one, two)\n"
    ours = base.replace("    one,\n", "    one,  # noqa: F401\n")
    theirs = base.replace("    two,\n", "    three,\n    two,\n").replace("two)", "two, three)")
    ours = ours.replace("    two,\n", "    mine,\n    two,\n")
    merged = clean(base, ours, theirs)
    assert "    one,  # noqa: F401\n" in merged
    assert "    mine,\n" in merged
    assert "    three,\n" in merged


def test_an_import_that_only_the_users_code_still_needs_is_kept() -> None:
    base = "import json\nimport os\n\n\ndef dump(x):\n    return json.dumps(x)\n"
    ours = base + "\n\ndef mine(x):\n    return json.loads(x)\n"
    theirs = "import os\n\n\ndef dump(x):\n    return str(x)\n"
    merged = merge(base, ours, theirs)
    assert "import json\n" in text_of(merged)
    assert any("json" in note for note in merged.notes)


def test_an_import_that_nobody_needs_any_more_goes() -> None:
    base = "import json\nimport os\n\n\ndef dump(x):\n    return json.dumps(x)\n\n\nA = os\n"
    ours = base + "B = 1\n"
    theirs = base.replace("import json\n", "").replace("json.dumps(x)", "str(x)")
    assert "json" not in clean(base, ours, theirs)


def test_a_function_that_only_the_users_code_still_calls_is_kept() -> None:
    base = "def helper(x):\n    return x\n\n\ndef run(x):\n    return helper(x)\n"
    ours = base + "\n\ndef mine(x):\n    return helper(x)\n"
    theirs = "def run(x):\n    return x\n"
    merged = merge(base, ours, theirs)
    assert "def helper(x):" in text_of(merged)
    assert any("helper" in note for note in merged.notes)


def test_what_the_user_removed_stays_removed_and_is_reported() -> None:
    ours = BASE.replace(method(BASE, "refund") + "\n\n", "")
    theirs = edit(BASE, ('"""Refund a payment."""', '"""Refund."""'))
    merged = merge(BASE, ours, theirs)
    assert "def refund" not in text_of(merged)
    assert merged.conflicts == ()
    assert any("PaymentService.refund" in note for note in merged.notes)


def test_a_changed_method_that_is_no_longer_generated_is_a_conflict_that_shows_it() -> None:
    ours = edit(BASE, ('"""Refund a payment."""', '"""Refund it."""'))
    theirs = BASE.replace(method(BASE, "refund") + "\n\n", "")
    merged = merge(BASE, ours, theirs)
    assert merged.outcome == "conflict"
    assert [each.symbol for each in merged.conflicts] == ["PaymentService.refund"]
    assert "<<<<<<< yours\n    async def refund" in text_of(merged)


def test_edits_of_the_same_line_are_one_conflict_with_the_base_shown() -> None:
    ours = edit(BASE, ("LIMIT = 10", "LIMIT = 20"))
    theirs = edit(BASE, ("LIMIT = 10", "LIMIT = 30"))
    merged = merge(BASE, ours, theirs)
    assert (
        "<<<<<<< yours\nLIMIT = 20\n||||||| last generated\nLIMIT = 10\n"
        "=======\nLIMIT = 30\n>>>>>>> newly generated\n"
    ) in text_of(merged)
    (conflict,) = merged.conflicts
    assert conflict.symbol == "LIMIT"
    assert text_of(merged).split("\n")[conflict.line - 1] == "<<<<<<< yours"
    assert merged.resolved == ours.encode()


def test_a_method_that_the_template_renamed_carries_the_users_edits() -> None:
    ours = edit(BASE, ('"""Refund a payment."""\n', '"""Refund a payment."""\n        # why\n'))
    theirs = edit(BASE, ("def refund(", "def give_back("))
    merged = merge(BASE, ours, theirs)
    assert merged.conflicts == ()
    assert "# why" in method(text_of(merged), "give_back")
    assert "def refund" not in text_of(merged)


def test_a_method_that_the_user_renamed_takes_the_changes_of_the_template() -> None:
    ours = edit(BASE, ("def refund(", "def give_back("))
    theirs = edit(BASE, ('"""Refund a payment."""\n', '"""Refund a payment."""\n        log()\n'))
    merged = clean(BASE, ours, theirs)
    assert "log()" in method(merged, "give_back")
    assert "def refund" not in merged


def test_a_method_that_the_user_may_have_renamed_is_a_conflict_and_not_just_left_out() -> None:
    refund = method(BASE, "refund")
    rewritten = refund.replace("refund(", "refund_all(").replace("self.db.get", "self.find")
    rewritten = rewritten.replace("raise NotFoundError", "return data")
    ours = BASE.replace(refund + "\n\n", "").replace(
        "    async def create", f"{rewritten}\n\n    async def create"
    )
    theirs = edit(BASE, ('"""Refund a payment."""', '"""Refund."""'))
    merged = merge(BASE, ours, theirs)
    assert [each.symbol for each in merged.conflicts] == ["PaymentService.refund"]
    assert merged.resolved == ours.encode()


def test_a_new_method_in_the_place_of_a_dropped_one_does_not_get_its_edits() -> None:
    ours = edit(BASE, ('"""Refund a payment."""\n', '"""Refund a payment."""\n        mine()\n'))
    theirs = BASE.replace("def refund(self, data)", "def invoice(self, order)").replace(
        '"""Refund a payment."""\n        row = await self.db.get(data)\n',
        '"""Invoice an order."""\n        row = await self.orders.find(order)\n',
    )
    merged = merge(BASE, ours, theirs)
    assert merged.outcome == "conflict"
    assert "mine()" not in method(text_of(merged), "invoice")


def test_overloads_and_setters_are_told_apart() -> None:
    base = dedent("""\
        class A:
            @overload
            def get(self, key: int) -> int: ...
            @overload
            def get(self, key: str) -> str: ...
            def get(self, key):
                return key

            @property
            def state(self):
                return 1

            @state.setter
            def state(self, value):
                return 1
        """)
    ours = base.replace("    def get(self, key):\n", "    def get(self, key):\n        # mine\n")
    ours = ours.replace(
        "def state(self, value):\n", "def state(self, value):\n        self.x = value\n"
    )
    theirs = base.replace(
        "    @overload\n    def get(self, key: int)",
        "    @overload\n    def get(self, key: None) -> None: ...\n"
        "    @overload\n    def get(self, key: int)",
    ).replace("def state(self):\n", "def state(self):\n        log()\n")
    merged = clean(base, ours, theirs)
    assert "    def get(self, key):\n        # mine\n" in merged
    assert "def get(self, key: None) -> None: ..." in merged
    assert "def state(self, value):\n        self.x = value\n" in merged
    assert "def state(self):\n        log()\n" in merged


def test_type_checking_and_try_blocks_are_merged_inside() -> None:
    base = dedent("""\
        from typing import TYPE_CHECKING

        if TYPE_CHECKING:
            from app.models import Payment

        try:
            from orjson import dumps
        except ImportError:
            from json import dumps
        """)
    ours = base.replace("import Payment", "import Mine, Payment").replace(
        "from json import dumps", "from json import dumps  # slow"
    )
    theirs = base.replace("import Payment", "import Payment, Refund").replace(
        "from orjson import dumps", "from orjson import dumps, loads"
    )
    merged = clean(base, ours, theirs)
    assert "    from app.models import Mine, Payment, Refund\n" in merged
    assert "    from orjson import dumps, loads\n" in merged
    assert "    from json import dumps  # slow\n" in merged


def test_an_edit_in_a_nested_function_stays_in_it() -> None:
    base = dedent("""\
        def outer():
            def first(x):
                y = x
                return y

            def second(x):
                y = x
                return y

            return first, second
        """)
    ours = base.replace("    def second(x):\n", "    def second(x):\n        mine()\n")
    theirs = base.replace(
        "    def first(x):\n",
        "    def zero(x):\n        y = x\n        return y\n\n    def first(x):\n",
    )
    merged = clean(base, ours, theirs)
    assert "def second(x):\n        mine()\n" in merged
    assert "def zero" in merged


def test_comments_above_a_definition_belong_to_it() -> None:
    ours = edit(BASE, ("    async def refund(", "    # Only once.\n    async def refund("))
    theirs = edit(
        BASE,
        (
            "    async def refund(",
            "    async def cancel(self):\n        return 1\n\n    async def refund(",
        ),
    )
    assert "    # Only once.\n    async def refund(" in clean(BASE, ours, theirs)


def test_a_licence_at_the_top_stays_at_the_top() -> None:
    base = '"""Doc."""\n\nimport a\n\nX = a\n'
    ours = "# Licence: mine.\n\n" + base
    theirs = base.replace("import a\n", "import a\nimport b\n").replace("X = a", "X = a, b")
    assert clean(base, ours, theirs).startswith('# Licence: mine.\n\n"""Doc."""\n')


def test_a_future_import_of_the_template_comes_before_the_users_imports() -> None:
    base = '"""Doc."""\n\nimport b\n\nX = b\n'
    ours = base.replace("import b\n", "import a\nimport b\n").replace("X = b", "X = a, b")
    theirs = base.replace("import b\n", "from __future__ import annotations\n\nimport b\n")
    merged = clean(base, ours, theirs)
    assert merged.index("__future__") < merged.index("import a")
    compile(merged, "merged", "exec")


def test_a_new_import_of_the_template_stands_before_the_code_of_a_rebuilt_module() -> None:
    base = "from app.old import make\n\n\ndef create():\n    return make()\n"
    ours = "import mine\n\nservice = mine.build()\n"
    theirs = (
        "from app.old import make\nfrom app.new import opened\n\n\n"
        "def lifespan():\n    return opened()\n\n\ndef create():\n    return make()\n"
    )
    lines = clean(base, ours, theirs).splitlines()
    assert lines.index("from app.new import opened") < lines.index("service = mine.build()")
    assert lines.index("service = mine.build()") < lines.index("def lifespan():")


def test_a_class_that_lost_all_its_members_still_parses() -> None:
    base = "class A:\n    x = 1\n\n    y = 2\n"
    merged = clean(base, "class A:\n    y = 2\n", "class A:\n    x = 1\n")
    compile(merged, "merged", "exec")
    assert "x = 1" not in merged
    assert "y = 2" not in merged


def test_a_rename_to_a_name_that_the_user_added_is_a_conflict() -> None:
    ours = edit(BASE, ("def total(", "def give_back(x):\n    return x\n\n\ndef total("))
    theirs = edit(BASE, ("def total(", "def give_back("))
    merged = merge(BASE, ours, theirs)
    assert merged.outcome == "conflict"
    assert b"def give_back(x):" in (merged.resolved or b"")


def test_old_calls_of_a_renamed_function_are_pointed_out() -> None:
    ours = BASE + "\n\ndef mine():\n    return total([])\n"
    theirs = edit(BASE, ("def total(", "def sum_total("))
    merged = merge(BASE, ours, theirs)
    assert any("your code says `total`" in note for note in merged.notes)


def test_code_that_does_not_parse_is_merged_by_line_within_its_function() -> None:
    ours = edit(BASE, ('"""Refund a payment."""\n', '"""Refund a payment."""\n        broken(\n'))
    theirs = edit(BASE, ('"""Create a payment."""\n', '"""Create a payment."""\n        log()\n'))
    merged = clean(BASE, ours, theirs)
    assert "broken(" in method(merged, "refund")
    assert "log()" in method(merged, "create")


def test_two_statements_on_one_line_are_merged_as_one() -> None:
    base = "a = 1; b = 2\nc = 3\n"
    assert clean(base, "a = 1; b = 9\nc = 3\n", "a = 1; b = 2\nc = 4\n") == "a = 1; b = 9\nc = 4\n"
