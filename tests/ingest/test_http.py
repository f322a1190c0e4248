"""What an HTTP client sees. The answers are those of FEATURES part 2.4 and interop/tracking-clients.md."""

import asyncio
import base64
import gzip
import json
import zlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from actionsd.errors import StoreBroken, Unavailable
from actionsd.event import type_letters, types
from support.ingest import KEY, Running, eventually, running

BASIC = "Basic " + base64.b64encode(f"{KEY}:".encode()).decode()
EVENT: dict[str, Any] = {"userId": "u", "event": "E", "messageId": "m1"}
OK = {"success": True}


def check(test: Callable[[Running], Awaitable[None]], folder: Path | None = None, **options: Any) -> None:
    """Run a test against a started ingest."""

    async def main() -> None:
        async with running(folder, **options) as here:
            await test(here)

    asyncio.run(main())


PATHS = {
    **{f"/v1/{type}": type for type in types},
    **{f"/v1/{letter}": type for letter, type in type_letters.items()},
}


@pytest.mark.parametrize(("path", "type"), PATHS.items())
def test_f001_f002_the_path_decides_the_type(path: str, type: str) -> None:
    async def test(here: Running) -> None:
        event = EVENT | {"groupId": "g", "previousId": "p", "type": "other"}
        status, headers, answer = await here.post(path, event, Authorization=BASIC)
        assert (status, answer) == (200, OK)
        assert headers["Access-Control-Allow-Origin"] == "*"
        assert [event["type"] for event in here.journal.events] == [type]

    check(test)


@pytest.mark.parametrize("path", ["/v1/batch", "/v1/b", "/v1/import", "/v1/batch/"])
def test_f003_f004_batches(path: str) -> None:
    async def test(here: Running) -> None:
        items = [EVENT | {"type": "track"}, {"type": "identify", "anonymousId": "a", "userId": None}]
        body = {"batch": items, "writeKey": KEY, "context": {"app": {"name": "x"}}}
        assert (await here.post(path, body))[::2] == (200, OK)
        assert [event["type"] for event in here.journal.events] == ["track", "identify"]
        assert all(event["context"] == {"app": {"name": "x"}} for event in here.journal.events)

    check(test)


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "text/plain; charset=UTF-8"])
def test_f007_browsers_send_text_plain(content_type: str) -> None:
    async def test(here: Running) -> None:
        status, _, _ = await here.post("/v1/t", EVENT, Content_Type=content_type, Authorization=BASIC)
        assert (status, len(here.journal.rows)) == (200, 1)

    check(test)


def test_f007_other_content_types_are_bad_requests() -> None:
    async def test(here: Running) -> None:
        status, _, answer = await here.post("/v1/t", EVENT, Content_Type="application/xml", Authorization=BASIC)
        assert (status, answer["code"]) == (400, "bad_request")
        assert "application/xml" in answer["message"]
        assert here.journal.reasons() == {"bad_request": 1}

    check(test)


@pytest.mark.parametrize(
    ("header", "body_key", "rows", "reasons"),
    [
        (BASIC, None, 1, {}),
        (None, KEY, 1, {}),
        (BASIC, KEY, 1, {}),
        ("Bearer token", KEY, 1, {}),
        (BASIC, "wk_second", 0, {"unknown_source": 1}),
        (None, "other", 0, {"unknown_source": 1}),
        (None, None, 0, {"unknown_source": 1}),
        (None, 5, 0, {"unknown_source": 1}),
        (None, "wk_off", 0, {"source_disabled": 1}),
    ],
)
def test_f009_f010_f012_f013_write_keys(header: str | None, body_key: object, rows: int, reasons: Any) -> None:
    async def test(here: Running) -> None:
        headers = {"Authorization": header} if header else {}
        for path, body in (("/v1/t", EVENT), ("/v1/b", {"batch": [EVENT | {"type": "track"}]})):
            here.journal.rows.clear()
            here.journal.counts.clear()
            status, _, answer = await here.post(path, body | {"writeKey": body_key}, **headers)
            assert (status, answer) == (200, OK)
            assert (len(here.journal.rows), here.journal.reasons()) == (rows, reasons)

    check(test)


def test_f012_strict_keys_answer_401() -> None:
    async def test(here: Running) -> None:
        status, headers, answer = await here.post("/v1/t", EVENT)
        assert (status, answer["code"]) == (401, "unknown_source")
        assert headers["Access-Control-Allow-Origin"] == "*"
        assert (await here.post("/v1/b", {"batch": [], "writeKey": "other"}))[0] == 401
        assert (await here.post("/v1/t", EVENT | {"writeKey": "wk_off"}))[0] == 200
        assert (await here.post("/v1/t", EVENT | {"writeKey": KEY}))[0] == 200

    check(test, strict_keys=True)


def test_items_may_bring_the_key_and_strangers_among_them_are_refused() -> None:
    async def test(here: Running) -> None:
        keys = [None, KEY, "wk_second", KEY]
        items = [EVENT | {"type": "track", "messageId": str(n), "writeKey": key} for n, key in enumerate(keys)]
        assert (await here.post("/v1/b", {"batch": items}))[0] == 200
        assert [event["messageId"] for event in here.journal.events] == ["0", "1", "3"]
        assert here.journal.reasons() == {"unknown_source": 1}
        assert not any("writeKey" in event for event in here.journal.events)

    check(test)


@pytest.mark.parametrize("body", [b"{", b"", b"nothing", b'{"a":NaN}', b'{"a":\xff}', b'{"a":1}x', b"[" * 9000])
def test_f014_only_what_is_no_json_is_a_400(body: bytes) -> None:
    async def test(here: Running) -> None:
        for path in ("/v1/track", "/v1/batch"):
            status, headers, answer = await here.post(path, body, Authorization=BASIC)
            assert (status, answer["code"]) == (400, "bad_request")
            assert answer["message"]
            assert headers["Access-Control-Allow-Origin"] == "*"
        assert here.journal.reasons() == {"bad_request": 2}
        assert {count.source for count in here.journal.counts} == {1}

    check(test)


@pytest.mark.parametrize(
    ("path", "body", "reasons"),
    [
        ("/v1/t", {}, {"no_user_anon_id": 1}),
        ("/v1/t", [], {"unknown_source": 1}),
        ("/v1/t", {"userId": "u", "event": 5}, {"event_not_string": 1}),
        ("/v1/b", {"batch": []}, {"empty_batch": 1}),
        ("/v1/b", {}, {"empty_batch": 1}),
        ("/v1/b", {"batch": "x"}, {"empty_batch": 1}),
        ("/v1/b", {"batch": [5, {"type": "x"}]}, {"bad_request": 2}),
    ],
)
def test_f014_json_that_is_no_event_is_a_200_and_counted(path: str, body: Any, reasons: dict[str, int]) -> None:
    async def test(here: Running) -> None:
        headers = {} if isinstance(body, list) else {"Authorization": BASIC}
        assert (await here.post(path, body, **headers))[::2] == (200, OK)
        assert (here.journal.rows, here.journal.reasons()) == ([], reasons)

    check(test)


def test_f030_bad_items_are_dropped_one_by_one() -> None:
    async def test(here: Running) -> None:
        good = EVENT | {"type": "track"}
        await here.post("/v1/b", {"batch": [good, good | {"event": 5}, {"type": "track"}, 5]}, Authorization=BASIC)
        assert len(here.journal.rows) == 1
        assert here.journal.reasons() == {"event_not_string": 1, "no_user_anon_id": 1, "bad_request": 1}
        assert here.journal.reasons("batch") == {"multi_user_error": 1}
        await here.post("/v1/b", {"batch": [5]}, Authorization=BASIC)
        assert here.journal.reasons("batch") == {"multi_user_error": 1, "empty_batch_result": 1}

    check(test)


def padded(event: dict[str, Any], size: int) -> bytes:
    """The event with a property that makes it so many bytes long."""
    event = event | {"properties": {"pad": ""}}
    event["properties"]["pad"] = "x" * (size - len(json.dumps(event)))
    return json.dumps(event).encode()


def test_f005_one_event_has_32_kb() -> None:
    async def test(here: Running) -> None:
        assert (await here.post("/v1/t", padded(EVENT, 32_768), Authorization=BASIC))[0] == 200
        status, _, answer = await here.post("/v1/t", padded(EVENT, 32_769), Authorization=BASIC)
        assert (status, answer["code"], len(here.journal.rows)) == (400, "bad_request", 1)

    check(test)


def test_f006_a_batch_has_500_kb_and_its_items_32() -> None:
    async def test(here: Running) -> None:
        items = [padded(EVENT | {"type": "track"}, size) for size in (32_768, 32_769)]
        await here.post("/v1/b", b'{"batch":[' + b",".join(items) + b"]}", Authorization=BASIC)
        assert (len(here.journal.rows), here.journal.reasons()) == (1, {"bad_request": 1})
        for size, status in ((512_000, 200), (512_001, 400)):
            body = b'{"batch":[' + items[0] + b"]" + b" " * (size - 12 - len(items[0])) + b"}"
            assert len(body) == size
            assert (await here.post("/v1/b", body, Authorization=BASIC))[0] == status
        assert len(here.journal.rows) == 2

    check(test)


def test_f006_more_than_2500_items_are_refused_whole_with_a_200() -> None:
    async def test(here: Running) -> None:
        item = {"type": "track", "event": "E", "userId": "u"}
        assert (await here.post("/v1/b", {"batch": [item] * 2500}, Authorization=BASIC))[0] == 200
        assert (await here.post("/v1/b", {"batch": [item] * 2501}, Authorization=BASIC))[0] == 200
        assert (len(here.journal.rows), here.journal.reasons()) == (2500, {"bad_request": 2501})

    check(test)


def test_a_batch_context_counts_for_each_of_its_events() -> None:
    """Else a batch of 500 KB could become 600 MB in the journal."""

    async def test(here: Running) -> None:
        item = EVENT | {"type": "track"}
        assert (await here.post("/v1/b", {"batch": [item], "context": {"a": "x" * 33_000}, "writeKey": KEY}))[0] == 200
        assert (here.journal.rows, here.journal.reasons()) == ([], {"bad_request": 1})
        body = {"batch": [item] * 1000, "context": {"a": "x" * 5000}, "writeKey": KEY}
        assert (await here.post("/v1/b", body))[0] == 400
        assert here.journal.rows == []

    check(test)


def test_an_event_nested_too_deeply_is_refused_and_its_neighbours_are_not() -> None:
    async def test(here: Running) -> None:
        deep = b'{"type":"track","userId":"u","event":"E","properties":' + b'{"a":' * 200 + b"1" + b"}" * 201
        assert (await here.post("/v1/t", deep, Authorization=BASIC))[0] == 400
        good = json.dumps(EVENT | {"type": "track"}).encode()
        assert (await here.post("/v1/b", b'{"batch":[' + deep + b"," + good + b"]}", Authorization=BASIC))[0] == 200
        assert [event["messageId"] for event in here.journal.events] == ["m1"]
        nested = b'{"a":' * 150 + b"1" + b"}" * 150
        for name in (b"context", b"integrations"):
            body = b'{"batch":[' + good + b'],"' + name + b'":' + nested + b"}"
            assert (await here.post("/v1/b", body, Authorization=BASIC))[0] == 400
        assert len(here.journal.rows) == 1

    check(test)


def test_f008_gzip_and_the_limits_count_inflated_bytes() -> None:
    async def test(here: Running) -> None:
        headers = {"Authorization": BASIC, "Content_Encoding": "gzip"}
        body = gzip.compress(json.dumps(EVENT).encode())
        assert (await here.post("/v1/t", body, **headers))[0] == 200
        assert (await here.post("/v1/t", gzip.compress(padded(EVENT, 32_769)), **headers))[0] == 400
        assert (await here.post("/v1/t", body[:-9], **headers))[0] == 400
        assert (await here.post("/v1/t", zlib.compress(b"{}"), **headers))[0] == 400
        assert (await here.post("/v1/t", body, **headers | {"Content_Encoding": "br"}))[0] == 400
        assert (await here.post("/v1/t", b"{}", **headers | {"Content_Encoding": "identity"}))[0] == 200
        assert len(here.journal.rows) == 1

    check(test)


def test_a_body_in_chunks_is_bounded_too() -> None:
    async def test(here: Running) -> None:
        async def pieces(body: bytes) -> Any:
            for start in range(0, len(body), 5000):
                yield body[start : start + 5000]

        for size, status in ((32_768, 200), (32_769, 400), (400_000, 400)):
            headers = {"Authorization": BASIC, "Content-Type": "text/plain"}
            async with here.http.post(f"{here.url}/v1/t", data=pieces(padded(EVENT, size)), headers=headers) as answer:
                assert answer.status == status

    check(test)


def test_strange_texts_and_numbers_come_through() -> None:
    async def test(here: Running) -> None:
        texts = rb'"\ud800","a\udc00","\u0000","\ud83d\ude00","' + "\u2028".encode() + b'"'
        start = rb'{"type":"track","userId":"u\ud800","event":"E","messageId":"m\udfff","n":[9007199254740993,'
        for path, body in (
            ("/v1/t", start + b"1e999," + texts + b"]}"),
            ("/v1/b", b'\xef\xbb\xbf{"batch":[' + start + b"5," + texts + b"]}]}"),
        ):
            assert (await here.post(path, body, Authorization=BASIC))[0] == 200
        single, item = here.journal.events
        assert (single["userId"], single["messageId"]) == ("u\ud800", "m\ufffd")
        assert single["n"] == [9007199254740993, float("inf"), "\ud800", "a\udc00", "\0", "\U0001f600", "\u2028"]
        assert item["n"] == [9007199254740993, 5, *single["n"][2:]]
        assert b"1e999" in here.journal.rows[0][1].body

    check(test)


@pytest.mark.parametrize("error", [Unavailable("the disk is full", reason="store", retry_after=7), StoreBroken("gone")])
@pytest.mark.parametrize("when", ["at once", "at the commit"])
def test_trouble_is_503_with_retry_after_and_never_a_4xx(error: Any, when: str) -> None:
    async def test(here: Running) -> None:
        for path, body in (("/v1/t", EVENT), ("/v1/b", {"batch": []}), ("/v1/t", b"{")):
            if when == "at once":
                here.journal.trouble = error
            else:
                here.journal.hold = True
                asyncio.get_running_loop().call_later(0.01, here.journal.commit, error)
            status, headers, answer = await here.post(path, body, Authorization=BASIC)
            assert (status, answer["code"], answer["message"]) == (503, "unavailable", str(error))
            assert int(headers["Retry-After"]) == getattr(error, "retry_after", 1)
            assert headers["Access-Control-Expose-Headers"] == "Retry-After"
        here.journal.trouble, here.journal.hold = None, False
        assert (await here.post("/v1/t", EVENT, Authorization=BASIC))[0] == 200

    check(test)


def test_f015_above_the_rate_limit_429() -> None:
    async def test(here: Running) -> None:
        body = {"batch": [EVENT | {"type": "track"}] * 20, "writeKey": KEY}
        assert (await here.post("/v1/b", body))[0] == 200
        status, headers, answer = await here.post("/v1/b", body)
        assert (status, answer["code"]) == (429, "too_many_requests")
        assert (headers["Retry-After"], headers["X-RateLimit-Reset"]) == ("2", "2")
        assert here.journal.reasons() == {}
        await here.clock.advance(2)
        assert (await here.post("/v1/b", body))[0] == 200
        assert here.journal.reasons() == {"too_many_requests": 20}

    check(test, rate_limit=10.0)


def test_the_answer_waits_for_the_commit() -> None:
    async def test(here: Running) -> None:
        here.journal.hold = True
        posting = asyncio.create_task(here.post("/v1/t", EVENT, Authorization=BASIC))
        await eventually(lambda: here.journal.waiting)
        assert not posting.done()
        here.journal.commit()
        assert (await posting)[0] == 200

    check(test)


def test_many_clients_at_once() -> None:
    async def test(here: Running) -> None:
        bodies = [EVENT | {"messageId": str(n), "writeKey": KEY} for n in range(200)]
        answers = await asyncio.gather(*(here.post("/v1/t", body) for body in bodies))
        assert {status for status, _, _ in answers} == {200}
        assert {event["messageId"] for event in here.journal.events} == {str(n) for n in range(200)}

    check(test)


def test_x_retry_count_is_counted() -> None:
    async def test(here: Running) -> None:
        await here.post("/v1/t", EVENT, Authorization=BASIC, X_Retry_Count="2")
        await here.post("/v1/t", EVENT, Authorization=BASIC)
        assert here.journal.reasons("client_retry") == {"": 1}

    check(test)


def test_f002_library_metrics_are_taken_and_dropped() -> None:
    async def test(here: Running) -> None:
        body = {"series": [{"type": "Counter", "metric": "x", "value": 1, "tags": {}}]}
        assert (await here.post("/v1/m", body, Content_Type="text/plain"))[::2] == (200, OK)
        assert not here.journal.rows

    check(test)


@pytest.mark.parametrize("path", ["/v1/t", "/v1/b", "/v1/m", "/v1/projects/x/settings", "/elsewhere"])
def test_f016_preflight(path: str) -> None:
    async def test(here: Running) -> None:
        headers = {
            "Origin": "http://page.test",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,x-retry-count, X-Custom, bad name",
        }
        async with here.http.options(here.url + path, headers=headers) as answer:
            assert answer.status == 204
            assert answer.headers["Access-Control-Allow-Origin"] == "*"
            assert answer.headers["Access-Control-Allow-Methods"] == "GET, POST, OPTIONS"
            allowed = answer.headers["Access-Control-Allow-Headers"].split(", ")
            assert allowed == ["authorization", "content-type", "x-retry-count", "x-custom"]
            assert int(answer.headers["Access-Control-Max-Age"]) >= 600

    check(test)


def test_the_settings_document_of_analytics_js() -> None:
    async def test(here: Running) -> None:
        async with here.http.get(f"{here.url}/v1/projects/{KEY}/settings") as answer:
            assert answer.status == 200
            assert answer.headers["Access-Control-Allow-Origin"] == "*"
            host = here.url.removeprefix("http://")
            assert await answer.json() == {
                "integrations": {"Segment.io": {"apiKey": KEY, "apiHost": f"{host}/v1", "protocol": "http"}},
                "metrics": {"sampleRate": 0},
            }
        async with here.http.get(f"{here.url}/v1/projects/unknown/settings") as answer:
            assert (answer.status, (await answer.json())["code"]) == (404, "unknown_source")
            assert answer.headers["Access-Control-Allow-Origin"] == "*"

    check(test)


def test_the_settings_document_behind_a_tls_proxy() -> None:
    async def test(here: Running) -> None:
        headers = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "events.example"}
        async with here.http.get(f"{here.url}/v1/projects/{KEY}/settings", headers=headers) as answer:
            segment = (await answer.json())["integrations"]["Segment.io"]
            assert (segment["protocol"], segment["apiHost"]) == ("https", "events.example/v1")

    check(test, trusted_proxies=("127.0.0.0/8",))


@pytest.mark.parametrize(("trusted", "ip"), [((), "127.0.0.1"), (("127.0.0.1/32",), "203.0.113.7")])
def test_f020_the_address_behind_a_proxy(trusted: tuple[str, ...], ip: str) -> None:
    async def test(here: Running) -> None:
        event = EVENT | {"context": {"direct": True}}
        await here.post("/v1/t", event, Authorization=BASIC, X_Forwarded_For="6.6.6.6, 203.0.113.7")
        assert here.journal.events[0]["context"]["ip"] == ip

    check(test, trusted_proxies=trusted)


def data(event: dict[str, Any]) -> str:
    return base64.b64encode(json.dumps(event).encode()).decode()


@pytest.mark.parametrize(
    ("query", "reasons"),
    [
        ({"data": data(EVENT | {"writeKey": KEY})}, {}),
        ({"data": data(EVENT), "writeKey": KEY}, {}),
        ({"writeKey": KEY, "userId": "u", "event": "E", "messageId": "m1"}, {}),
        ({"data": data(EVENT)}, {"unknown_source": 1}),
        ({"data": "%%%"}, {"bad_request": 1}),
        ({"data": data({"userId": "u", "writeKey": KEY})}, {"event_not_defined": 1}),
        ({}, {"unknown_source": 1}),
        ({"properties" + ".a" * 150: "x"}, {"bad_request": 1}),
        ({"properties" + ".a" * 3500: "x"}, {"bad_request": 1}),
    ],
)
def test_f021_the_pixel_is_an_image_whatever_comes(query: dict[str, str], reasons: dict[str, int]) -> None:
    async def test(here: Running) -> None:
        async with here.http.get(f"{here.url}/v1/pixel/track", params=query) as answer:
            assert (answer.status, answer.headers["Content-Type"]) == (200, "image/gif")
            image = await answer.read()
            assert image.startswith(b"GIF89a\x01\x00\x01\x00")
            assert answer.headers["Cache-Control"] == "no-store"
        assert here.journal.reasons() == reasons
        if not reasons:
            [event] = here.journal.events
            assert (event["type"], event["channel"], event["context"]["ip"]) == ("track", "browser", "127.0.0.1")

    check(test, strict_keys=True)


def test_i1_the_pixel_does_not_say_200_for_what_is_lost() -> None:
    async def test(here: Running) -> None:
        here.journal.trouble = Unavailable("the disk is full", reason="store")
        async with here.http.get(f"{here.url}/v1/pixel/track", params={"data": data(EVENT)}) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
            assert answer.headers["Content-Type"] == "image/gif"

    check(test)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/track", 405, "method_not_allowed"),
        ("PUT", "/v1/batch", 405, "method_not_allowed"),
        ("POST", "/healthz", 405, "method_not_allowed"),
        ("POST", "/v1/projects/x/settings", 405, "method_not_allowed"),
        ("GET", "/", 404, "not_found"),
        ("POST", "/v2/track", 404, "not_found"),
        ("POST", "/v1/merge", 404, "not_found"),
        ("GET", "/v1/pixel/other", 404, "not_found"),
        ("GET", "//v1//track", 404, "not_found"),
    ],
)
def test_other_paths_are_errors_in_json_and_never_redirects(method: str, path: str, status: int, code: str) -> None:
    async def test(here: Running) -> None:
        async with here.http.request(method, here.url + path, allow_redirects=False) as answer:
            body = await answer.json()
            assert (answer.status, body["code"]) == (status, code)
            assert body["message"]
            assert answer.headers["Access-Control-Allow-Origin"] == "*"

    check(test)


def test_a_query_behind_the_path_changes_nothing() -> None:
    async def test(here: Running) -> None:
        assert (await here.post("/v1/t?writeKey=x&y", EVENT, Authorization=BASIC))[0] == 200
        assert len(here.journal.rows) == 1

    check(test)


@pytest.mark.parametrize("trouble", ["", "the disk is full"])
def test_health(trouble: str) -> None:
    async def test(here: Running) -> None:
        async with here.http.get(f"{here.url}/healthz") as answer:
            assert answer.status == 200
        async with here.http.get(f"{here.url}/readyz") as answer:
            assert answer.status == (503 if trouble else 200)
            assert trouble in await answer.text()

    check(test, trouble=trouble)


def test_f025_the_same_over_a_unix_socket(tmp_path: Path) -> None:
    async def test(here: Running) -> None:
        path = here.ingest.addresses[1].path
        assert path.stat().st_mode & 0o777 == 0o600
        async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(path))) as client:
            headers = {"Authorization": BASIC, "X-Forwarded-For": "203.0.113.7"}
            event = EVENT | {"context": {"direct": True}}
            async with client.post("http://host/v1/t", json=event, headers=headers) as answer:
                assert (answer.status, await answer.json()) == (200, OK)
        assert here.journal.events[0]["context"]["ip"] == "203.0.113.7"

    check(test, tmp_path)


@pytest.mark.parametrize(
    "request_", [b"nonsense\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET / HTTP/9.9\r\n\r\n"]
)
def test_what_is_no_http_gets_an_error_and_no_traceback(request_: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async def test(here: Running) -> None:
        address = here.ingest.addresses[0]
        reader, writer = await asyncio.open_connection(address.host, address.port)
        writer.write(request_)
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
        assert b" 400 " in head.splitlines()[0]
        assert json.loads(body)["code"] == "bad_request"

    check(test)
    assert not caplog.records


def test_a_body_that_is_announced_gets_its_100_continue() -> None:
    async def test(here: Running) -> None:
        address = here.ingest.addresses[0]
        reader, writer = await asyncio.open_connection(address.host, address.port)
        body = json.dumps(EVENT).encode()
        head = f"POST /v1/t HTTP/1.1\r\nHost: x\r\nAuthorization: {BASIC}\r\nExpect: 100-continue\r\n"
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode())
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(body)
        assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 200 ")
        writer.close()

    check(test)


@pytest.mark.parametrize(
    ("version", "connection", "stays_open"),
    [("1.1", "", True), ("1.1", "close", False), ("1.0", "", False), ("1.0", "keep-alive", True)],
)
def test_connections_go_on_as_the_client_wants(version: str, connection: str, stays_open: bool) -> None:
    async def test(here: Running) -> None:
        address = here.ingest.addresses[0]
        reader, writer = await asyncio.open_connection(address.host, address.port)
        body = json.dumps(EVENT | {"writeKey": KEY}).encode()
        head = (
            f"POST /v1/t HTTP/{version}\r\nHost: x\r\nConnection: {connection}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        writer.write((head.encode() + body) * (1 + stays_open))
        for _ in range(1 + stays_open):
            lines = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
            assert lines[0] == f"HTTP/{version} 200 OK"
            assert any(line.startswith("Date: ") for line in lines)
            assert await reader.readexactly(16) == b'{"success":true}'
        if not stays_open:
            assert await reader.read() == b""
        assert len(here.journal.rows) == 1 + stays_open
        writer.close()

    check(test)


@pytest.mark.parametrize("pieces", [[b"{"], [b'{"userId":"u"', b',"event":"E"}'], [b"", b"{}"]])
def test_a_connection_that_breaks_off_stores_nothing(pieces: list[bytes], caplog: pytest.LogCaptureFixture) -> None:
    async def test(here: Running) -> None:
        address = here.ingest.addresses[0]
        _, writer = await asyncio.open_connection(address.host, address.port)
        writer.write(
            f"POST /v1/t HTTP/1.1\r\nHost: x\r\nAuthorization: {BASIC}\r\nContent-Length: 999\r\n\r\n".encode()
        )
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        writer.transport.abort()
        assert (await here.post("/v1/t", EVENT, Authorization=BASIC))[0] == 200
        assert len(here.journal.rows) == 1

    check(test)
    assert not caplog.records
