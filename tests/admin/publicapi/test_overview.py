"""The delivery overview over the Public API: what was sent in is what is counted (FEATURES F167-F169)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from support.publicapi import PublicApi
from support.waiting import until


def window(**more: object) -> dict[str, object]:
    """The day around now."""
    now = datetime.now(UTC)
    span = {"startTime": (now - timedelta(hours=12)).isoformat(), "endTime": (now + timedelta(hours=12)).isoformat()}
    return {**span, "granularity": "hour", **more}


@pytest.fixture(scope="module")
def ids(api: PublicApi) -> dict[str, str]:
    """A source and a destination after two events named A that are delivered and one named B that is filtered, one
    that fails and one that is refused."""
    source = api.source("counted")
    made = api.destination(source["id"], "file", {"path": str(api.daemon.home / "counted.ndjson")})
    mapping = {"name": "All", "actionId": "write", "trigger": 'type = "track"', "enabled": True}
    mapping["settings"] = {"data": {"@path": "$."}}
    subscription = api("POST", f"/destinations/{made['id']}/subscriptions", mapping).data["destinationSubscription"]
    filter = {"sourceId": source["id"], "if": "event = 'B'", "title": "No B", "actions": [{"type": "DROP"}]}
    api("POST", f"/destination/{made['id']}/filters", {**filter, "enabled": True}).data  # noqa: B018
    for event in ({"event": "A"}, {"event": "A"}, {"event": "B"}, {"event": 5}):
        assert api.daemon.post("/v1/track", {"userId": "u", **event}, key=source["writeKeys"][0]) == 200
    found = {"sourceId": source["id"], "destinationConfigId": made["id"], "subscriptionId": subscription["id"]}
    until(lambda: total(api, "successful-delivery", **found) == 2, what="two deliveries to be counted")
    until(lambda: total(api, "filtered-at-destination", **destination_of(found)) == 1, what="B to be counted")
    return found


def destination_of(ids: dict[str, str]) -> dict[str, str]:
    return {name: id for name, id in ids.items() if name != "subscriptionId"}


def ask(api: PublicApi, step: str, **query: object) -> Any:
    return api("GET", f"/delivery-overview/{step}?{urlencode(window(**query))}").data


def total(api: PublicApi, step: str, **query: object) -> int:
    return int(ask(api, step, **query)["total"])


def test_every_step_is_counted(api: PublicApi, ids: dict[str, str]) -> None:
    source = {"sourceId": ids["sourceId"]}
    destination = destination_of(ids)
    assert total(api, "successfully-received", **source) == 3
    assert total(api, "failed-on-ingest", **source) == 1
    assert total(api, "filtered-at-source", **source) == 0
    assert total(api, "filtered-at-destination", **destination) == 1
    assert total(api, "failed-delivery", **destination) == 0
    assert total(api, "successful-delivery", **destination) == 2


def test_a_series_has_every_bucket(api: PublicApi, ids: dict[str, str]) -> None:
    (dataset,) = ask(api, "successfully-received", sourceId=ids["sourceId"])["dataset"]
    assert len(dataset["series"]) == 25
    assert sum(point["count"] for point in dataset["series"]) == dataset["total"] == 3
    (none,) = ask(api, "filtered-at-source", sourceId=ids["sourceId"])["dataset"]
    assert {point["count"] for point in none["series"]} == {0}


def test_groups_are_the_largest_first_and_paged(api: PublicApi, ids: dict[str, str]) -> None:
    query = {"sourceId": ids["sourceId"], "groupBy[0]": "eventName", "groupBy[1]": "eventType"}
    first = ask(api, "successfully-received", **query, **{"pagination[count]": 1})
    assert [(each["eventName"], each["eventType"], each["total"]) for each in first["dataset"]] == [("A", "track", 2)]
    cursor = {"pagination[count]": 1, "pagination[cursor]": first["pagination"]["next"]}
    second = ask(api, "successfully-received", **query, **cursor)
    assert (second["dataset"][0]["eventName"], second["total"]) == ("B", 3)


def test_filters(api: PublicApi, ids: dict[str, str]) -> None:
    source = ids["sourceId"]
    assert total(api, "successfully-received", sourceId=source, **{"filter[eventName][0]": "B"}) == 1
    refused = ask(api, "failed-on-ingest", sourceId=source, **{"groupBy[0]": "discardReason"})
    assert [each["discardReason"] for each in refused["dataset"]] == ["event_not_string"]
    assert total(api, "failed-on-ingest", sourceId=source, **{"filter[discardReason][0]": "empty_batch"}) == 0


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"startTime": "yesterday"}, 422),
        ({"startTime": "2020-01-01T00:00:00Z"}, 422),
        ({"startTime": "2020-01-01T00:00:00"}, 422),
        ({"startTime": "9999-12-31T23:00:00-14:00", "endTime": "9999-12-31T23:59:59-14:00"}, 422),
        ({"endTime": "2026-01-01T00:00:00Z"}, 422),
        ({"granularity": "week"}, 422),
        ({"groupBy[0]": "userId"}, 422),
        ({"sourceId": "999"}, 404),
        ({"destinationConfigId": "1"}, 422),
        ({"subscriptionId": "999"}, 404),
    ],
)
def test_a_wrong_question_is_refused(api: PublicApi, ids: dict[str, str], change: Any, status: int) -> None:
    query = urlencode(window(**{**ids, **change}))
    assert api("GET", f"/delivery-overview/failed-delivery?{query}").problem["status"] == status


def test_metrics_of_a_destination(api: PublicApi, ids: dict[str, str]) -> None:
    path = f"/destinations/{ids['destinationConfigId']}/delivery-metrics?sourceId={ids['sourceId']}"
    summary = api("GET", path).data["deliveryMetricsSummary"]
    totals = {each["metricName"]: each["total"] for each in summary["metrics"]}
    assert totals == {"successes": 2, "failures": 0, "filtered": 1, "retries": 0}
    (filtered,) = [each["breakdown"] for each in summary["metrics"] if each["metricName"] == "filtered"]
    assert filtered == [{"metricName": "FILTERED_BY_RULES", "value": 1}]
