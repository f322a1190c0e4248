"""What all operations have in common: pages, media types, limits, errors, tokens (FEATURES F235-F237)."""

import email.utils
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest

from actionsd.admin.publicapi import media, paging, query
from actionsd.admin.publicapi.errors import Refused
from actionsd.admin.publicapi.limits import Limits
from actionsd.admin.publicapi.operation import PageRequest, Shape
from support.clock import FakeClock
from support.publicapi import PublicApi


def pages(api: PublicApi, path: str, key: str, count: int) -> list[Any]:
    """All items of a list, read page by page forth, and the pages read back."""
    items, cursors, cursor = [], [], ""
    while True:
        more = f"&pagination%5Bcursor%5D={quote(cursor)}" if cursor else ""
        data = api("GET", f"{path}?pagination%5Bcount%5D={count}{more}").data
        items += data[key]
        cursors.append((data["pagination"]["current"], data["pagination"].get("previous")))
        assert len(data[key]) <= count
        cursor = data["pagination"].get("next") or ""
        if not cursor:
            break
    assert data["pagination"]["totalEntries"] == len(items)
    assert [back for _, back in cursors] == [None, *(current for current, _ in cursors[:-1])]
    return items


def test_lists_are_paged_forth_and_back(api: PublicApi) -> None:
    for path, key in (("/catalog/sources", "sourcesCatalog"), ("/catalog/destinations", "destinationsCatalog")):
        whole = api("GET", path).data[key]
        assert len(whole) > 3
        for count in (1, 2, len(whole), 1000):
            assert pages(api, path, key, count) == whole


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ("count=0", "pagination.count"),
        ("count=1001", "pagination.count"),
        ("count=many", "pagination.count"),
        ("cursor=cursor", "pagination.cursor"),
        ("cursor=MQ", "pagination.cursor"),
        ("cursor=MQ==", "pagination.cursor"),
        ("count=1&pagination%5Bcount%5D=2", "pagination.count"),
        ("count%5D%5Bmore=1", "pagination.count"),
    ],
)
def test_a_page_that_cannot_be_is_refused(api: PublicApi, asked: str, field: str) -> None:
    name, _, value = asked.partition("=")
    problem = api("GET", f"/catalog/destinations?pagination%5B{name}%5D={value}").problem
    assert (problem["status"], problem["field"]) == (422, field)


@pytest.mark.parametrize("cursor", ["LTU=", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5", "MS41", "ImEi", "bnVsbA=="])
def test_a_cursor_that_no_list_has_given_is_refused(api: PublicApi, cursor: str) -> None:
    """-5, a number beyond SQLite's, 1.5, a text, null."""
    for path in ("/sources", "/regulations", "/suppressions"):
        assert api("GET", f"{path}?pagination%5Bcursor%5D={quote(cursor)}").problem["field"] == "pagination.cursor"


def test_a_page_survives_deletions_before_it() -> None:
    def page(items: list[int], cursor: str) -> list[int]:
        return paging.page(items, lambda each: each, 0, PageRequest(cursor=cursor, count=2))[0]

    _, first = paging.page([1, 2, 3, 4, 5], lambda each: each, 0, PageRequest(count=2))
    assert isinstance(first.next, str)
    assert page([1, 2, 3, 4, 5], first.next) == page([1, 3, 4, 5], first.next) == [3, 4]
    assert page([4, 5], first.next) == [4, 5]
    assert page([1], first.next) == []


class Rules(Shape, frozen=True, kw_only=True):
    class Rule(Shape, frozen=True, kw_only=True):
        key: str
        version: int = 0

    rules: list[Rule] = []
    names: list[str] = []


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([("names[0]", "a"), ("names[1]", "b")], Rules(names=["a", "b"])),
        ([("names[10]", "z"), ("names[9]", "y")], Rules(names=["y", "z"])),
        ([("names", "a"), ("names", "b")], Rules(names=["a", "b"])),
        ([("names[]", "a"), ("names[]", "b")], Rules(names=["a", "b"])),
        ([("rules[0][key]", "k"), ("rules[0][version]", "2")], Rules(rules=[Rules.Rule(key="k", version=2)])),
        ([("other[x", "1"), ("a[b][c][d][e]", "1"), ("", "1")], Rules()),
    ],
)
def test_brackets_in_queries(pairs: list[tuple[str, str]], expected: Rules) -> None:
    assert query.read(pairs, Rules) == expected


@pytest.mark.parametrize(
    ("accept", "type"),
    [
        (None, "application/json"),
        ("application/json", "application/json"),
        ("*/*", "application/json"),
        ("application/vnd.segment.v1+json", "application/vnd.segment.v1+json"),
        ("application/vnd.segment.v1beta+json", "application/vnd.segment.v1beta+json"),
        ("application/json;q=0.5, application/vnd.segment.v1alpha+json", "application/vnd.segment.v1alpha+json"),
        ("text/html, */*;q=0.1", "application/json"),
        ("text/html", None),
        ("application/vnd.segment.v2+json", None),
        ("application/json;q=0", None),
        ("application/json;q=x", None),
    ],
)
def test_the_media_type_is_the_one_asked_for(api: PublicApi, accept: str | None, type: str | None) -> None:
    answer = api("GET", "/sources", headers={} if accept is None else {"Accept": accept})
    if type is None:
        assert answer.problem["type"] == "not-acceptable"
    else:
        assert (answer.status, answer.headers["content-type"]) == (200, type)


def test_an_alpha_operation_has_no_other_version() -> None:
    assert media.choose(["application/vnd.segment.v1alpha+json"], ("v1alpha",)).endswith("v1alpha+json")
    with pytest.raises(Refused):
        media.choose(["application/vnd.segment.v1+json"], ("v1alpha",))


def test_c39_every_success_tells_the_limit_and_when_it_resets(api: PublicApi) -> None:
    first, second = api("GET", "/sources"), api("GET", "/catalog/sources")
    consumed = [int(each.headers["x-ratelimit-consumed"]) for each in (first, second)]
    remaining = [int(each.headers["x-ratelimit-remaining"]) for each in (first, second)]
    assert consumed[1] - consumed[0] == remaining[0] - remaining[1] == 1
    reset = email.utils.parsedate_to_datetime(first.headers["x-ratelimit-reset"])
    assert 0 <= (reset - datetime.now(UTC)).total_seconds() <= 61


def test_limits_are_per_caller_and_per_minute() -> None:
    import asyncio

    clock = FakeClock()
    limits = Limits(clock, points=2)
    assert [limits.spend("a").over for _ in range(4)] == [False, False, True, True]
    assert not limits.spend("b").over
    over = limits.spend("a")
    assert over.data == {"msBeforeNext": 60_000, "remainingPoints": 0, "consumedPoints": 2}
    asyncio.run(clock.advance(60.0))
    assert not limits.spend("a").over


def test_memory_of_limits_is_bounded() -> None:
    import asyncio

    clock = FakeClock()
    limits = Limits(clock)
    for number in range(3000):
        limits.spend(f"token:{number}")
    asyncio.run(clock.advance(61.0))
    limits.spend("new")
    assert limits.callers == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"\xff", 400),
        (b'{"settings":' + b"[" * 5000, 400),
        (b"[]", 422),
        (b"null", 422),
        (b"", 400),
        (b'{"slug":1}', 422),
    ],
)
def test_bodies_that_are_none(api: PublicApi, body: bytes, status: int) -> None:
    assert api("POST", "/sources", body).problem["status"] == status


def test_errors_name_the_field(api: PublicApi) -> None:
    problem = api("POST", "/sources", {"slug": "x", "enabled": True, "metadataId": 5}).problem
    assert problem == {
        "type": "validation-failed", "message": "Expected `str`, got `int` - at `$.metadataId`", "field": "metadataId",
        "status": 422,
    }  # fmt: skip


def test_roles(api: PublicApi) -> None:
    reader = api.token("reader", "read")
    assert api("GET", "/sources", token=reader).status == 200
    refused = api("POST", "/sources", {}, token=reader)
    assert (refused.status, refused.json["errors"][0]["type"]) == (403, "forbidden")
    assert api("GET", "/sources", token="wrong").status == 401


def test_echo(api: PublicApi) -> None:
    said = api("GET", "/echo?message=hello", headers={"Cookie": "c"}).data
    assert (said["method"], said["message"]) == ("get", "hello")
    assert not {"authorization", "cookie"} & {name.lower() for name in said["headers"]}
    assert api("GET", "/echo").problem["field"] == "message"
    assert api("GET", "/echo?message=x&triggerError=true").problem["status"] == 422
    assert len(api("GET", "/echo?message=x&triggerMultipleErrors=true").json["errors"]) == 2
    assert api("GET", "/echo?message=x&triggerUnexpectedError=true").status == 500
    assert api("GET", "/echo?message=x&statusCode=418").problem["status"] == 418


def test_the_catalogue_describes_what_is_installed(api: PublicApi) -> None:
    slack = api("GET", "/catalog/destinations/slack").data["destinationMetadata"]
    (action,) = [each for each in slack["actions"] if each["slug"] == "postToChannel"]
    url = next(field for field in action["fields"] if field["fieldKey"] == "url")
    assert (url["type"], url["required"]) == ("PASSWORD", True)
    assert action["defaultTrigger"]
    assert api("GET", "/catalog/destinations/none").problem["status"] == 404
    assert api("GET", "/catalog/sources/IqDTy1TpoU").data["sourceMetadata"]["slug"] == "javascript"
    assert api("GET", "/catalog/warehouses").data["warehousesCatalog"] == []


def test_what_is_not_here_says_so(api: PublicApi) -> None:
    assert api("GET", "/functions?resourceType=SOURCE").data["functions"] == []
    for method, path in (("POST", "/functions"), ("GET", "/functions/x"), ("GET", "/catalog/warehouses/x")):
        assert "actionsd has no" in api(method, path, {}).problem["message"]
    assert json.loads(api("GET", "/insert-function-instances?functionId=x").text)["data"]["instances"] == []


def test_a_long_query_is_read(api: PublicApi) -> None:
    """The SDK removes the rules of a tracking plan with all of them in the query."""
    message = "x" * 40_000
    assert api("GET", f"/echo?message={message}").data["message"] == message
