"""Every request that real clients were seen to send, sent again (../shared/interop/tracking-clients.md)."""

import asyncio
import gzip
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from support.ingest import Running, running

RECORDED = Path(__file__).parents[3] / "shared" / "interop" / "recorded"
CLIENTS = ("segment-analytics-python", "rudder-sdk-python", "analytics-node", "analytics-next")
CHANNELS = dict.fromkeys(CLIENTS, "server") | {"analytics-next": "browser"}
TYPES = {"i": "identify", "t": "track", "p": "page", "s": "screen", "g": "group", "a": "alias"}
LEFT_OUT = {"_metadata", "writeKey"}
SERVERS_OWN = {"receivedAt", "timestamp", "originalTimestamp", "sentAt", "version", "channel", "context", "type"}
OWN_PATHS = ("/custom/", "/elsewhere/")  # node's `path` option pointed somewhere else

pytestmark = pytest.mark.skipif(not RECORDED.is_dir(), reason="../shared is not here")


def requests(client: str) -> list[dict[str, Any]]:
    with (RECORDED / f"{client}.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


async def send(here: Running, request: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    skipped = {"host", "content-length", "connection"}
    headers = {name: value for name, value in request["headers"].items() if name.lower() not in skipped}
    body = json.dumps(request["body"]).encode() if request.get("body") is not None else b""
    if request.get("contentEncoding") == "gzip":
        body = gzip.compress(body)
    url = here.url + request["path"]
    async with here.http.request(request["method"], url, data=body, headers=headers, allow_redirects=False) as answer:
        return answer.status, {name.lower(): value for name, value in answer.headers.items()}, await answer.read()


def moment(text: str) -> datetime:
    """A timestamp, cut to milliseconds as the daemon does it."""
    found = datetime.fromisoformat(text)
    return found - timedelta(microseconds=found.microsecond % 1000)


def check_event(event: dict[str, Any], item: dict[str, Any], type: str, sent_at: str, channel: str) -> None:
    """What a mapping sees of what a client sent."""
    assert not LEFT_OUT & event.keys()
    untouched = item.keys() - LEFT_OUT - SERVERS_OWN
    assert {name: event[name] for name in untouched} == {name: item[name] for name in untouched}
    assert (event["type"], event["version"], event["channel"]) == (type, 2, channel)
    assert (event["originalTimestamp"], event["sentAt"]) == (item["timestamp"], sent_at)
    corrected = moment(event["receivedAt"]) - (moment(sent_at) - moment(item["timestamp"]))
    assert moment(event["timestamp"]) == corrected
    context = item["context"] | ({"ip": "127.0.0.1"} if channel == "browser" and "ip" not in item["context"] else {})
    assert event["context"] == context


@pytest.mark.parametrize("client", CLIENTS)
def test_every_recorded_call_is_taken_and_normalised(client: str) -> None:
    async def main() -> None:
        posts = [r for r in requests(client) if r["method"] == "POST" and not r["path"].startswith(OWN_PATHS)]
        assert len(posts) > 20
        unknown = 0
        async with running() as here:
            for request in posts:
                here.journal.rows.clear()
                status, headers, answer = await send(here, request)
                assert (status, json.loads(answer)) == (200, {"success": True})
                assert headers["access-control-allow-origin"] == "*"
                body = request["body"]
                items = body.get("batch", [] if "series" in body else [body])
                if "Authorization" not in request["headers"] and "writeKey" not in body:
                    items, unknown = [], unknown + len(items)
                assert len(here.journal.rows) == len(items)
                for event, item in zip(here.journal.events, items, strict=True):
                    type = item.get("type") or TYPES[request["path"][-1]]
                    check_event(event, item, type, item.get("sentAt") or body["sentAt"], CHANNELS[client])
            assert here.journal.reasons() == ({"unknown_source": unknown} if unknown else {})

    asyncio.run(main())


def test_every_preflight_of_a_browser_allows_what_it_asked_for() -> None:
    async def main() -> None:
        preflights = [r for r in requests("analytics-next") if r["method"] == "OPTIONS"]
        assert len(preflights) > 100
        async with running() as here:
            for request in preflights:
                status, headers, _ = await send(here, request)
                assert (status, headers["access-control-allow-origin"]) == (204, "*")
                wanted = request["headers"]["Access-Control-Request-Headers"].split(",")
                assert set(wanted) <= set(headers["access-control-allow-headers"].split(", "))
                assert request["headers"]["Access-Control-Request-Method"] in headers["access-control-allow-methods"]

    asyncio.run(main())


def test_the_browser_gets_its_settings_and_an_error_for_all_else() -> None:
    async def main() -> None:
        gets = {r["path"]: r for r in requests("analytics-next") if r["method"] == "GET"}
        async with running() as here:
            for path, request in gets.items():
                status, headers, answer = await send(here, request)
                assert headers["access-control-allow-origin"] == "*"
                if path.endswith("/settings"):
                    assert (status, list(json.loads(answer)["integrations"])) == (200, ["Segment.io"])
                else:
                    assert (status, json.loads(answer)["code"]) == (404, "not_found")

    asyncio.run(main())
