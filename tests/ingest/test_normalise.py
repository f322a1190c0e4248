import json
from typing import Any

import pytest

from actionsd.event import decode
from actionsd.ingest import split
from actionsd.ingest.normalise import Arrival, max_properties, without_excess
from actionsd.ingest.refusal import BadRequest

RECEIVED = 1_715_776_496_789
RECEIVED_TEXT = "2024-05-15T12:34:56.789Z"


def normalised(
    event: dict[str, Any], batch: dict[str, Any] | None = None, *, ip: str = "203.0.113.7", channel: str | None = None
) -> dict[str, Any]:
    """The event as a mapping sees it, sent alone or in a batch."""
    body = json.dumps({"type": "track", "messageId": "m"} | event).encode()
    envelope = split.envelope(json.dumps({"batch": [], **batch}).encode()) if batch is not None else None
    arrival = Arrival(RECEIVED, lambda: ip, envelope=envelope, channel=channel)
    head = split.head_of(split.members(body))
    return decode(body, arrival.added(head, "track", "m"))


def test_f019_f046_what_every_event_gets() -> None:
    assert normalised({"userId": "u"}) == {
        "type": "track",
        "messageId": "m",
        "userId": "u",
        "receivedAt": RECEIVED_TEXT,
        "timestamp": RECEIVED_TEXT,
        "version": 2,
        "channel": "server",
    }


def test_the_path_decides_the_type_and_a_missing_id_is_given() -> None:
    arrival = Arrival(RECEIVED, str)
    for body in (b'{"type":"page","messageId":null}', b'{"messageId":""}', b'{"type":5}'):
        event = decode(body, arrival.added(split.head_of(split.members(body)), "track", "given"))
        assert (event["type"], event["messageId"]) == ("track", "given")


def test_what_the_client_says_of_itself_is_not_believed() -> None:
    event = normalised({"receivedAt": "2000-01-01T00:00:00Z", "version": 1, "originalTimestamp": "2000"})
    assert (event["receivedAt"], event["version"]) == (RECEIVED_TEXT, 2)


def test_f019_sent_at_of_the_batch_corrects_its_events() -> None:
    event = normalised({"timestamp": "2024-05-15T10:00:00.000Z"}, {"sentAt": "2024-05-15T10:10:00.000Z"})
    assert event["timestamp"] == "2024-05-15T12:24:56.789Z"
    assert event["originalTimestamp"] == "2024-05-15T10:00:00.000Z"
    assert event["sentAt"] == "2024-05-15T10:10:00.000Z"


def test_f019_sent_at_of_the_event_comes_before_the_batchs() -> None:
    item = {"timestamp": "2024-05-15T10:00:00.000Z", "sentAt": "2024-05-15T10:00:00.000Z"}
    event = normalised(item, {"sentAt": "2024-05-15T11:00:00.000Z"})
    assert (event["timestamp"], event["sentAt"]) == (RECEIVED_TEXT, item["sentAt"])


@pytest.mark.parametrize("sent_at", [None, "", "soon", -5, {}, "\ud800"])
def test_f019_a_sent_at_that_is_no_time_corrects_nothing(sent_at: object) -> None:
    timestamp = "2024-05-15T10:00:00.000Z"
    assert normalised({"timestamp": timestamp, "sentAt": sent_at})["timestamp"] == timestamp
    assert normalised({"timestamp": timestamp}, {"sentAt": sent_at})["timestamp"] == timestamp


def test_f003_context_and_integrations_of_the_batch_lie_under_the_events() -> None:
    batch = {"context": {"a": 0, "b": "é\ud800"}, "integrations": {"All": False, "X": True}}
    event = normalised({"context": {"a": 1}, "integrations": {"X": False}}, batch)
    assert event["context"] == {"a": 1, "b": "é\ud800"}
    assert event["integrations"] == {"All": False, "X": False}
    assert normalised({}, batch)["context"] == batch["context"]


@pytest.mark.parametrize("context", [None, 5, "x", []])
def test_a_batch_context_that_is_no_object_is_left_out(context: object) -> None:
    assert "context" not in normalised({}, {"context": context, "integrations": context})


@pytest.mark.parametrize(
    ("context", "batch", "ip"),
    [
        ({"direct": True}, None, "203.0.113.7"),
        ({"direct": "true"}, None, None),
        ({"direct": True, "ip": "1.2.3.4"}, None, "1.2.3.4"),
        ({"direct": True, "ip": "0.0.0.0"}, None, "0.0.0.0"),
        ({"direct": True, "ip": None}, None, None),
        ({"library": {"name": "analytics.js"}}, None, "203.0.113.7"),
        ({"library": {"name": "analytics-ios"}}, None, "203.0.113.7"),
        ({"library": {"name": "analytics-python"}}, None, None),
        ({"library": "analytics.js"}, None, None),
        ({}, {"direct": True}, "203.0.113.7"),
        ({}, {"direct": True, "ip": "1.2.3.4"}, "1.2.3.4"),
        ({}, {"library": {"name": "analytics.js"}, "a": 1}, "203.0.113.7"),
        ({"ip": "5.6.7.8"}, {"direct": True, "ip": "1.2.3.4"}, "5.6.7.8"),
    ],
)
def test_f020_the_ip_is_for_browsers_phones_and_who_asks(
    context: dict[str, Any], batch: dict[str, Any] | None, ip: str | None
) -> None:
    event = normalised({"context": context}, None if batch is None else {"context": batch})
    assert event["context"].get("ip") == ip
    for key, value in (batch or {}).items():
        assert event["context"].get(key) == context.get(key, value)


def test_f020_no_address_no_ip() -> None:
    assert "ip" not in normalised({"context": {"direct": True}}, ip="")["context"]


@pytest.mark.parametrize(
    ("event", "endpoint", "channel"),
    [
        ({}, None, "server"),
        ({}, "browser", "browser"),
        ({"channel": "mobile"}, "browser", "mobile"),
        ({"channel": "custom"}, None, "custom"),
        ({"channel": {}}, None, {}),
        ({"context": {"channel": "mobile"}}, None, "mobile"),
        ({"context": {"channel": []}}, None, "server"),
        ({"context": {"library": {"name": "analytics.js"}}}, None, "browser"),
        ({"context": {"library": {"name": "analytics-kotlin"}}}, None, "mobile"),
        ({"context": {"library": {"name": "@segment/analytics-react-native"}}}, None, "mobile"),
        ({"context": {"library": {"name": "@segment/analytics-node"}}}, None, "server"),
        ({"context": {"library": {"name": 5}}}, None, "server"),
    ],
)
def test_f046_channel(event: dict[str, Any], endpoint: str | None, channel: object) -> None:
    assert normalised(event, channel=endpoint)["channel"] == channel


def test_f027_properties_beyond_the_limit_are_dropped_and_the_event_stays() -> None:
    many = {f"p{n}": n for n in range(max_properties + 5)}
    event = {"userId": "u", "properties": many, "traits": {"a": 1}}
    kept = json.loads(without_excess(json.dumps(event).encode()))
    assert list(kept["properties"]) == list(many)[:max_properties]
    assert (kept["userId"], kept["traits"]) == ("u", {"a": 1})


def test_f027_an_event_within_the_limit_keeps_its_bytes() -> None:
    odd = {"properties": None, "traits": "x" * 60_000}
    for event in ({"properties": {"a": "x" * 60_000}}, odd, {"traits": [1] * 30_000}):
        body = json.dumps(event).encode()
        assert without_excess(body) is body


def test_f027_an_event_that_cannot_be_written_anew_is_refused() -> None:
    many = ",".join(f'"p{n}":{n}' for n in range(max_properties))
    with pytest.raises(BadRequest):
        without_excess(f'{{"properties":{{"huge":1e999,{many}}}}}'.encode())
