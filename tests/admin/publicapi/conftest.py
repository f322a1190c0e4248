from collections.abc import Iterator

import pytest

from support.daemon import webhook
from support.publicapi import PublicApi


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PublicApi]:
    """A daemon with a source and a destination that the file declares."""
    api = PublicApi(tmp_path_factory.mktemp("publicapi"), webhook("declared", "http://127.0.0.1:9/none"))
    with api.daemon:
        yield api


@pytest.fixture(scope="module")
def objects(api: PublicApi) -> dict[str, str]:
    """Path parameters under which there is something."""
    source = api.source("tried")
    destination = api.destination(source["id"], "file", {"path": str(api.daemon.home / "tried.ndjson")})["id"]
    mapping = {"name": "All", "actionId": "write", "trigger": "type = 'track'", "enabled": False}
    filter = {"sourceId": source["id"], "if": "all", "actions": [{"type": "DROP"}], "title": "T", "enabled": True}
    rename = {"name": "T", "sourceId": source["id"], "enabled": True, "if": "event = 'A'", "newEventName": "B"}
    users = {"regulationType": "SUPPRESS_ONLY", "subjectType": "USER_ID", "subjectIds": ["gone"]}
    return {
        "sourceId": source["id"],
        "destinationId": destination,
        "id": api("POST", f"/destinations/{destination}/subscriptions", mapping).data["destinationSubscription"]["id"],
        "filterId": api("POST", f"/destination/{destination}/filters", filter).data["filter"]["id"],
        "trackingPlanId": api("POST", "/tracking-plans", {"name": "P", "type": "LIVE"}).data["trackingPlan"]["id"],
        "transformationId": api("POST", "/transformations", rename).data["transformation"]["id"],
        "regulateId": api("POST", "/regulations", users).data["regulateId"],
        "destinationMetadataId": "file",
        "sourceMetadataId": "python",
    }
