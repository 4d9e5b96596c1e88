"""`app/main.py`: each case is a file before and after; undoing gives the file before."""

from __future__ import annotations

from textwrap import dedent

import pytest

from featuregen.plan.contribution import RouterEntry
from featuregen.wiring.order import Order
from featuregen.wiring.outcome import AlreadyThere, CannotEdit, Edited
from featuregen.wiring.router import RouterFile

PAYMENTS = RouterEntry("payments")

FACTORY = """
    from fastapi import FastAPI

    from app.api.endpoints import health


    def create_app() -> FastAPI:
        app = FastAPI()
        app.include_router(health.router)
        return app
    """

CASES: dict[str, tuple[str, str]] = {
    "a factory": (
        FACTORY,
        """
        from fastapi import FastAPI

        from app.api.endpoints import health, payments


        def create_app() -> FastAPI:
            app = FastAPI()
            app.include_router(health.router)
            app.include_router(payments.router)
            return app
        """,
    ),
    "the top level, without any router": (
        """
        from fastapi import FastAPI

        app = FastAPI(
            title="Shop",
        )
        """,
        """
        from fastapi import FastAPI

        from app.api.endpoints import payments

        app = FastAPI(
            title="Shop",
        )
        app.include_router(payments.router)
        """,
    ),
    "an annotated variable of another name": (
        """
        from fastapi import FastAPI

        application: FastAPI = FastAPI()
        """,
        """
        from fastapi import FastAPI

        from app.api.endpoints import payments

        application: FastAPI = FastAPI()
        application.include_router(payments.router)
        """,
    ),
    "an annotated variable that something imported makes": (
        """
        from company import create_base
        from fastapi import FastAPI

        app: FastAPI = create_base()
        """,
        """
        from company import create_base
        from fastapi import FastAPI

        from app.api.endpoints import payments

        app: FastAPI = create_base()
        app.include_router(payments.router)
        """,
    ),
    "something imported makes it, and routers are registered": (
        """
        from company import create_base

        from app.api.endpoints import health

        app = create_base()
        app.include_router(health.router)
        print("ready")
        """,
        """
        from company import create_base

        from app.api.endpoints import health, payments

        app = create_base()
        app.include_router(health.router)
        app.include_router(payments.router)
        print("ready")
        """,
    ),
    "FastAPI under another name": (
        """
        from fastapi import FastAPI as API

        app = API()
        """,
        """
        from fastapi import FastAPI as API

        from app.api.endpoints import payments

        app = API()
        app.include_router(payments.router)
        """,
    ),
    "the module fastapi": (
        """
        import fastapi

        app = fastapi.FastAPI()
        """,
        """
        import fastapi

        from app.api.endpoints import payments

        app = fastapi.FastAPI()
        app.include_router(payments.router)
        """,
    ),
    "a helper that makes the app, a factory that fills it": (
        """
        from fastapi import FastAPI

        from app.api.endpoints import health


        def _bare():
            app = FastAPI()
            return app


        def build():
            service = _bare()
            service.include_router(health.router)
            return service


        app = build()
        """,
        """
        from fastapi import FastAPI

        from app.api.endpoints import health, payments


        def _bare():
            app = FastAPI()
            return app


        def build():
            service = _bare()
            service.include_router(health.router)
            service.include_router(payments.router)
            return service


        app = build()
        """,
    ),
    "a function that is given the app to register routers": (
        """
        from fastapi import FastAPI

        from app.api.endpoints import health


        def register(api: FastAPI) -> None:
            api.include_router(health.router)


        def create_app() -> FastAPI:
            app = FastAPI()
            register(app)
            return app
        """,
        """
        from fastapi import FastAPI

        from app.api.endpoints import health, payments


        def register(api: FastAPI) -> None:
            api.include_router(health.router)
            api.include_router(payments.router)


        def create_app() -> FastAPI:
            app = FastAPI()
            register(app)
            return app
        """,
    ),
    "a method that keeps the app on self": (
        """
        from fastapi import FastAPI


        class Server:
            def __init__(self) -> None:
                self.app = FastAPI()
                self.ready = False
        """,
        """
        from fastapi import FastAPI

        from app.api.endpoints import payments


        class Server:
            def __init__(self) -> None:
                self.app = FastAPI()
                self.app.include_router(payments.router)
                self.ready = False
        """,
    ),
    "made in a try, returned after it": (
        """
        from fastapi import FastAPI


        def create_app() -> FastAPI:
            try:
                app = FastAPI()
            except ValueError:
                raise SystemExit(1) from None
            return app
        """,
        """
        from fastapi import FastAPI

        from app.api.endpoints import payments


        def create_app() -> FastAPI:
            try:
                app = FastAPI()
                app.include_router(payments.router)
            except ValueError:
                raise SystemExit(1) from None
            return app
        """,
    ),
    "made in both branches of an if": (
        """
        from fastapi import FastAPI

        def create_app(debug: bool) -> FastAPI:
            if debug:
                app = FastAPI(debug=True)
            else:
                app = FastAPI()
            return app
        """,
        """
        from fastapi import FastAPI

        from app.api.endpoints import payments

        def create_app(debug: bool) -> FastAPI:
            if debug:
                app = FastAPI(debug=True)
            else:
                app = FastAPI()
            app.include_router(payments.router)
            return app
        """,
    ),
    "the last router only on a condition": (
        """
        from fastapi import FastAPI

        from app.api.endpoints import debug, health

        app = FastAPI()
        app.include_router(health.router)
        if __debug__:
            app.include_router(debug.router)
        """,
        """
        from fastapi import FastAPI

        from app.api.endpoints import debug, health, payments

        app = FastAPI()
        app.include_router(health.router)
        if __debug__:
            app.include_router(debug.router)
        app.include_router(payments.router)
        """,
    ),
    "made and filled in a with": (
        """
        from fastapi import FastAPI

        from app.api.endpoints import health

        with timing():
            app = FastAPI()
            app.include_router(health.router)
        """,
        """
        from fastapi import FastAPI

        from app.api.endpoints import health, payments

        with timing():
            app = FastAPI()
            app.include_router(health.router)
            app.include_router(payments.router)
        """,
    ),
    "a loop over a tuple": (
        """
        from fastapi import FastAPI

        from app.api.endpoints import health, orders

        app = FastAPI()
        for router in (health.router, orders.router):
            app.include_router(router)
        """,
        """
        from fastapi import FastAPI

        from app.api.endpoints import health, orders, payments

        app = FastAPI()
        for router in (health.router, orders.router):
            app.include_router(router)
        app.include_router(payments.router)
        """,
    ),
    "an import in brackets, over several lines, with comments": (
        """
        from fastapi import FastAPI

        from app.api.endpoints import (
            # always there
            health,
            users,  # staff
        )

        app = FastAPI()
        app.include_router(health.router)
        """,
        """
        from fastapi import FastAPI

        from app.api.endpoints import (
            # always there
            health,
            payments,
            users,  # staff
        )

        app = FastAPI()
        app.include_router(health.router)
        app.include_router(payments.router)
        """,
    ),
    "an import in brackets without a trailing comma": (
        """
        from fastapi import FastAPI
        from app.api.endpoints import (
            health,
            orders
        )
        app = FastAPI()
        """,
        """
        from fastapi import FastAPI
        from app.api.endpoints import (
            health,
            orders,
            payments
        )
        app = FastAPI()
        app.include_router(payments.router)
        """,
    ),
    "an import that grows too long for one line": (
        """
        from fastapi import FastAPI

        from app.api.endpoints import administration, authorisation, health, notebook, organisation

        app = FastAPI()
        """,
        """
        from fastapi import FastAPI

        from app.api.endpoints import (
            administration,
            authorisation,
            health,
            notebook,
            organisation,
            payments,
        )

        app = FastAPI()
        app.include_router(payments.router)
        """,
    ),
    "a relative import": (
        """
        from fastapi import FastAPI

        from .api.endpoints import health

        app = FastAPI()
        app.include_router(health.router)
        """,
        """
        from fastapi import FastAPI

        from .api.endpoints import health, payments

        app = FastAPI()
        app.include_router(health.router)
        app.include_router(payments.router)
        """,
    ),
    "an import for type checkers only": (
        """
        from typing import TYPE_CHECKING

        from fastapi import FastAPI

        if TYPE_CHECKING:
            from app.api.endpoints import health

        app = FastAPI()
        """,
        """
        from typing import TYPE_CHECKING

        from fastapi import FastAPI

        from app.api.endpoints import payments

        if TYPE_CHECKING:
            from app.api.endpoints import health

        app = FastAPI()
        app.include_router(payments.router)
        """,
    ),
    "the name means something else": (
        """
        from fastapi import FastAPI

        from app.services import payments

        app = FastAPI()
        app.state.payments = payments
        """,
        """
        from fastapi import FastAPI

        from app.api.endpoints import payments as payments_router
        from app.services import payments

        app = FastAPI()
        app.include_router(payments_router.router)
        app.state.payments = payments
        """,
    ),
    "the name is a parameter of the factory": (
        """
        from fastapi import FastAPI


        def create_app(payments: bool) -> FastAPI:
            app = FastAPI()
            return app
        """,
        """
        from fastapi import FastAPI

        from app.api.endpoints import payments as payments_router


        def create_app(payments: bool) -> FastAPI:
            app = FastAPI()
            app.include_router(payments_router.router)
            return app
        """,
    ),
    "the name belongs to another function only": (
        """
        from fastapi import FastAPI

        app = FastAPI()


        def total() -> int:
            payments = [1]
            return sum(payments)
        """,
        """
        from fastapi import FastAPI

        from app.api.endpoints import payments

        app = FastAPI()
        app.include_router(payments.router)


        def total() -> int:
            payments = [1]
            return sum(payments)
        """,
    ),
    "semicolons before the return": (
        """
        from fastapi import FastAPI

        def create_app(): app = FastAPI(); return app
        """,
        """
        from fastapi import FastAPI

        from app.api.endpoints import payments

        def create_app(): app = FastAPI(); app.include_router(payments.router); return app
        """,
    ),
    "a semicolon, then something harmless": (
        """
        from fastapi import FastAPI

        app = FastAPI(); app.state.ready = True
        """,
        """
        from fastapi import FastAPI

        from app.api.endpoints import payments

        app = FastAPI(); app.state.ready = True
        app.include_router(payments.router)
        """,
    ),
    "comments and umlauts around the place": (
        """
        from fastapi import FastAPI  # für alle

        from app.api.endpoints import health

        name = "Zählerstände"; app = FastAPI(title=name)  # größer
        # the routers
        app.include_router(health.router)  # first
        # not a router
        app.state.x = 1
        """,
        """
        from fastapi import FastAPI  # für alle

        from app.api.endpoints import health, payments

        name = "Zählerstände"; app = FastAPI(title=name)  # größer
        # the routers
        app.include_router(health.router)  # first
        app.include_router(payments.router)
        # not a router
        app.state.x = 1
        """,
    ),
    "an app mounted in the app that has the routers": (
        """
        from fastapi import FastAPI

        from app.api.endpoints import health

        admin = FastAPI()
        app = FastAPI()
        app.include_router(health.router)
        app.mount("/admin", admin)
        """,
        """
        from fastapi import FastAPI

        from app.api.endpoints import health, payments

        admin = FastAPI()
        app = FastAPI()
        app.include_router(health.router)
        app.include_router(payments.router)
        app.mount("/admin", admin)
        """,
    ),
}


def edited(source: str, entry: RouterEntry = PAYMENTS, order: Order | None = None) -> str:
    outcome = RouterFile.edit(source, entry, order)
    assert isinstance(outcome, Edited), outcome
    return outcome.text


def undone(source: str, entry: RouterEntry = PAYMENTS) -> str:
    outcome = RouterFile.undo(source, entry)
    assert isinstance(outcome, Edited), outcome
    return outcome.text


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> tuple[str, str]:
    before, after = CASES[request.param]
    return dedent(before).lstrip(), dedent(after).lstrip()


def test_a_router_is_imported_and_registered_where_the_app_is_built(
    case: tuple[str, str],
) -> None:
    assert edited(case[0]) == case[1]


def test_a_registered_router_is_not_registered_again(case: tuple[str, str]) -> None:
    assert RouterFile.edit(case[1], PAYMENTS) == AlreadyThere()


def test_undoing_gives_back_the_very_bytes(case: tuple[str, str]) -> None:
    assert undone(case[1]) == case[0]


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_line_ends_are_kept(case: tuple[str, str], newline: str) -> None:
    before, after = (text.replace("\n", newline) for text in case)
    assert edited(before) == after
    assert undone(after) == before


def test_tabs_and_a_missing_final_newline_are_kept(case: tuple[str, str]) -> None:
    before, after = (text.rstrip("\n") for text in case)
    if "    " in before:
        before, after = (text.replace("    ", "\t") for text in (before, after))
    assert edited(before) == after
    assert undone(after) == before


def test_a_byte_order_mark_stays_first() -> None:
    before = "\ufeff" + dedent(FACTORY).lstrip()
    after = edited(before)
    assert after.startswith("\ufefffrom fastapi")
    assert undone(after) == before


REFUSED = {
    "there is no app": ("x = 1\n", "no FastAPI app is made here"),
    "there are two apps": (
        "from fastapi import FastAPI\na = FastAPI()\nb = FastAPI()\n",
        "there are several FastAPI apps (a on line 2, b on line 3)",
    ),
    "the app has no name": (
        "from fastapi import FastAPI\n\ndef make():\n    return FastAPI()\n",
        "no FastAPI app is made here",
    ),
    "the file does not parse": ("def f(:\n", "the file is not valid Python (line 1)"),
    "FastAPI is somebody else's": (
        "from company import FastAPI\napp = FastAPI()\n",
        "no FastAPI app is made here",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_edited_comes_with_the_lines_to_paste(name: str) -> None:
    source, reason = REFUSED[name]
    outcome = RouterFile.edit(source, PAYMENTS)
    assert isinstance(outcome, CannotEdit)
    assert outcome.instructions.startswith(f"app/main.py: {reason}")
    assert "from app.api.endpoints import payments\n" in outcome.instructions
    assert "app.include_router(payments.router)\n" in outcome.instructions


PRESENT = {
    "under an alias": """
        from fastapi import FastAPI
        from app.api.endpoints import payments as payments_router
        app = FastAPI()
        app.include_router(payments_router.router, prefix="/v2")
        """,
    "as a module with a name": """
        from fastapi import FastAPI
        import app.api.endpoints.payments as p
        app = FastAPI()
        app.include_router(router=p.router)
        """,
    "by its dotted name": """
        import fastapi
        import app.api.endpoints.payments
        def make():
            api = fastapi.FastAPI()
            api.include_router(app.api.endpoints.payments.router)
            return api
        """,
    "the router itself": """
        from fastapi import FastAPI
        from app.api.endpoints.payments import router as payments_router
        app = FastAPI()
        app.include_router(payments_router)
        """,
    "from the package": """
        from fastapi import FastAPI
        from app.api import endpoints
        app = FastAPI()
        app.include_router(endpoints.payments.router)
        """,
    "in a loop over a list that has a name": """
        from fastapi import FastAPI
        from app.api.endpoints import health, payments
        ROUTERS = [health.router, payments.router]
        app = FastAPI()
        for each in ROUTERS:
            app.include_router(each)
        """,
    "in a loop over modules": """
        from fastapi import FastAPI
        from app.api.endpoints import health, payments
        app = FastAPI()
        for module in (health, payments):
            app.include_router(module.router)
        """,
    "in a loop over pairs": """
        from fastapi import FastAPI
        from app.api.endpoints import health, payments
        app = FastAPI()
        for router, prefix in ((health.router, ""), (payments.router, "/x")):
            app.include_router(router, prefix=prefix)
        """,
    "in a router between": """
        from fastapi import APIRouter, FastAPI
        from app.api.endpoints import payments
        api = APIRouter(prefix="/api")
        api.include_router(payments.router)
        app = FastAPI()
        app.include_router(api)
        """,
}


@pytest.fixture(params=PRESENT)
def present(request: pytest.FixtureRequest) -> str:
    return dedent(PRESENT[request.param]).lstrip()


def test_a_router_registered_in_the_users_own_way_is_there(present: str) -> None:
    assert RouterFile.edit(present, PAYMENTS) == AlreadyThere()


def test_undoing_takes_out_what_the_user_registered_in_another_way(present: str) -> None:
    after = undone(present)
    compile(after, "main.py", "exec")
    assert "payments" not in after


def test_of_two_members_of_a_tuple_the_other_stays_a_tuple() -> None:
    source = dedent(PRESENT["in a loop over modules"]).lstrip()
    assert "for module in (health,):" in undone(source)


def test_a_module_that_is_imported_but_not_registered_is_used_by_its_name() -> None:
    source = (
        "from fastapi import FastAPI\nfrom app.api.endpoints import payments as p\n"
        "app = FastAPI()\nprint(p)\n"
    )
    assert edited(source).count("import") == 2
    assert "app.include_router(p.router)\n" in edited(source)


def test_an_import_inside_the_factory_is_used_there() -> None:
    source = (
        "from fastapi import FastAPI\n\ndef create_app():\n"
        "    from app.api.endpoints import payments\n    app = FastAPI()\n    return app\n"
    )
    assert "    app.include_router(payments.router)\n    return app\n" in edited(source)
    assert edited(source).count("endpoints") == 1


def test_the_order_of_adding_does_not_matter() -> None:
    order = Order(f"router:{name}" for name in ("audits", "orders", "payments"))
    source = dedent(FACTORY).lstrip()
    texts = set()
    for names in (
        ("audits", "orders", "payments"),
        ("payments", "orders", "audits"),
        ("orders", "payments", "audits"),
    ):
        text = source
        for name in names:
            text = edited(text, RouterEntry(name), order)
        texts.add(text)
        for name in names:
            text = undone(text, RouterEntry(name))
        assert text == source
    (text,) = texts
    calls = [line.strip() for line in text.splitlines() if "include_router" in line]
    assert calls == [
        f"app.include_router({name}.router)" for name in ("health", "audits", "orders", "payments")
    ]


def test_undoing_finds_the_call_after_the_file_was_reformatted() -> None:
    source = dedent(FACTORY).lstrip()
    reformatted = (
        edited(source)
        .replace(
            "include_router(payments.router)", "include_router(\n        payments.router\n    )"
        )
        .replace("import health, payments", "import (\n    health,\n    payments,\n)")
    )
    after = undone(reformatted)
    assert "payments" not in after
    assert "    app.include_router(health.router)\n    return app\n" in after


def test_a_suite_that_loses_its_only_statement_passes() -> None:
    source = (
        "from fastapi import FastAPI\nfrom app.api.endpoints import payments\napp = FastAPI()\n"
        "if app.debug:\n    app.include_router(payments.router)\n"
    )
    assert undone(source).endswith("if app.debug:\n    pass\n")
