"""What a draft says on the wire, by a provider's own client, to a server on this machine."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from cli_process import GOOD, REPOSITORY

from featuregen.drafting import Drafted, draft
from featuregen.drafting_prompt import model_schema
from featuregen.errors import FeaturegenError
from featuregen.spec.document import parse

pytest.importorskip("openai", reason="the client of one provider is not installed")

CLOSED = (REPOSITORY / "examples" / "payment" / "payment.yaml").read_text(encoding="utf-8")
BAD = GOOD.replace("text: string", "text: monney")
LOOPBACK = ("127.0.0.1", "::1", "localhost")
USAGE = {"prompt_tokens": 11_000, "completion_tokens": 1_500, "total_tokens": 12_500}


@dataclass
class Provider:
    """Answers as the chat completions of OpenAI do; `answers` in turn."""

    answers: list[dict[str, Any]]
    status: int = 200
    bodies: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    port: int = 0


def document(text: str) -> Any:  # noqa: ANN401 - JSON
    return parse(text, "spec.yaml")[0].json()


def completion(*specs: str) -> Iterator[dict[str, Any]]:
    """The shape that the API documents for a call of a function."""
    for number, spec in enumerate(specs):
        arguments = json.dumps(document(spec))
        call = {
            "id": f"call_{number}",
            "type": "function",
            "function": {"name": "final_result", "arguments": arguments},
        }
        yield {
            "id": f"chatcmpl-{number}",
            "object": "chat.completion",
            "created": 1_790_000_000,
            "model": "gpt-4o",
            "choices": [
                {
                    "index": 0,
                    "finish_reason": "tool_calls",
                    "message": {"role": "assistant", "content": None, "tool_calls": [call]},
                }
            ],
            "usage": USAGE,
        }


@contextmanager
def served(provider: Provider) -> Iterator[Provider]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            provider.paths.append(self.path)
            provider.bodies.append(json.loads(self.rfile.read(length)))
            data = json.dumps(provider.answers.pop(0)).encode()
            self.send_response(provider.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    provider.port = server.server_port
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """No name is looked up, and no connection leaves the machine."""
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def connected(self: socket.socket, address: Any) -> None:  # noqa: ANN401 - a host and a port
        assert address[0] in LOOPBACK, f"a test asks {address}"
        connect(self, address)

    def looked_up(host: Any, *given: Any, **more: Any) -> Any:  # noqa: ANN401 - of the library
        assert host in LOOPBACK, f"a test looks up {host}"
        return look_up(host, *given, **more)

    monkeypatch.setattr(socket.socket, "connect", connected)
    monkeypatch.setattr(socket, "getaddrinfo", looked_up)


def drafted_by(provider: Provider, *, as_text: bool = False) -> Drafted:
    from openai import AsyncOpenAI
    from pydantic_ai.models import override_allow_model_requests
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    url = f"http://127.0.0.1:{provider.port}/v1"
    client = AsyncOpenAI(base_url=url, api_key="sk-nothing", max_retries=0)
    model = OpenAIChatModel("gpt-4o", provider=OpenAIProvider(openai_client=client))
    with override_allow_model_requests(allow_model_requests=True):
        return draft("People pay.", model, as_text=as_text)


def test_the_schema_travels_as_the_parameters_of_a_function() -> None:
    with served(Provider([*completion(CLOSED)])) as provider:
        drafted = drafted_by(provider)
    assert document(drafted.text) == document(CLOSED)
    assert (drafted.input_tokens, drafted.output_tokens) == (11_000, 1_500)
    assert drafted.cost is not None
    assert provider.paths == ["/v1/chat/completions"]
    [body] = provider.bodies
    assert body["tool_choice"] == "required"
    [tool] = body["tools"]
    parameters = tool["function"]["parameters"]
    assert tool["function"].get("strict") is not True  # that mode forbids keys of one's own
    assert parameters["type"] == "object"
    assert not {"anyOf", "oneOf", "allOf", "enum", "not"} & set(parameters)
    assert set(parameters["properties"]) == set(model_schema()["properties"])
    text = json.dumps(parameters)
    assert "$ref" not in text  # what is shared is written out: not every model follows references
    assert "Accepts an Idempotency-Key" in text


def test_diagnostics_travel_as_the_answer_to_the_call() -> None:
    with served(Provider([*completion(BAD, CLOSED)])) as provider:
        drafted = drafted_by(provider)
    assert (drafted.requests, drafted.input_tokens) == (2, 22_000)
    *_, called, answered = provider.bodies[1]["messages"]
    assert called["tool_calls"][0]["id"] == answered["tool_call_id"] == "call_0"
    assert answered["role"] == "tool"
    assert "- models.Greeting.fields.text: error[FG103]: unknown type" in answered["content"]


def test_as_text_no_schema_travels() -> None:
    [answer] = completion(CLOSED)
    message = {"role": "assistant", "content": f"```yaml\n{CLOSED}```"}
    answer["choices"][0] |= {"message": message, "finish_reason": "stop"}
    with served(Provider([answer])) as provider:
        assert drafted_by(provider, as_text=True).text == CLOSED
    assert "tools" not in provider.bodies[0]
    assert "response_format" not in provider.bodies[0]


def test_a_provider_that_refuses_the_schema_is_told_with_the_way_around() -> None:
    fault = {"error": {"message": "Invalid schema for function 'final_result'", "code": "x"}}
    with (
        served(Provider([fault], status=400)) as provider,
        pytest.raises(FeaturegenError, match="Invalid schema for function") as caught,
    ):
        drafted_by(provider)
    assert len(provider.bodies) == 1
    assert "featuregen draft TICKET --text" in (caught.value.hint or "")
