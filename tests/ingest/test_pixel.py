import base64
import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionsd.ingest.pixel import body, image
from actionsd.ingest.refusal import BadRequest

EVENT = {"userId": "u?>", "event": "Bought a ~", "properties": {"plan": "é"}}
TEXT = json.dumps(EVENT, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    "data",
    [
        base64.b64encode(TEXT).decode(),
        base64.b64encode(TEXT).decode().rstrip("="),
        base64.urlsafe_b64encode(TEXT).decode(),
        base64.b64encode(TEXT).decode().replace("+", " "),
    ],
)
def test_f021_data_is_base64_in_any_spelling(data: str) -> None:
    assert json.loads(body({"data": data})) == EVENT
    assert json.loads(body({"data": data, "writeKey": "k"})) == EVENT | {"writeKey": "k"}


def test_f021_the_key_inside_of_data_wins() -> None:
    data = base64.b64encode(b'{"writeKey":"inside"}').decode()
    assert json.loads(body({"data": data, "writeKey": "outside"})) == {"writeKey": "inside"}


@pytest.mark.parametrize(
    ("query", "event"),
    [
        ({"userId": "u", "event": "E"}, {"userId": "u", "event": "E"}),
        ({"properties.a": "1", "properties.b.c": "2"}, {"properties": {"a": "1", "b": {"c": "2"}}}),
        (
            {"context.campaign.name": "x", "traits.a": "y"},
            {"context": {"campaign": {"name": "x"}}, "traits": {"a": "y"}},
        ),
        ({"my.own": "x"}, {"my.own": "x"}),
        ({}, {}),
    ],
)
def test_f021_flat_parameters(query: dict[str, str], event: dict[str, Any]) -> None:
    assert json.loads(body(query)) == event


@pytest.mark.parametrize(
    "query", [{"data": "%"}, {"data": "W10="}, {"data": "ew=="}, {"properties": "x", "properties.a": "y"}]
)
def test_f021_what_is_no_event_is_a_bad_request(query: dict[str, str]) -> None:
    with pytest.raises(BadRequest):
        body(query)


@given(st.dictionaries(st.text(alphabet="ab.properties", max_size=20), st.text(max_size=5), max_size=5))
def test_any_query_is_an_event_or_refused(query: dict[str, str]) -> None:
    with contextlib.suppress(BadRequest):
        assert isinstance(json.loads(body(query)), dict)


def test_the_image_is_a_transparent_gif_of_one_pixel() -> None:
    assert image[:6] == b"GIF89a"
    assert int.from_bytes(image[6:8], "little") == int.from_bytes(image[8:10], "little") == 1
    assert image[19:21] == b"\x21\xf9"
    assert image[22] & 1
    assert image[-1:] == b"\x3b"
