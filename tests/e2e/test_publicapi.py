"""Segment's SDK of the Public API, unmodified, and the calls of Segment's migration guide, against the real daemon."""

import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from support import node
from support.publicapi import TOKEN, PublicApi
from support.waiting import until

HERE = Path(__file__).parent / "publicapi"


@pytest.fixture
def api(tmp_path: Path) -> Iterator[PublicApi]:
    api = PublicApi(tmp_path / "daemon")
    with api.daemon:
        yield api


def messages(path: Path) -> list[str]:
    """The ids of what was delivered to a file."""
    lines = path.read_text().splitlines() if path.exists() else []
    return [json.loads(line)["messageId"] for line in lines]


def send(api: PublicApi, key: str, message_id: str) -> None:
    body = {"userId": "u", "event": "Moved", "messageId": message_id}
    assert api.daemon.post("/v1/track", body, key=key) == 200


def filtered_of(state: Any) -> str:
    """Asks how many events the filter of the destination before has dropped."""
    now = datetime.now(UTC)
    query = {
        "sourceId": state["source"], "destinationConfigId": state["before"]["id"], "granularity": "hour",
        "startTime": (now - timedelta(hours=1)).isoformat(), "endTime": (now + timedelta(hours=1)).isoformat(),
    }  # fmt: skip
    return f"/delivery-overview/filtered-at-destination?{urlencode(query)}"


def test_the_typescript_sdk(api: PublicApi, tmp_path: Path) -> None:
    modules = node.modules(HERE / "package.json")
    if modules is None:
        pytest.skip("no node, or no registry of packages")

    def sdk(*arguments: str) -> Any:
        command = ["node", HERE / "sdk.js", modules, api.url, TOKEN, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    state = sdk("create", str(tmp_path))
    before, after = tmp_path / "before.ndjson", tmp_path / "after.ndjson"
    send(api, state["writeKey"], "m1")
    until(lambda: messages(before) == ["m1"], what="m1 at the destination before")

    seen = sdk("read", json.dumps(state))
    assert seen["echo"]["message"] == "hello"
    assert seen["source"]["source"]["id"] == state["source"]
    assert [each["name"] for each in seen["connected"]["destinations"]] == ["before", "after"]
    assert seen["subscriptions"]["subscriptions"] == [state["before"]["subscription"]]
    assert seen["preview"]["result"] is None
    assert seen["renamed"]["subscription"] == {**state["before"]["subscription"], "name": "All"}
    assert all("'2000-" in each["filter"]["if"] for each in seen["moved"])
    assert seen["refused"]["type"] == "not-found"

    send(api, state["writeKey"], "m2")
    until(lambda: messages(after) == ["m2"], what="m2 at the destination after")
    assert messages(before) == ["m1"]
    until(lambda: api("GET", filtered_of(state)).data["total"] == 1, what="m2 to be counted")
    seen = sdk("watch", json.dumps(state))
    assert [(each["eventName"], each["total"]) for each in seen["received"]["dataset"]] == [("Moved", 2)]
    assert (seen["delivered"]["total"], seen["failed"]["total"]) == (1, 0)
    assert [(each["discardReason"], each["total"]) for each in seen["filtered"]["dataset"]] == [
        ("FILTERED_BY_RULES", 1)
    ]
    assert seen["metrics"]["deliveryMetricsSummary"]["metrics"][0] == {"metricName": "successes", "total": 1}
    assert seen["regulation"]["regulation"]["overallStatus"] in ("INITIALIZED", "RUNNING", "NOT_SUPPORTED")
    assert seen["suppressed"]["suppressed"] == [{"subjectType": "USER_ID", "subjectIds": ["gone"]}]

    seen = sdk("plan", json.dumps(state))
    assert seen["again"] == seen["settings"]
    assert seen["settings"]["settings"]["track"]["allowUnplannedEvents"] is False
    assert [each["version"] for each in seen["rules"]["rules"]] == [1, 2]
    assert [each["version"] for each in seen["left"]["rules"]] == [1]
    assert [each["id"] for each in seen["followers"]["sources"]] == [state["source"]]
    assert seen["source"]["trackingPlanId"] == seen["plan"]["trackingPlan"]["id"]
    assert [each["name"] for each in seen["plans"]["trackingPlans"]] == ["Shop"]
    assert seen["transformations"]["transformations"] == [seen["disabled"]["transformation"]]
    assert seen["plan"]["trackingPlan"]["name"] == "Closed shop"
    assert sdk("delete", json.dumps(state)) == {"status": "SUCCESS"}
    assert [each["slug"] for each in api("GET", "/sources").data["sources"]] == ["website"]


def test_the_filters_of_the_migration_guide_share_the_events_out(api: PublicApi, tmp_path: Path) -> None:
    """Each event goes to exactly one of the two destinations (issue 5)."""
    source = api.source("shop")
    paths = {}
    for operator in (">=", "<"):
        paths[operator] = tmp_path / f"{len(paths)}.ndjson"
        made = api.destination(source["id"], "file", {"path": str(paths[operator])}, name=operator)
        mapping = {"name": "All", "actionId": "write", "trigger": 'type = "track"', "enabled": True}
        mapping["settings"] = {"data": {"@path": "$."}}
        api("POST", f"/destinations/{made['id']}/subscriptions", mapping).data  # noqa: B018
        guide = {
            "sourceId": source["id"], "destinationId": made["id"], "title": "Switch", "enabled": True,
            "if": f"(received_at {operator} '2999-04-21T19:55:00.933Z')", "actions": [{"type": "DROP"}],
        }  # fmt: skip
        paths[f"filter {operator}"] = f"/destination/{made['id']}/filters"
        made_filter = api("POST", f"/destination/{made['id']}/filters", guide).data["filter"]
        paths[f"filter {operator}"] += f"/{made_filter['id']}"
        assert made_filter["if"] == guide["if"]
    key = source["writeKeys"][0]
    send(api, key, "m1")
    until(lambda: messages(paths[">="]) == ["m1"], what="m1, received before the switch")
    for operator in (">=", "<"):
        past = {"if": f"(received_at {operator} '2023-04-21T19:55:00.933Z')"}
        api("PATCH", paths[f"filter {operator}"], past).data  # noqa: B018
    send(api, key, "m2")
    until(lambda: messages(paths["<"]) == ["m2"], what="m2, received after the switch")
    assert messages(paths[">="]) == ["m1"]
