import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionsd.ingest.keys import Keys, from_basic
from actionsd.store.records import Source

ON = Source(id=1, slug="on", name="On", write_keys=("k1", "k2"))
OFF = Source(id=2, slug="off", name="Off", write_keys=("k3",), enabled=False)
KEYS = Keys((ON, OFF))


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ("Basic " + base64.b64encode(b"k1:").decode(), "k1"),
        ("Basic " + base64.b64encode(b"k1").decode(), "k1"),
        ("basic " + base64.b64encode(b"k1:password").decode(), "k1"),
        ("Basic " + base64.b64encode(b"k1:").decode().rstrip("="), "k1"),
        ("Basic " + base64.b64encode(b":password").decode(), None),
        ("Basic", None),
        ("Basic ????", None),
        ("Basic " + base64.b64encode(b"\xff\xfe").decode(), None),
        ("Bearer k1", None),
        ("", None),
        (None, None),
    ],
)
def test_f009_the_key_of_a_basic_header(header: str | None, key: str | None) -> None:
    assert from_basic(header) == key


@given(st.text(max_size=60))
def test_no_header_is_too_odd(header: str) -> None:
    key = from_basic(f"Basic {header}")
    assert key is None or (key and ":" not in key)


@pytest.mark.parametrize(
    ("basic", "body", "source", "code"),
    [
        ("k1", None, ON, None),
        (None, "k2", ON, None),
        ("k1", "k1", ON, None),
        ("k1", "k2", None, "unknown_source"),
        ("k1", "other", None, "unknown_source"),
        (None, "other", None, "unknown_source"),
        (None, None, None, "unknown_source"),
        ("", "", None, "unknown_source"),
        ("k3", None, OFF, "source_disabled"),
    ],
)
def test_f010_f024_which_source_the_keys_name(
    basic: str | None, body: str | None, source: Source | None, code: str | None
) -> None:
    found, refusal = KEYS.settle(basic, body)
    assert found is source
    assert (refusal.code if refusal else None) == code


def test_a_refusal_does_not_repeat_the_key() -> None:
    _, refusal = KEYS.settle("secret-key", "other-key")
    assert refusal is not None
    assert "key" not in refusal.message.replace("write keys", "")
