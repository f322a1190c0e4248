import asyncio
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from actionsd_webhook import webhook

from actionsd import testing
from support import catalogue, parity

README = Path(__file__).parents[1] / "README.md"

URL = "https://example.test/hook"


def run(events: list[dict[str, Any]], mapping: dict[str, Any], **options: Any) -> testing.Run:
    fields = {"url": URL, "method": "POST", "data": {"@path": "$."}, **mapping}
    return asyncio.run(
        testing.run(webhook, "send", **{"settings": {}, "events": events, "mapping": fields, "trigger": None} | options)
    )


def test_the_recorded_requests_are_sent() -> None:
    report = parity.replay(webhook)
    assert report.total, "no records"
    assert report.agreement == 1.0, report.text()
    assert f"Parity: {report.agreed.total()} of {report.total} records" in README.read_text()


def test_the_definition_is_the_catalogues_but_for_what_is_meant() -> None:
    assert catalogue.differences(webhook) == [f"send: trigger is {webhook.actions['send'].trigger!r}, expected ''"], (
        "a mapping needs a trigger to start from"
    )


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_method_and_headers_are_those_of_the_mapping(method: str) -> None:
    done = run([testing.track("E")], {"method": method, "headers": {"X-Team": "a", "n": 1}})
    (request,) = done.requests
    assert (request.method, request.url) == (method, URL)
    assert request.headers["x-team"] == "a"
    assert request.headers["n"] == "1"


def test_another_method_is_refused_before_anything_is_sent() -> None:
    done = run([testing.track("E")], {"method": "DELETE"})
    assert done.requests == []
    assert done.outcomes[0].kind == "discarded"


def test_f197_the_signature_is_over_the_bytes_of_the_body() -> None:
    done = run([testing.track("Ünïcode", properties={"n": 1e21})], {}, settings={"sharedSecret": "s"})
    (request,) = done.requests
    assert request.headers["x-signature"] == hmac.new(b"s", request.body, hashlib.sha1).hexdigest()


def test_f197_a_batch_is_one_array_signed_by_its_first_event() -> None:
    events = [testing.track(name) for name in ("A", "B", "C")]
    done = run(events, {"batch_size": 10}, settings={"sharedSecret": "s"}, batch=True)
    (request,) = done.requests
    sent = json.loads(request.body)
    assert [each["event"] for each in sent] == ["A", "B", "C"]
    first = json.dumps(sent[0], separators=(",", ":"), ensure_ascii=False).encode()
    assert request.headers["x-signature"] == hmac.new(b"s", first, hashlib.sha1).hexdigest()


def test_without_a_secret_nothing_is_signed() -> None:
    assert "x-signature" not in run([testing.track("E")], {}).requests[0].headers


def test_it_conforms_to_the_contract() -> None:
    testing.check_definition(webhook)
