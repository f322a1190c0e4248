import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionsd.event import Entry, decode, parse

ADDED = b'{"v":1,"receivedAt":"2024-05-15T12:34:56.789Z"}'


def test_what_the_server_set_wins() -> None:
    event = decode(b'{"type":"x","event":"E","version":9}', b'{"v":1,"type":"track","version":2}')
    assert event == {"type": "track", "event": "E", "version": 2}


def test_f003_the_context_of_a_batch_lies_under_the_events_own() -> None:
    added = b'{"v":1,"context":{"a":0,"b":2},"integrations":{"All":false,"Slack":true}}'
    event = decode(b'{"context":{"a":1,"ip":null},"integrations":{"All":true}}', added)
    assert event == {"context": {"a": 1, "b": 2, "ip": None}, "integrations": {"All": True, "Slack": True}}
    assert decode(b'{"context":null}', added)["context"] == {"a": 0, "b": 2}


@pytest.mark.parametrize("sent", ["2024-01-01T00:00:00Z", "yesterday", 1704067200000])
def test_f019_the_clients_timestamp_is_kept_beside_the_corrected_one(sent: object) -> None:
    body = json.dumps({"timestamp": sent}).encode()
    assert decode(body, b'{"v":1,"timestamp":"2024-05-15T12:34:56.789Z"}') == {
        "timestamp": "2024-05-15T12:34:56.789Z",
        "originalTimestamp": sent,
    }
    assert decode(body, ADDED)["timestamp"] == sent


def test_an_event_without_a_timestamp_has_no_original_one() -> None:
    assert "originalTimestamp" not in decode(b'{"timestamp":null}', ADDED)


def test_r22_decoding_is_a_pure_function_of_the_row() -> None:
    body = b'{"type":"track","userId":"u","properties":{"b":1,"a":[{}]},"context":{"z":1}}'
    assert json.dumps(decode(body, ADDED)) == json.dumps(decode(body, ADDED))
    assert decode(body, ADDED) is not decode(body, ADDED)


def test_metadata_and_write_key_stay_out_of_the_event() -> None:
    entry = Entry(1, 1, 0, "m", b'{"writeKey":"k","_metadata":{"bundled":["Slack"]},"userId":"u"}', b"{}")
    assert entry.event == {"userId": "u"}
    assert entry.metadata == {"bundled": ["Slack"]}


@pytest.mark.parametrize("metadata", [b"5", b"null", b"[]"])
def test_metadata_that_is_no_object_counts_as_none(metadata: bytes) -> None:
    assert Entry(1, 1, 0, "m", b'{"userId":"u","_metadata":' + metadata + b"}", b"{}").metadata == {}


def test_an_entry_is_decoded_once() -> None:
    entry = Entry(1, 1, 0, "m", b'{"userId":"u"}', b"{}")
    assert entry.event is entry.event


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"text"', b"5", b'{"a":NaN}', b'{"a":"\xff"}', b"[" * 100_000])
def test_r26_a_row_that_cannot_be_read_is_a_decode_error(body: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode(body, b"{}")
    with pytest.raises(msgspec.DecodeError):
        _ = Entry(1, 1, 0, "m", b"{}", body or b"[]").event


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (rb'"\ud800"', "\ud800"),
        (rb'"a\udfffb"', "a\udfffb"),
        (rb'"\ud83d\ude00"', "\U0001f600"),
        (b"1e999", float("inf")),
        (b"-1e999", float("-inf")),
        (b"9" * 400 + b".5", float("inf")),
        (b"9" * 5000, float("inf")),
        (b"123456789012345678901234567890", 123456789012345678901234567890),
        (b'{"a":1,"a":2}', {"a": 2}),
        (rb'"\u0000"', "\0"),
    ],
)
def test_json_is_read_as_javascript_reads_it(text: bytes, value: object) -> None:
    assert parse(text) == value


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), json_values, max_size=6))
def test_every_json_object_is_read_as_the_standard_library_does(value: dict[str, object]) -> None:
    assert parse(json.dumps(value).encode()) == value
