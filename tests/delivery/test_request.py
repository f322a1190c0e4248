"""Requests are built as upstream's client builds them: framework.jsonl has the common cases, here are the edges."""

import json
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionsd.delivery.request import build, merge, normal_url, urlencode
from actionsd.sdk import UNSET, RequestError


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://h.test", "https://h.test/"),
        ("https://h.test/a/../b/./c/..", "https://h.test/b/"),
        ("https://h.test/%2e%2E/x", "https://h.test/x"),
        ("http://h.test:80/x", "http://h.test/x"),
        ("https://h.test:8443/x", "https://h.test:8443/x"),
        ("https://bücher.test/ü?q=ü#ü", "https://xn--bcher-kva.test/%C3%BC?q=%C3%BC#%C3%BC"),
        ("  https://h.test/x  ", "https://h.test/x"),
        ("https://h.test?x=1", "https://h.test/?x=1"),
        ("https://[::1]:9/x", "https://[::1]:9/x"),
        ("https://h.test/a%20b", "https://h.test/a%20b"),
    ],
)
def test_urls_are_normalised(url: str, expected: str) -> None:
    assert normal_url(url) == expected
    assert normal_url(expected) == expected


@pytest.mark.parametrize(
    "url", ["", "x", "/a", "h.test/x", "ftp://h.test/", "https://", "https://h.test:port/", "http://["]
)
def test_urls_that_are_not_absolute_are_refused(url: str) -> None:
    with pytest.raises(RequestError, match="Only absolute URLs are supported"):
        normal_url(url)


def test_headers_merge_in_any_case_and_can_be_removed() -> None:
    shared: Any = {"headers": {"Authorization": "Bearer a", "X-Kept": 1, "X-Gone": "x"}}
    request = build("get", "https://h.test/", {"headers": {"authorization": "Bearer b", "x-gone": UNSET}}, shared)
    assert request.headers == {"user-agent": "Segment (Actions)", "authorization": "Bearer b", "x-kept": "1"}


@pytest.mark.parametrize("value", ["a\nb", "日本", "\x7f"])
def test_illegal_header_values_are_refused(value: str) -> None:
    with pytest.raises(RequestError, match="is not a legal HTTP header value"):
        build("GET", "https://h.test/", {"headers": {"x": value}})


def test_bodies_set_their_content_type() -> None:
    def sent(**options: Any) -> tuple[str | None, bytes]:
        request = build("post", "https://h.test/", options)
        return request.headers.get("content-type"), request.body

    assert sent(form={"a": 1, "b": [1, None]}) == ("application/x-www-form-urlencoded;charset=UTF-8", b"a=1&b=1%2C")
    assert sent(data="ü") == ("text/plain;charset=UTF-8", "ü".encode())
    assert sent(data=b"raw") == (None, b"raw")
    assert sent(data="{}", headers={"Content-Type": "application/json"}) == ("application/json", b"{}")
    assert sent(json=None, data="x", headers={"content-type": "text/csv"}) == ("application/json", b"null")


def test_get_has_no_body() -> None:
    with pytest.raises(RequestError, match="Request with GET/HEAD method cannot have body"):
        build("get", "https://h.test/", {"json": {}})


def test_options_merge_deeply() -> None:
    assert merge({"json": {"k": 1, "l": [1]}, "timeout": 5}, {"json": {"l": [2]}}) == {
        "json": {"k": 1, "l": [1, 2]}, "timeout": 5,
    }  # fmt: skip
    assert build("post", "https://h.test/", {"json": [2], "timeout": 3}, {"json": [1]}).timeout == 3


def test_params_replace_the_query_and_keep_the_fragment() -> None:
    assert build("get", "https://h.test/p?old=1#f", {"params": [("q", "a b"), ("q", "~*é")]}).url == (
        "https://h.test/p?q=a+b&q=%7E*%C3%A9#f"
    )
    assert build("get", "https://h.test/p?old=1", {"params": {}}).url == "https://h.test/p"


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"]))
    )
)
def test_forms_can_be_read_back(pairs: dict[str, str]) -> None:
    from urllib.parse import parse_qsl

    assert dict(parse_qsl(urlencode(pairs), keep_blank_values=True, strict_parsing=bool(pairs))) == pairs


def test_requests_know_their_json() -> None:
    assert json.loads(build("post", "https://h.test/", {"json": {"a": [1]}}).text) == {"a": [1]}


@given(st.text() | st.text(st.characters(max_codepoint=127)))
def test_forms_are_escaped_as_by_the_standard_library(text: str) -> None:
    escaped = quote_plus(text, safe="*", errors="replace").replace("~", "%7E")
    assert urlencode({"k": text}) == f"k={escaped}"
