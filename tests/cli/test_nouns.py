"""Every command against a real daemon: what it prints and what it changes."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from support.daemon import Daemon
from support.waiting import until

Ctl = Callable[..., Result]


def lines(result: Result) -> list[list[str]]:
    """The words of each line; the command must have worked."""
    assert result.exit_code == 0, result.output
    return [line.split() for line in result.output.splitlines()]


def decoded(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


def test_status_shows_the_daemon_its_sources_and_destinations(ctl_of: Ctl, daemon: Daemon) -> None:
    shown = lines(ctl_of("status"))
    assert shown[0][:2] == ["actionsd", "0.1.0,"]
    assert shown[0][-1] == "ready"
    assert next(line for line in shown if line[:1] == ["website"])[:2] == ["website", "enabled"]
    assert next(line for line in shown if line[:1] == ["later"])[:2] == ["later", "paused"]
    status = decoded(ctl_of("status", "--json"))
    assert status["ready"] is True
    assert status["journal"]["head"] >= 5
    assert status["listeners"]["ingest"] == [f"127.0.0.1:{daemon.port}"]
    assert {each["slug"]: each["state"] for each in status["destinations"]} == {
        "archive": "enabled",
        "later": "paused",
        "hook": "enabled",
    }


def test_a_paused_destination_lags(ctl_of: Ctl) -> None:
    later = decoded(ctl_of("destinations", "later", "--json"))
    assert later["backlog"] >= 5
    assert later["oldest"] is not None
    assert later["delivered"] == 0


def test_a_destination_does_not_lag_behind_what_it_leaves_out(ctl_of: Ctl, daemon: Daemon) -> None:
    def lag() -> tuple[int, str | None]:
        shown = decoded(ctl_of("destinations", "idle", "--json"))
        return shown["backlog"], shown["oldest"]

    ctl_of("destinations", "add", "webhook", "--source", "website", "--name", "Idle")
    ctl_of("pause", "idle")
    ctl_of("destinations", "disable", "idle")
    daemon.send(["left-out-1", "left-out-2"])
    assert lag() == (0, None)
    assert "but paused" in ctl_of("destinations", "enable", "idle").output
    assert lag() == (0, None)
    daemon.send(["kept-for-it"])
    (kept,) = decoded(ctl_of("explain", "kept-for-it", "--json"))["items"]
    assert lag() == (1, kept["receivedAt"])
    assert ctl_of("destinations", "rm", "idle", "--yes").exit_code == 0


def test_sources_count_what_came(ctl_of: Ctl) -> None:
    (website,) = decoded(ctl_of("sources", "--json"))
    assert website["received"] >= 5
    assert website["slug"] == "website"


def test_a_destination_is_shown_with_its_mappings(ctl_of: Ctl) -> None:
    shown = lines(ctl_of("destinations", "archive"))
    assert shown[1][:5] == ["file", "for", "events", "of", "website,"]
    assert shown[-1][:3] == ["All", "write", "enabled"]
    failed = ctl_of("destinations", "archve")
    assert (failed.exit_code, failed.output) == (1, 'Error: no destination "archve"; did you mean "archive"?\n')


def test_dead_letters_are_listed_shown_and_dropped(ctl_of: Ctl, daemon: Daemon) -> None:
    daemon.send(["drop-me"])
    until(lambda: "drop-me" in ctl_of("dead", "list", "--json").output, what="its dead letter")
    page = decoded(ctl_of("dead", "list", "-d", "hook", "--json"))
    letter = next(item for item in page["items"] if item["messageId"] == "drop-me")
    assert letter["destination"] == "hook"
    assert letter["attempts"] == 1
    shown = ctl_of("dead", "show", str(letter["id"]))
    assert '"messageId": "drop-me"' in shown.output
    assert "dropped 1" in ctl_of("dead", "drop", str(letter["id"]), "--yes").output
    gone = ctl_of("dead", "show", str(letter["id"]))
    assert gone.exit_code == 1
    assert "drop-me" not in ctl_of("dead", "list", "--json").output


def test_dead_letters_page(ctl_of: Ctl) -> None:
    first = decoded(ctl_of("dead", "list", "-n", "2", "--json"))
    assert len(first["items"]) == 2
    second = decoded(ctl_of("dead", "list", "-n", "2", "--after", str(first["after"]), "--json"))
    assert first["items"][-1]["id"] < second["items"][0]["id"]
    assert f"--after {first['after']}" in ctl_of("dead", "list", "-n", "2").output


def test_requeued_letters_are_tried_again(ctl_of: Ctl) -> None:
    (letter, *_) = decoded(ctl_of("dead", "list", "--json"))["items"]
    assert "requeued 1" in ctl_of("dead", "requeue", str(letter["id"])).output

    def died_again() -> bool:
        items = decoded(ctl_of("dead", "list", "--json"))["items"]
        return any(item["position"] == letter["position"] and item["id"] != letter["id"] for item in items)

    until(died_again, what="a second dead letter")


@pytest.mark.parametrize("arguments", [[], ["1", "--all"], ["1", "--reason", "x"]])
def test_which_dead_letters_must_be_clear(ctl_of: Ctl, arguments: list[str]) -> None:
    assert ctl_of("dead", "requeue", *arguments).exit_code == 2


def test_dropping_asks_first(ctl_of: Ctl) -> None:
    refused = ctl_of("dead", "drop", "--all", input="n\n")
    assert refused.exit_code == 1
    assert decoded(ctl_of("dead", "list", "--json"))["items"]


def test_retries_are_listed(ctl_of: Ctl) -> None:
    assert decoded(ctl_of("retries", "--json")) == {"items": [], "after": None}
    assert ctl_of("retries").output == "nothing waits for a retry\n"
    assert ctl_of("retries", "-d", "nowhere").exit_code == 1


def test_explain_tells_every_step(ctl_of: Ctl) -> None:
    (item,) = decoded(ctl_of("explain", "m0", "--json"))["items"]
    assert (item["source"], item["type"], item["event"]) == ("website", "track", "Tested")
    outcomes = {step["destination"]: step["outcome"] for step in item["steps"]}
    assert outcomes == {"": "ok", "archive": "delivered", "later": "pending", "hook": "dead"}
    assert "paused" in next(step["why"] for step in item["steps"] if step["destination"] == "later")
    assert lines(ctl_of("explain", "m0"))[2] == ["ok", "journal"]
    missing = ctl_of("explain", "never-sent")
    assert missing.exit_code == 1
    assert 'no event "never-sent" in the journal' in missing.output


def test_explain_does_not_take_for_delivered_what_a_disabled_destination_left_out(ctl_of: Ctl, daemon: Daemon) -> None:
    fields = ["--field", "url=https://hooks.test/x", "--field", "method=POST", "--field", "data={}"]
    ctl_of("destinations", "add", "webhook", "--source", "website", "--name", "Left out")
    ctl_of("mappings", "add", "left-out", "All", "--action", "send", *fields)
    ctl_of("mappings", "enable", "left-out", "All")
    ctl_of("pause", "left-out")
    daemon.send(["waited"])
    assert _outcome(ctl_of, "waited", "left-out") == "pending"
    ctl_of("destinations", "disable", "left-out")
    until(lambda: _outcome(ctl_of, "waited", "left-out") == "dead", what="the end of its waiting")
    daemon.send(["too-late"])
    assert _outcome(ctl_of, "too-late", "left-out") == "discarded"
    assert "but paused" in ctl_of("destinations", "enable", "left-out").output
    explained = decoded(ctl_of("explain", "waited", "--json"))["items"][0]["steps"]
    assert "destination_disabled: the lane was told to pass it over" in {step["why"] for step in explained}
    assert ctl_of("destinations", "rm", "left-out", "--yes").exit_code == 0


def test_a_dry_run_shows_counts_and_masked_payloads(ctl_of: Ctl) -> None:
    plan = decoded(ctl_of("replay", "start", "archive", "--dry-run", "--json"))
    assert plan["complete"] is True
    assert plan["deliveries"]["All"] >= 5
    assert plan["previews"][0]["payload"]["data"]["event"] == "Tested"
    nothing = decoded(ctl_of("replay", "start", "archive", "--dry-run", "--json", "--event", "Other"))
    assert nothing["deliveries"] == {}
    broken = decoded(ctl_of("replay", "start", "hook", "--dry-run", "--json"))
    assert broken["previews"][0]["payload"] is None
    assert broken["previews"][0]["error"]


def test_a_replay_delivers_again_and_counts_on_its_own(ctl_of: Ctl, daemon: Daemon) -> None:
    before = decoded(ctl_of("destinations", "archive", "--json"))["delivered"]
    started = decoded(ctl_of("replay", "start", "archive", "--since", "1h", "--event", "Tested", "--detach", "--json"))
    show = ("replay", "list", "--json")
    until(lambda: decoded(ctl_of(*show))[0]["state"] == "done", what="the end of the replay")
    done = next(row for row in decoded(ctl_of(*show)) if row["id"] == started["id"])
    assert done["delivered"] >= 5
    assert done["done"] == done["total"]
    assert decoded(ctl_of("destinations", "archive", "--json"))["delivered"] == before
    assert lines(ctl_of("replay", "list"))[1][1] == "archive"
    assert decoded(ctl_of("replay", "show", str(done["id"]), "--json"))["id"] == done["id"]
    stopped = ctl_of("replay", "stop", str(done["id"]))
    assert stopped.exit_code == 1


def test_a_replay_of_nothing_is_refused(ctl_of: Ctl) -> None:
    refused = ctl_of("replay", "start", "archive", "--until", "2020-01-01")
    assert refused.exit_code == 1
    assert ctl_of("replay", "start", "archive", "--since", "yesterday").exit_code == 2


def test_pause_and_resume(ctl_of: Ctl, daemon: Daemon) -> None:
    assert ctl_of("pause", "archive").output == "archive is paused; its events wait\n"
    daemon.send(["while-paused"])
    assert decoded(ctl_of("destinations", "archive", "--json"))["state"] == "paused"
    assert ctl_of("resume", "archive").exit_code == 0
    until(lambda: _outcome(ctl_of, "while-paused", "archive") == "delivered", what="its delivery")
    assert ctl_of("resume").output == "nothing was held\n"


def _outcome(ctl_of: Ctl, message_id: str, destination: str) -> str:
    (item,) = decoded(ctl_of("explain", message_id, "--json"))["items"]
    return next(step["outcome"] for step in item["steps"] if step["destination"] == destination)


def test_what_the_file_declares_is_not_forgotten(ctl_of: Ctl) -> None:
    refused = ctl_of("forget", "archive", "--yes")
    assert refused.exit_code == 1
    assert "declared" in refused.output


def test_a_mapping_is_shown_with_its_code(ctl_of: Ctl) -> None:
    shown = decoded(ctl_of("mappings", "show", "archive", "All", "--json"))
    assert shown["fields"] == {"data": {"@path": "$."}, "enable_batching": False}
    assert "def mapping(" in ctl_of("mappings", "show", "archive", "All", "--code").output
    assert ctl_of("mappings", "show", "archive", "Al").exit_code == 1


def test_plugins_are_listed_with_their_packages(ctl_of: Ctl) -> None:
    rows = {row["slug"]: row for row in decoded(ctl_of("plugins", "--json"))}
    assert rows["file"]["package"] == "actionsd-file"
    assert rows["file"]["actions"] == ["write"]
    assert ctl_of("plugins").output.splitlines()[0].split() == ["DEFINITION", "NAME", "PACKAGE", "VERSION", "ACTIONS"]


def test_backup_writes_a_copy_once(ctl_of: Ctl, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    assert ctl_of("backup", str(target)).output.startswith(f"wrote {target}, ")
    assert target.stat().st_mode & 0o777 == 0o600
    again = ctl_of("backup", str(target))
    assert again.exit_code == 1
    assert str(target) in again.output


def test_check_asks_the_daemon_or_reads_a_file(ctl_of: Ctl, daemon: Daemon, tmp_path: Path) -> None:
    assert ctl_of("check").output == f"{daemon.config} is fine\n"
    wrong = tmp_path / "wrong.toml"
    wrong.write_text('colour = "red"')
    failed = ctl_of("check", str(wrong))
    assert failed.exit_code == 2
    assert f"{wrong}:1: colour: unknown key" in failed.output


def test_functions_need_no_daemon(elsewhere: Ctl) -> None:
    listed = elsewhere("functions")
    assert listed.exit_code == 0
    assert "@template" in listed.output
    assert len(decoded(elsewhere("functions", "--json"))) == len(listed.output.splitlines()) - 1
