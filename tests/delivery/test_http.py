"""``call.http``: what is recorded, where it may go, what it follows and when it raises."""

import asyncio
from typing import Any

import pytest

from actionsd.delivery.exchange import Exchange
from actionsd.delivery.http import Client
from actionsd.sdk import HTTPError, NetworkError, RequestError, Response
from actionsd.testing import Respond, StubTransport


def client(respond: Respond = None, **options: Any) -> tuple[Client, StubTransport, list[Exchange]]:
    transport, exchanges = StubTransport(respond), list[Exchange]()
    ticks = iter(range(100))
    return Client(transport, exchanges, lambda: float(next(ticks)), **options), transport, exchanges


def test_every_exchange_is_recorded_with_its_time() -> None:
    http, _, exchanges = client([(200, None, {"a": 1}), NetworkError("read ECONNRESET", "ECONNRESET")])
    assert asyncio.run(http.get("https://h.test/1")).data == {"a": 1}
    with pytest.raises(NetworkError):
        asyncio.run(http.delete("https://h.test/2"))
    assert [(one.request.method, one.response and one.response.status, one.seconds) for one in exchanges] == [
        ("GET", 200, 1.0), ("DELETE", None, 1.0),
    ]  # fmt: skip
    assert isinstance(exchanges[1].error, NetworkError)


def test_an_answer_that_is_not_2xx_raises_unless_told_not_to() -> None:
    http, *_ = client([(404, None, ""), (404, None, "")])
    with pytest.raises(HTTPError, match="Not Found"):
        asyncio.run(http.put("https://h.test/", json={}))
    assert asyncio.run(http.patch("https://h.test/", json={}, raise_for_status=False)).status == 404
    http, *_ = client([(500, None, "")], extend=lambda: {"raise_for_status": False})
    assert asyncio.run(http.get("https://h.test/")).status == 500


def test_the_shared_options_are_asked_for_once() -> None:
    asked: list[int] = []

    def extend() -> Any:
        asked.append(1)
        return {"headers": {"x-a": "1"}}

    http, transport, _ = client(extend=extend)
    asyncio.run(http.get("https://h.test/"))
    asyncio.run(http.get("https://h.test/"))
    assert (len(asked), [request.headers["x-a"] for request in transport.requests]) == (1, ["1", "1"])


@pytest.mark.parametrize(
    ("status", "method", "expected"),
    [(301, "POST", "GET"), (302, "POST", "GET"), (303, "PUT", "GET"), (307, "POST", "POST"), (308, "PUT", "PUT"),
     (302, "PUT", "PUT")],
)  # fmt: skip
def test_redirects_within_the_origin_are_followed(status: int, method: str, expected: str) -> None:
    http, transport, _ = client([(status, {"Location": "/next?x=1"}, "")])
    asyncio.run(http.request(method, "https://h.test/a", json={"a": 1}, headers={"authorization": "Bearer t"}))
    second = transport.requests[1]
    assert (second.method, second.url, second.headers["authorization"]) == (
        expected, "https://h.test/next?x=1", "Bearer t",
    )  # fmt: skip
    assert bool(second.body) == (expected != "GET") == ("content-type" in second.headers)


@pytest.mark.parametrize("location", ["https://evil.test/", "http://h.test/", "//evil.test/x", "https://h.test:444/"])
def test_redirects_elsewhere_are_not_followed(location: str) -> None:
    http, transport, _ = client([(307, {"location": location}, "")])
    with pytest.raises(HTTPError, match="Temporary Redirect"):
        asyncio.run(http.post("https://h.test/", json={}))
    assert len(transport.requests) == 1


def test_endless_redirects_end() -> None:
    http, transport, _ = client(lambda request: (307, {"location": "/again"}, ""))
    with pytest.raises(HTTPError):
        asyncio.run(http.get("https://h.test/"))
    assert len(transport.requests) == 6


@pytest.mark.parametrize(("host", "allowed"), [("api.acme.test", True), ("a.b.acme.test", True), ("acme.test", False),
                                               ("exact.test", True), ("evilacme.test", False)])  # fmt: skip
def test_a_definition_can_be_pinned_to_hosts(host: str, allowed: bool) -> None:
    http, transport, _ = client(hosts=("exact.test", "*.acme.test"))
    if allowed:
        asyncio.run(http.get(f"https://{host}/"))
    else:
        with pytest.raises(RequestError, match=f"{host} is not one of the hosts of this destination"):
            asyncio.run(http.get(f"https://{host}/"))
    assert len(transport.requests) == allowed


def test_data_is_json_only_where_the_answer_says_so() -> None:
    assert Response(200, {"content-type": "application/json; charset=utf-8"}, b'{"a":1}').data == {"a": 1}
    assert Response(200, {"content-type": "text/plain"}, b'{"a":1}').data == '{"a":1}'
    assert Response(200, {"content-type": "application/json"}, b"{oops").data is None
