"""What Segment's SDK was recorded to send, operation by operation, sent to a daemon."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from actionsd.admin.publicapi.table import OPERATIONS
from support.publicapi import INTEROP, PublicApi, operations

RECORDS = INTEROP / "recorded" / "public-api-sdk.jsonl"
OURS = {each.id for each in OPERATIONS}

pytestmark = pytest.mark.skipif(not RECORDS.exists(), reason="../shared is missing")


def records() -> list[dict[str, Any]]:
    lines = RECORDS.read_text().splitlines() if RECORDS.exists() else []
    return [record for record in map(json.loads, lines) if record["operationId"] in OURS]


def headers_of(record: dict[str, Any]) -> dict[str, str]:
    own = {"host", "connection", "authorization", "content-length"}
    return {name: value for name, value in record["headers"].items() if name.lower() not in own}


@pytest.mark.parametrize("record", records(), ids=lambda record: record["operationId"])
def test_each_recorded_request_is_answered_in_its_shape(api: PublicApi, record: dict[str, Any]) -> None:
    """Its ids, cursors and times are placeholders, so most are refused; never as a bug, and with the fields named."""
    answer = api(record["method"], record["url"], record.get("body"), headers=headers_of(record))
    assert answer.status in (200, 404, 422), answer.text
    if answer.status != 200:
        assert answer.problem["message"]


def reads() -> list[dict[str, Any]]:
    """Those that read what there may be here."""
    absent = ("Function", "Warehouse", "echo")
    return [each for each in records() if each["method"] == "GET" and not any(a in each["operationId"] for a in absent)]


@pytest.mark.parametrize("record", reads(), ids=lambda record: record["operationId"])
def test_each_recorded_read_shows_what_is_there(
    api: PublicApi, objects: dict[str, str], record: dict[str, Any]
) -> None:
    """The placeholders replaced; that the answers have their shapes is what every call of these tests sees to."""
    now = datetime.now(UTC)
    values = {
        "sourceId": objects["sourceId"],
        "destinationConfigId": objects["destinationId"],
        "subscriptionId": objects["id"],
        "groupBy": "eventName",
        "startTime": (now - timedelta(hours=1)).isoformat(),
        "endTime": now.isoformat(),
    }
    url = re.sub(r"id%3A(\w+)", lambda found: objects[found[1]], record["url"])
    url = re.sub(r"(?<=[&?])pagination%5Bcursor%5D=cursor&", "", url)
    for name, value in values.items():
        url = url.replace(f"={name}", f"={quote(value)}")
    answer = api("GET", url, headers=headers_of(record))
    assert answer.status == 200, answer.text


def test_the_methods_and_paths_are_those_of_the_sdk() -> None:
    known = {(each["operationId"], each["method"], each["path"]) for each in operations()}
    ours = {(each.id, each.method, each.path) for each in OPERATIONS if not each.id.endswith("Plural")}
    assert ours == known


def test_versions_are_those_of_the_sdk() -> None:
    versions = {each["operationId"]: each["mediaTypes"]["vendorVersions"] for each in operations()}
    for each in OPERATIONS:
        if each.id in versions:
            assert set(versions[each.id]) <= set(each.versions), each.id


def test_the_shapes_of_requests_are_those_of_the_sdk() -> None:
    """Every member that the SDK sends is known, and none is required that the SDK may leave out."""
    import msgspec

    for operation in operations():
        for each in OPERATIONS:
            if (
                each.id != operation["operationId"]
                or operation["request"] is None
                or each.do.__name__.startswith("none_")
            ):
                continue
            fields = {field.encode_name: field for field in msgspec.structs.fields(each.body)}
            assert operation["request"].keys() <= fields.keys(), each.id
            for name, spec in operation["request"].items():
                assert spec["required"] or not fields[name].required, f"{each.id}: {name}"
