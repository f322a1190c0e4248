"""Tracking plans, schemas and transformations from the shell."""

import contextlib
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

from support.daemon import Daemon

Ctl = Callable[..., Result]

RULE = {
    "type": "TRACK", "key": "Order", "version": 1,
    "jsonSchema": {"properties": {"properties": {"required": ["total"]}}},
}  # fmt: skip


def told(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.output


def write(path: Path, value: object) -> str:
    path.write_text(json.dumps(value))
    return str(path)


def test_a_plan_from_a_file_to_a_source_and_away(ctl_of: Ctl, tmp_path: Path) -> None:
    file = write(tmp_path / "plan.json", {"name": "My Plan", "rules": [RULE]})
    assert told(ctl_of("tracking-plans", "add", file)) == "my-plan has 1 rules; no source follows it yet\n"
    assert told(ctl_of("tracking-plans", "connect", "my-plan", "website")) == "website follows my-plan\n"
    assert told(ctl_of("tracking-plans")).splitlines()[1].split()[:6] == [
        "my-plan", "My", "Plan", "LIVE", "1", "website",
    ]  # fmt: skip
    shown = told(ctl_of("tracking-plans", "my-plan")).splitlines()
    assert shown[1] == "my-plan, followed by website"
    assert shown[3].split() == ["TRACK", "Order", "1", "total"]
    whole = json.loads(told(ctl_of("tracking-plans", "my-plan", "--json")))
    assert whole["rules"] == [RULE]
    del whole["sources"]
    again = told(ctl_of("tracking-plans", "add", "-", input=json.dumps(whole | {"slug": "copy"})))
    assert again.startswith("copy has 1 rules")
    assert "website follows no tracking plan" in told(ctl_of("tracking-plans", "disconnect", "my-plan", "website"))
    assert "rule my-plan / Order created" in told(ctl_of("history", "--kind", "rule"))
    for slug in ("my-plan", "copy"):
        assert "is removed" in told(ctl_of("tracking-plans", "rm", slug, "--yes"))
    failed = ctl_of("tracking-plans", "my-plan")
    assert (failed.exit_code, failed.output) == (1, 'Error: no tracking plan "my-plan"\n')


def test_a_plan_that_is_not_enforced_shows(tmp_path: Path) -> None:
    with Daemon(tmp_path) as running:
        assert running.ctl("check").returncode == 0
        running.ctl("tracking-plans", "add", write(tmp_path / "plan.json", {"name": "My Plan", "rules": [RULE]}))
        assert running.ctl("tracking-plans", "connect", "my-plan", "website").returncode == 0
        assert running.stop() == 0
        with contextlib.closing(sqlite3.connect(running.data / "actionsd.db")) as db, db:
            spoilt = """replace(cast(body as text), '{"required":["total"]}', '{"type":"text"}')"""
            assert db.execute(f"update configs set body = cast({spoilt} as blob) where kind = 'rule'").rowcount == 1
        running.start()
        why = "its tracking plan my-plan is not enforced: rule 1.jsonSchema"
        for command in ("status", "sources"):
            assert f"\nwebsite: {why}" in running.ctl(command).stdout
        assert running.ask("sources")[0]["trouble"].startswith(why)
        checked = running.ctl("check")
        assert (checked.returncode, checked.stdout) == (1, f"{running.config} is fine\n")
        assert checked.stderr.startswith(f"source website: {why}")


def test_what_a_source_lets_in(ctl_of: Ctl, tmp_path: Path, daemon: Daemon) -> None:
    change = {"filters": {"track": ["Debug"]}, "settings": {"track": {"allowUnplannedEvents": False}}}
    assert "website follows no tracking plan" in told(
        ctl_of("sources", "schema", "website", write(tmp_path / "s", change))
    )
    shown = json.loads(told(ctl_of("sources", "schema", "website", "--json")))
    assert shown["filters"]["track"] == ["Debug"]
    assert shown["settings"]["track"]["allowUnplannedEvents"] is False
    assert daemon.post("/v1/track", {"userId": "u", "event": "Debug", "messageId": "never"}) == 200
    assert "was blocked at its source" in ctl_of("explain", "never").output
    told(ctl_of("sources", "add", "inbox"))
    forwarded = told(ctl_of("sources", "schema", "website", write(tmp_path / "s", {"blockedTo": "inbox"})))
    assert forwarded.splitlines()[1] == "blocked events go to inbox"
    assert "blocked events" not in told(
        ctl_of("sources", "schema", "website", write(tmp_path / "s", {"blockedTo": ""}))
    )
    missing = ctl_of("sources", "schema", "website", write(tmp_path / "s", {"violationsTo": "inbx"}))
    assert missing.output == 'Error: no source "inbx"; did you mean "inbox"?\n'
    told(ctl_of("sources", "rm", "inbox", "--yes"))
    failed = ctl_of("sources", "schema", "website", write(tmp_path / "s", {"filters": {"tracks": []}}))
    assert (failed.exit_code, failed.output) == (1, "Error: Object contains unknown field `tracks`\n")
    undo = write(tmp_path / "s", {"filters": {"track": []}, "settings": {"track": {"allowUnplannedEvents": True}}})
    told(ctl_of("sources", "schema", "website", undo))


def test_transformations_are_added_listed_and_removed(ctl_of: Ctl, tmp_path: Path) -> None:
    body = {
        "name": "Short", "source": "website", "definition": "file", "if": "event = 'Never'", "enabled": False,
        "edits": {"newEventName": "N"},
    }  # fmt: skip
    added = told(ctl_of("transformations", "add", write(tmp_path / "t.json", body)))
    id = added.split()[1].rstrip(":")
    row = told(ctl_of("transformations")).splitlines()[1].split()
    assert row[:5] == [id, "Short", "website", "file", "disabled"]
    assert row[-1] == "newEventName"
    assert f"transformation {id} is removed" in told(ctl_of("transformations", "rm", id, "--yes"))
    assert told(ctl_of("transformations")) == "no transformations: events go on as they come\n"
    assert ctl_of("transformations", "add", write(tmp_path / "t.json", [])).exit_code == 2
