"""A workspace read through the Public API becomes files that another daemon takes."""

import http.client
import json
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from actionsd import catalog
from actionsd.cli import importplans
from actionsd.cli.ctl import ctl
from actionsd.cli.http import Failed
from actionsd.cli.segment import SegmentApi
from support.daemon import Daemon
from support.publicapi import TOKEN, PublicApi

SECRET = "s3cret-that-stays"
RULE = {"type": "TRACK", "key": "Order", "version": 1, "jsonSchema": {"properties": {"userId": {"enum": ["u", None]}}}}
FIELDS = {"url": "https://hook.test", "method": "POST", "data": {"@path": "$."}, "headers": {"a": None}}


def imported(folder: Path, url: str, *, token: str = TOKEN) -> Result:
    environment = {"SEGMENT_TOKEN": token}
    return CliRunner().invoke(ctl, ["import", "segment", str(folder), "--api", url, "--json"], env=environment)


@pytest.fixture(scope="module")
def segment(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A workspace with more than one page would hold here, seen through the Public API of a daemon."""
    api = PublicApi(tmp_path_factory.mktemp("segment"))
    with api.daemon:
        shop = api.source("shop", settings={})
        hook = api.destination(shop["id"], "webhook", {"sharedSecret": SECRET}, name="Our hook")
        mapping = {"name": "All", "actionId": "send", "trigger": 'type = "track"', "enabled": True, "settings": FIELDS}
        api("POST", f"/destinations/{hook['id']}/subscriptions", mapping)
        filter = {"sourceId": shop["id"], "title": "No", "if": "event = 'x'", "actions": [{"type": "DROP"}]}
        api("POST", f"/destination/{hook['id']}/filters", filter | {"enabled": True})
        plan = api("POST", "/tracking-plans", {"name": "Our plan", "type": "LIVE"}).data["trackingPlan"]["id"]
        api("PUT", f"/tracking-plans/{plan}/rules", {"rules": [RULE]})
        api("POST", f"/tracking-plans/{plan}/sources", {"sourceId": shop["id"]})
        api("PATCH", f"/sources/{shop['id']}/settings", {"track": {"allowUnplannedEvents": False}})
        hashed = {"algorithm": "MD5", "key": SECRET, "paths": ["email"]}
        rewrite = {"name": "Hash", "sourceId": shop["id"], "destinationMetadataId": "webhook", "enabled": True}
        rewrite |= {"if": "event = 'x'", "hashPropertiesConfiguration": hashed}
        api("POST", "/transformations", rewrite).data  # noqa: B018
        yield api


def test_what_is_imported_is_taken_by_another_daemon(
    segment: PublicApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "config"
    result = imported(folder, segment.url)
    assert result.exit_code == 0, result.output
    notes = {note["what"]: note["why"] for note in json.loads(result.output)}
    assert notes == {
        "destination our-hook": "set ACTIONSD_OUR_HOOK_SHAREDSECRET for the daemon: Segment does not tell secrets",
        "transformation Hash": "set ACTIONSD_HASH_KEY for the daemon to the key of its hashes",
    }
    assert "ACTIONSD_OUR_HOOK_SHAREDSECRET" in (folder / "report.txt").read_text()
    assert SECRET not in "".join(path.read_text() for path in folder.iterdir())
    monkeypatch.setenv("ACTIONSD_OUR_HOOK_SHAREDSECRET", "new")
    monkeypatch.setenv("ACTIONSD_HASH_KEY", "new key")
    other = Daemon(tmp_path / "other")
    declared = other.config.read_text().replace('"website"', '"elsewhere"').replace('"test-key"', '"other-key"')
    other.config.write_text(declared)
    with other:
        done = other.ctl("apply", str(folder), "--yes")
        assert done.returncode == 0, done.stderr
        hook = json.loads(other.ctl("destinations", "config", "our-hook", "--json").stdout)
        plan = json.loads(other.ctl("tracking-plans", "our-plan", "--json").stdout)
        schema = json.loads(other.ctl("sources", "schema", "shop", "--json").stdout)
        (rewrite,) = json.loads(other.ctl("transformations", "--json").stdout)
        assert "nothing to change" in other.ctl("plan", str(folder)).stdout
    assert (plan["rules"], plan["sources"]) == ([RULE], ["shop"])
    assert schema["settings"]["track"]["allowUnplannedEvents"] is False
    assert (rewrite["source"], rewrite["definition"], rewrite["if"]) == ("shop", "webhook", "event = 'x'")
    assert (hook["source"], hook["definition"], hook["name"]) == ("shop", "webhook", "Our hook")
    assert [(m["name"], m["fields"], m["enabled"]) for m in hook["mappings"]] == [("All", FIELDS, True)]
    assert [(f["title"], f["if"], f["actions"]) for f in hook["filters"]] == [("No", "event = 'x'", [{"type": "DROP"}])]


class Workspace(SegmentApi):
    """A workspace with these answers; what is not among them is refused, as where there are no Protocols."""

    def __init__(self, answers: dict[str, Any]) -> None:
        super().__init__("https://segment.test", "token")
        self._answers = answers

    def _get(self, path: str) -> dict[str, Any]:
        answer = self._answers.get(path.partition("?")[0])
        if answer is None:
            raise Failed(f"{path.partition('?')[0]} answered 403: forbidden")
        return dict(answer)


def planned(answers: dict[str, Any]) -> tuple[dict[str, Any], list[str], dict[str, str]]:
    notes: dict[str, str] = {}
    api = Workspace(answers)
    found, needs = importplans.tables(api, catalog.load(), {"s1": "shop"}, str.lower, notes.__setitem__)
    return found, needs, notes


def test_what_of_protocols_cannot_be_carried_over_is_told() -> None:
    ahead = RULE | {"jsonSchema": {"properties": {"userId": {"pattern": "^(?!x)"}}}}
    rewrite = {"id": "t", "sourceId": "s1", "enabled": True, "if": "all", "newEventName": "X"}
    found, needs, notes = planned(
        {
            "/tracking-plans": {"trackingPlans": [{"id": id, "name": "Plan", "type": "LIVE"} for id in ("p1", "p2")]},
            "/tracking-plans/p1/rules": {"rules": [ahead, RULE | {"createdAt": "2020"}]},
            "/tracking-plans/p2/rules": {"rules": []},
            "/tracking-plans/p1/sources": {"sources": [{"id": "s1"}, {"id": "s9"}]},
            "/tracking-plans/p2/sources": {"sources": []},
            "/sources/s1/settings": {"settings": {"track": {"allowDreams": True}, "forwardingViolationsTo": "s9"}},
            "/transformations": {
                "transformations": [
                    rewrite | {"name": "fine"},
                    rewrite | {"name": "elsewhere", "sourceId": "s9"},
                    rewrite | {"name": "no plugin", "destinationMetadataId": "none"},
                    rewrite | {"name": "broken", "if": "event ="},
                ]
            },
        }
    )
    assert [(each["slug"], len(each.get("rules", ()))) for each in found["tracking_plans"]] == [
        ("plan", 1),
        ("plan-2", 0),
    ]
    assert found["schemas"] == [{"source": "shop", "plan": "plan"}]
    assert [each["name"] for each in found["transformations"]] == ["fine"]
    assert needs == []
    assert {what: why.partition(";")[0] for what, why in notes.items()} == {
        "tracking plan plan, rule Order": "left out: jsonSchema: expected a JSON schema of draft-07",
        "schema settings of shop": "left out: Object contains unknown field `allowDreams` - at `$.track`",
        "violations or blocked events of shop": "not forwarded: to a source that is not among the sources",
        "transformation elsewhere": "left out: its source is not among the sources",
        "transformation no plugin": "left out: no plugin for none is installed",
        "transformation broken": notes["transformation broken"].partition(";")[0],
    }
    assert notes["transformation broken"].startswith("left out: if: expected FQL")


def test_a_workspace_without_protocols_is_imported_all_the_same() -> None:
    assert planned({}) == (
        {}, [], {"tracking plans and transformations": "left out: /tracking-plans answered 403: forbidden"}
    )  # fmt: skip


def test_a_folder_that_is_not_empty_and_a_missing_or_wrong_token_are_told(segment: PublicApi, tmp_path: Path) -> None:
    wrong = imported(tmp_path / "new", segment.url, token="wrong-token-of-import")
    assert (wrong.exit_code, "answered 401" in wrong.output) == (1, True)
    assert not (tmp_path / "new").exists()
    (tmp_path / "file").touch()
    assert imported(tmp_path, segment.url).exit_code == 2
    assert imported(tmp_path / "new", segment.url, token="").exit_code == 2
    nobody = imported(tmp_path / "new", "http://127.0.0.1:9")
    assert (nobody.exit_code, "cannot reach http://127.0.0.1:9" in nobody.output) == (1, True)


def _headers(**given: str) -> http.client.HTTPMessage:
    message = http.client.HTTPMessage()
    for key, value in given.items():
        message[key.replace("_", "-")] = value
    return message


def test_pages_are_followed_and_limits_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    first = {"data": {"sources": [{"id": "1"}], "pagination": {"next": "c2"}}}
    answers = [
        (429, _headers(Retry_After="7"), b"{}"),
        (429, _headers(X_RateLimit_Reset=formatdate(0, usegmt=True)), b"{}"),
        (200, _headers(), json.dumps(first).encode()),
        (200, _headers(), b'{"data": {"sources": [{"id": "2"}], "pagination": {"next": null}}}'),
    ]
    asked: list[str] = []
    waited: list[float] = []

    def ask(api: SegmentApi, path: str) -> tuple[int, http.client.HTTPMessage, bytes]:
        asked.append(path)
        return answers.pop(0)

    monkeypatch.setattr(SegmentApi, "_ask", ask)
    api = SegmentApi("https://api.test", "t", waited.append)
    assert [item["id"] for item in api.sources()] == ["1", "2"]
    assert waited == [7.0, 1.0]
    assert "cursor%5D=c2" in asked[-1]
    answers[:] = [(500, _headers(), b"<html>")]
    with pytest.raises(Failed, match="answered 500"):
        list(api.sources())
