"""The fake upstreams of the project: tests and the development server run against them."""

from collections.abc import Callable

from app.core.config import Settings
from tests.fakes.provider import FakeProvider
from tests.fakes.upstream import FakeUpstream

FAKES: dict[str, Callable[[Settings], FakeUpstream]] = {
    "provider": FakeProvider,
}
