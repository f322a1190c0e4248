"""The helpers: hashing leaves digests alone, normalisation is stable, campaigns get their names."""

import hashlib
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionsd.sdk.helpers import (
    audience_membership,
    hashed,
    host_of,
    is_e164,
    is_email,
    is_hashed,
    normalize_email,
    normalize_phone,
    query_of,
    split_name,
    utm_of_url,
    utm_parameters,
)


@given(
    st.text(min_size=1).filter(lambda text: text.strip() != ""), st.sampled_from(["md5", "sha1", "sha256", "sha512"])
)
def test_hashing_twice_is_hashing_once(text: str, algorithm: str) -> None:
    once = hashed(text, algorithm=algorithm)
    assert is_hashed(once, algorithm)
    assert hashed(once, str.upper, algorithm=algorithm) == once


def test_hashes_are_of_the_normalised_text() -> None:
    digest = hashlib.sha256(b"ada@example.com").digest()
    assert hashed(" Ada@Example.COM", normalize_email) == digest.hex()
    assert hashed("ada@example.com", encoding="base64") == b64encode(digest).decode()
    assert hashed(b64encode(digest).decode(), encoding="base64") == b64encode(digest).decode()
    assert hashed("  ") == "  "


@given(st.text())
def test_normalisation_is_stable(text: str) -> None:
    assert normalize_email(normalize_email(text)) == normalize_email(text)
    assert normalize_phone(normalize_phone(text)) == normalize_phone(text)


def test_phones_and_names() -> None:
    assert normalize_phone("+1 (415) 555-0142") == "+14155550142"
    assert normalize_phone("+1 (415) 555-0142", plus=False) == "14155550142"
    assert (is_e164("+14155550142"), is_e164("4155550142"), is_e164("+0415")) == (True, False, False)
    assert split_name("  Ada  King ") == ("Ada", "King")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("ada@example.com", True), ("ada.b+c@mail.example.co.uk", True), ("ada@example", False),
     ("ada@exämple.com", False), ("user-1", False), ("a b@example.com", False), ("", False)],
)  # fmt: skip
def test_addresses_are_told_from_other_texts(text: str, expected: bool) -> None:
    assert is_email(text) is expected


def test_campaigns() -> None:
    assert utm_parameters({"name": "spring", "term": "", "other": 1}) == {"utm_campaign": "spring"}
    assert utm_parameters(None) == {}
    assert utm_of_url("https://x.test/?utm_source=a%20b&utm_nope=1") == {"utm_source": "a b"}
    assert host_of("https://WWW.x.test:80/") == "www.x.test"
    assert (host_of("http://["), query_of("http://[")) == ("", "")


@pytest.mark.parametrize(
    ("event", "sync_mode", "expected"),
    [
        ({"type": "track", "event": "new"}, "add", True),
        ({"type": "track", "event": "deleted"}, "mirror", False),
        ({"type": "track", "event": "updated"}, "add", None),
        ({"type": "identify", "traits": {"vip": False},
          "context": {"personas": {"computation_class": "audience", "computation_key": "vip"}}}, None, False),
        ({"type": "page"}, "add", None),
    ],
)  # fmt: skip
def test_audience_membership(event: dict[str, object], sync_mode: str | None, expected: bool | None) -> None:
    assert audience_membership(event, sync_mode) is expected
