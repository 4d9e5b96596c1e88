"""FastAPI and pydantic code becomes a spec that holds; the code itself is never run."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import pytest

from featuregen.errors import FeaturegenError
from featuregen.importing import import_code
from featuregen.spec.load import parse_spec

if TYPE_CHECKING:
    from pathlib import Path

    from featuregen.importing import Imported
    from featuregen.spec.model import FeatureSpec, Field

MODELS = '''
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, List, Literal, Optional, Union
from pydantic import BaseModel, ConfigDict, EmailStr, Field, PositiveInt, constr, validator

class Kind(str, Enum):
    SMALL = "small"
    BIG = "big"

SKU_PATTERN = r"^[a-z]+$"
Sku = Annotated[str, Field(min_length=1, max_length=20)]

class Base(BaseModel):
    id: int = Field(..., gt=0)

class Line(BaseModel):
    sku: Sku
    old_sku: constr(max_length=9, pattern=SKU_PATTERN) = "none"
    qty: PositiveInt = 1
    price: Decimal = Field(decimal_places=2, ge=Decimal("0.5"))

class OrderIn(BaseModel):
    """An order.

    With more text.
    """
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [
        {"kind": "big", "lines": [], "contact": "a@b.example", "state": "open"}]})
    kind: Kind = Kind.BIG
    lines: List[Line] = Field(max_length=50)
    contact: EmailStr
    state: Literal["open", "closed"]
    note: Optional[str] = Field(None, max_length=500, description="For people", alias="noteText")
    due: datetime | None = None
    tags: set[str] = set()
    either: Union[int, str] = 1
    made: datetime = Field(default_factory=datetime.now)

    @validator("note")
    def check_note(cls, value):
        raise SystemExit("code that is read must not run")

class Paging(BaseModel):
    page: int = Field(1, ge=1)
    sort_by: Literal["id", "due"] = Field("id", alias="sortBy")

class OrderOut(Base):
    total: "Decimal"
    parent: Optional["OrderOut"] = None

raise SystemExit("code that is read must not run")
'''

ROUTES = '''
from typing import Annotated
from fastapi import APIRouter, Depends, Header, HTTPException, Query, Security, UploadFile, status
from shop.models import OrderIn, OrderOut, Paging
from shop.errors import OutOfStockError, UnauthorizedError

router = APIRouter(prefix="/orders", tags=["Orders"])
CurrentUser = Annotated[dict, Depends(get_current_user)]

@router.post("/", response_model=OrderOut, status_code=status.HTTP_201_CREATED)
async def create(order: OrderIn, user: CurrentUser, db=Depends(get_db),
                 x_trace: str | None = Header(None, max_length=64)):
    """Create an order."""
    if not order.lines:
        raise HTTPException(status_code=409, detail="The order is empty")
    raise OutOfStockError

@router.get("/{order_id:int}", response_model=OrderOut, summary="Read one")
def read(order_id: int, deep: bool = False, user=Security(get_user, scopes=["orders:read"])):
    raise HTTPException(404)

@router.get("")
def list_all(paging: Annotated[Paging, Query()], limit: Annotated[int, Query(ge=1, le=100)] = 10,
             kinds: list[str] = Query([], alias="kind")) -> list[OrderOut]:
    ...

@router.put("/{order_id}/file", deprecated=True)
def upload(order_id: str, file: UploadFile) -> None:
    ...
'''

ERRORS = """
class AppError(Exception): ...
class UnauthorizedError(AppError):
    status, code, title = 401, "unauthorized", "No token"
class OutOfStockError(AppError):
    status, code, title = 422, "out_of_stock", "Out of stock"
    retry_after = 30
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    for name, text in (("models", MODELS), ("routes", ROUTES), ("errors", ERRORS)):
        (folder / f"{name}.py").write_text(textwrap.dedent(text), encoding="utf-8")
    return folder


def imported(*paths: Path) -> tuple[Imported, FeatureSpec]:
    result = import_code(paths)
    return result, parse_spec(result.text, "spec.yaml")


def fields(spec: FeatureSpec, model: str) -> dict[str, Field]:
    return {field.name: field for field in spec.models[model].fields}


def test_routes_become_operations_with_hooks(shop: Path) -> None:
    result, spec = imported(shop / "routes.py")
    assert (result.feature, spec.title, spec.base_path) == ("order", "Orders", "/orders")
    assert {
        (one.name, one.method, one.path, one.status, one.hook) for one in spec.operations.values()
    } == {
        ("create", "POST", "/", 201, "create"),
        ("read", "GET", "/{order_id}", 200, "read"),
        ("list_all", "GET", "/", 200, "list_all"),
        ("upload", "PUT", "/{order_id}/file", 204, "upload"),
    }
    assert spec.operations["create"].summary == "Create an order."
    assert spec.operations["upload"].deprecated
    assert spec.operations["list_all"].response.kind == "list"


def test_callers_and_scopes_become_auth_and_permission(shop: Path) -> None:
    _, spec = imported(shop / "routes.py")
    found = {name: (one.auth, one.permission) for name, one in spec.operations.items()}
    assert found == {
        "create": ("required", None),
        "read": ("required", "orders:read"),
        "list_all": ("none", None),
        "upload": ("none", None),
    }


def test_parameters_keep_place_bounds_and_names(shop: Path) -> None:
    _, spec = imported(shop / "routes.py")
    (trace,) = spec.operations["create"].headers
    assert (trace.name, trace.max_length, trace.required) == ("x_trace", 64, False)
    page, sort_by, limit, kinds = spec.operations["list_all"].query
    assert (page.name, page.ge, page.default) == ("page", 1, 1)
    assert (sort_by.wire_name, sort_by.values) == ("sortBy", ("id", "due"))
    assert (limit.ge, limit.le, limit.default) == (1, 100, 10)
    assert (kinds.name, kinds.wire_name, kinds.type.kind) == ("kinds", "kind", "list")
    assert spec.operations["read"].path_params[0].type.kind == "int"
    assert spec.operations["read"].query[0].default is False


def test_models_are_followed_through_imports_and_keep_their_constraints(shop: Path) -> None:
    _, spec = imported(shop / "routes.py")
    order = fields(spec, "OrderIn")
    assert (order["kind"].values, order["kind"].default) == (("small", "big"), "big")
    assert (order["lines"].type.kind, order["lines"].max_length) == ("list", 50)
    assert order["contact"].type.kind == "email"
    assert order["state"].values == ("open", "closed")
    assert (order["note"].wire, order["note"].max_length, order["note"].required) == (
        "noteText", 500, False,
    )  # fmt: skip
    assert not order["due"].required
    assert (order["tags"].unique, order["tags"].default) == (True, [])
    line = fields(spec, "Line")
    assert (line["sku"].min_length, line["sku"].max_length) == (1, 20)
    assert (line["old_sku"].max_length, line["old_sku"].pattern) == (9, "^[a-z]+$")
    assert (line["qty"].gt, line["qty"].default) == (0, 1)
    assert (line["price"].decimal_places, str(line["price"].ge)) == (2, "0.5")
    assert fields(spec, "OrderOut")["id"].gt == 0
    assert spec.models["OrderIn"].summary == "An order."


def test_a_request_refuses_what_the_code_refused(shop: Path) -> None:
    _, spec = imported(shop / "routes.py")
    assert not spec.models["OrderIn"].ignore_extra
    assert spec.models["Line"].ignore_extra


def test_raised_errors_become_errors(shop: Path) -> None:
    _, spec = imported(shop / "routes.py")
    assert spec.operations["create"].errors == ("OrderConflictError", "OutOfStockError")
    assert spec.errors["OrderConflictError"].title == "The order is empty"
    stock = spec.errors["OutOfStockError"]
    assert (stock.status, stock.code, stock.retry_after) == (422, "out_of_stock", 30)
    assert spec.operations["read"].errors == ("OrderNotFoundError",)


def test_what_a_spec_cannot_say_is_listed_with_its_line(shop: Path) -> None:
    result, _ = imported(shop / "routes.py")
    notes = {note.what: note.where for note in result.notes}
    line = next(n for n, text in enumerate(MODELS.splitlines(), 1) if "def check_note" in text)
    assert notes["the validator OrderIn.check_note: say it as a rule, or in a hook"] == (
        f"models.py:{line}"
    )
    assert "the dependency get_db: the hook does what it did" in notes
    assert "the UploadFile 'file' is not carried over" in notes
    assert "one of several types: any JSON" in notes
    assert "a default that is computed" in notes
    assert any("contains itself" in what for what in notes)


def test_a_folder_is_read_as_a_whole(shop: Path) -> None:
    assert imported(shop)[0].text == imported(shop / "routes.py")[0].text


def test_the_prefix_of_an_included_router_counts(shop: Path) -> None:
    (shop / "main.py").write_text(
        "from fastapi import FastAPI\nfrom shop import routes\napp = FastAPI()\n"
        "app.include_router(routes.router, prefix='/api/v2')\n",
        encoding="utf-8",
    )
    assert imported(shop)[1].base_path == "/api/v2/orders"


GENERATED = '''
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Annotated
from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field

class PaymentRequest(SensitiveModel):
    """Request model for creating a payment."""
    model_config = ConfigDict(extra="forbid")
    amount: Annotated[
        Decimal, Field(description="Payment amount"),
        DecimalRule(gt=Decimal(0), le=Decimal(10000), places=2, rounding=ROUND_HALF_EVEN),
    ]
    method_id: Annotated[str, Field(min_length=1, max_length=255), Text(), Sensitive(last4=True)]
    note: Annotated[str, Field(max_length=500), Text(strip=True)] | None = Field(default=None)
    created_at: IsoDatetime

router = APIRouter(prefix="/api/v1/payments")

@router.post("", status_code=201, dependencies=[Depends(rate_limit("10/minute"))],
             responses=problems(PaymentError, UnauthorizedError))
async def create_payment(
    data: PaymentRequest, user: Annotated[User, Depends(require_permission("payments.create"))],
) -> PaymentRequest: ...

@router.get("/{payment_id}", dependencies=[Depends(require_permission("payments.read"))])
async def get_payment(payment_id: Annotated[str, Path(
    min_length=1, max_length=255, pattern="^[A-Za-z0-9_-]+$", examples=["p_1"])]) -> None: ...

class PaymentError(AppError):
    status, code, title = 402, "payment_declined", "Payment declined"
'''


def test_what_featuregen_generates_reads_back_as_it_was_specified(tmp_path: Path) -> None:
    file = tmp_path / "payments.py"
    file.write_text(GENERATED, encoding="utf-8")
    result, spec = imported(file)
    assert result.notes == ()
    request = fields(spec, "PaymentRequest")
    amount = request["amount"]
    assert (amount.gt, amount.le, amount.decimal_places, amount.round) == (0, 10000, 2, "half_even")
    assert (request["method_id"].sensitive, request["method_id"].max_length) == ("last4", 255)
    assert (request["note"].strip, request["note"].required) == (True, False)
    assert request["created_at"].type.kind == "datetime"
    create = spec.operations["create_payment"]
    assert (create.permission, create.rate_limits[0].text) == ("payments.create", "10/minute")
    assert create.errors == ("PaymentError",)
    assert spec.operations["get_payment"].permission == "payments.read"
    assert spec.base_path == "/api/v1/payments"


@pytest.mark.parametrize(
    ("text", "what"),
    [("def broken(:", "not Python"), ("x = 1", "no route"), ("\0", "not Python")],
)
def test_what_is_no_feature_is_refused_with_a_reason(tmp_path: Path, text: str, what: str) -> None:
    file = tmp_path / "a.py"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(FeaturegenError, match=what):
        import_code([file])


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FeaturegenError, match=r"none\.py: no such file"):
        import_code([tmp_path / "none.py"])
    with pytest.raises(FeaturegenError, match="no Python file"):
        import_code([tmp_path])
