
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionsd.event import parse
from actionsd.ingest.refusal import BadRequest
from actionsd.ingest.split import Device, clean, envelope, head, head_of, members, write


def nested(levels: int, open: str = '{"a":', close: str = "}") -> bytes:
    return (open * levels + "1" + close * levels).encode()


@pytest.mark.parametrize("body", [b"", b"\xef\xbb\xbf", b'"\xff"', b'{"a":"\xed\xa0\x80"}', b"\xc3"])
def test_a_body_is_utf_8(body: bytes) -> None:
    with pytest.raises(BadRequest):
        clean(body)


@given(
    st.integers(16_370, 16_390).map(lambda size: b"a" * size),
    st.lists(st.sampled_from([b"\xc3\xa9", b"\xe2\x82\xac", b"\xf0\x9f\x98\x80", b"\xff", b"\xed\xa0\x80", b"x"])),
    st.binary(max_size=3),
    st.integers(0, 16_390),
)
def test_utf_8_is_checked_across_the_borders_of_pieces(start: bytes, texts: list[bytes], end: bytes, more: int) -> None:
    body = start + b"".join(texts) + end + b"b" * more
    try:
        body.decode()
    except UnicodeDecodeError as error:
        with pytest.raises(BadRequest, match=f" at byte {error.start}$"):
            clean(body)
    else:
        assert clean(body) == body


def test_a_byte_order_mark_is_passed_over() -> None:
    assert clean(b'\xef\xbb\xbf{"a":"\xc3\xa9"}') == b'{"a":"\xc3\xa9"}'


def test_the_head_takes_only_what_ingest_looks_at() -> None:
    found = head(b'{"type":"\\u0074rack","userId":"u","properties":{"x":[1,{}]},"context":{"ip":null,"device":{}}}')
    assert found is not None
    assert (found.type, found.user_id, found.event) == ("track", "u", None)
    assert found.context is not None
    assert (found.context.ip, found.context.device) == (None, Device())


@pytest.mark.parametrize(
    "event", [b"", b"{", b"[]", b"5", b'{"type":5}', b'{"properties":[]}', b'{"context":"x"}', b'{"x":"\\ud800"}']
)
def test_an_unexpected_event_takes_a_closer_look(event: bytes) -> None:
    assert head(event) is None


def test_of_a_member_that_comes_twice_the_last_counts_everywhere() -> None:
    event = b'{"userId":"a","context":{"ip":"1","direct":true},"userId":"b","context":{"ip":"2"}}'
    decoded = head(event)
    assert decoded is not None
    assert decoded.context is not None
    assert (decoded.user_id, decoded.context.ip, decoded.context.direct) == ("b", "2", None)
    assert members(event) == {"userId": "b", "context": {"ip": "2"}}


def test_the_head_of_an_examined_event_says_the_same_as_a_decoded_one() -> None:
    event = (
        b'{"type":"page","messageId":"m","timestamp":5,"sentAt":"x","channel":"c","context":{"direct":true,"ip":"1"}}'
    )
    decoded, examined = head(event), head_of(members(event))
    assert decoded is not None
    assert decoded == examined


@pytest.mark.parametrize("body", [b"", b"{", b'{"batch":[}', b'{"batch":[1,]}', b'{"batch":[NaN]}', b"[" * 5000, b"x"])
def test_a_batch_that_is_no_json_is_a_bad_request(body: bytes) -> None:
    with pytest.raises(BadRequest, match="not JSON"):
        envelope(body)


@pytest.mark.parametrize("body", [b"[]", b"5", b"null", b"{}", b'{"batch":null}', b'{"batch":{}}', b'{"batch":"x"}'])
def test_json_without_a_batch_has_none(body: bytes) -> None:
    assert envelope(body).batch is None


def test_items_are_the_clients_own_bytes() -> None:
    found = envelope(b'{"batch":[ {"a" : 1.0} ,{"b":"\xc3\xa9"}],"context": {"c":0} ,"sentAt":"s","writeKey":"k"}')
    assert [bytes(item) for item in found.batch or ()] == [b'{"a" : 1.0}', b'{"b":"\xc3\xa9"}']
    assert (bytes(found.context), found.sent_at, found.write_key) == (b'{"c":0}', "s", "k")


def test_lone_surrogates_survive_the_taking_apart_of_a_batch() -> None:
    found = envelope(rb'{"batch":[{"a":"\ud800","b":1.0}],"context":{"c":"\udc00x"},"writeKey":"k"}')
    assert [parse(bytes(item)) for item in found.batch or ()] == [{"a": "\ud800", "b": 1.0}]
    assert parse(bytes(found.context)) == {"c": "\udc00x"}


def test_a_number_beyond_a_double_cannot_be_written_again() -> None:
    with pytest.raises(BadRequest, match="beyond a double"):
        write({"a": float("inf")})


def test_what_is_too_deep_cannot_be_written_again() -> None:
    value: list[object] = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(BadRequest, match="deeper than 100"):
        write(value)


@given(st.binary(max_size=200))
def test_any_bytes_are_taken_apart_or_refused(body: bytes) -> None:
    try:
        batch = envelope(clean(body)).batch
    except BadRequest:
        return
    assert batch is None or all(bytes(item) for item in batch)
