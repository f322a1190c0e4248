"""The change preview over events that have been: counts, fields, examples, and that nothing leaves the daemon."""

import json
import socket
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner, Result

from actionsd.cli.ctl import ctl
from support.daemon import Daemon
from support.waiting import until

SECRET = "s3cret-of-the-hook"


class Place(NamedTuple):
    """A daemon with 300 journalled events, and a listener that nobody may ever connect to."""

    daemon: Daemon
    trap: socket.socket


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with socket.create_server(("127.0.0.1", 0)) as trap, Daemon(tmp_path_factory.mktemp("preview")) as daemon:
        url = f"http://127.0.0.1:{trap.getsockname()[1]}/"
        data = 'data={"id": {"@path": "$.messageId"}, "email": {"@path": "$.properties.email"}}'
        orders = ("-f", f"url={url}", "-f", "method=POST", "-f", f'headers={{"x-key": "{SECRET}"}}', "-f", data)
        post = ("-f", f"url=https://hooks.slack.com/{SECRET}", "-f", 'text={"@path": "$.properties.email"}')
        add = ("destinations", "add", "-s", "website", "--no-presets")
        for arguments in (
            (*add, "webhook", "--slug", "hook", "--set", f"sharedSecret={SECRET}"),
            ("mappings", "add", "hook", "Orders", "-a", "send", "-t", 'event = "Order"', *orders),
            (*add, "slack", "--slug", "team"),
            ("mappings", "add", "team", "Post", "-a", "postToChannel", "-t", 'event = "Order"', *post),
        ):
            done = daemon.ctl(*arguments)
            assert done.returncode == 0, done.stderr
        for start in range(0, 300, 100):
            batch = [
                {
                    "type": "track",
                    "event": "Order" if number % 3 == 0 else "Other",
                    "userId": "tester" if number % 30 == 0 else "u",
                    "messageId": f"m{number}",
                    "properties": {"total": number, **({"email": f"{number}@x.test"} if number % 2 == 0 else {})},
                }
                for number in range(start, start + 100)
            ]
            assert daemon.post("/v1/batch", {"batch": batch}) == 200
        until(lambda: daemon.ask("status")["journal"]["head"] == 300, what="300 events")
        yield Place(daemon, trap)
        assert SECRET not in daemon.log.read_text()


Run = Callable[..., Result]


@pytest.fixture
def run(place: Place) -> Run:
    def run(*arguments: str, code: int = 0) -> Result:
        socket = f"unix:{place.daemon.data / 'admin.sock'}"
        result = CliRunner().invoke(ctl, ["--config", str(place.daemon.config), "--url", socket, "preview", *arguments])
        assert result.exit_code == code, result.output
        assert SECRET not in result.output
        place.trap.setblocking(False)
        with pytest.raises(BlockingIOError):
            place.trap.accept()
        return result

    return run


def report(run: Run, *arguments: str) -> Any:
    return json.loads(run(*arguments, "--json").output)


def counts(report: Any) -> tuple[int, int, int, int, int]:
    return tuple(report[key] for key in ("added", "removed", "changed", "unchanged", "invalid"))


def test_a_lost_field_is_counted_and_shown(run: Run) -> None:
    edit = ("hook", "Orders", "--field", 'data={"id": {"@path": "$.messageId"}}')
    found = report(run, *edit)
    assert (found["events"], found["first"], found["last"], found["complete"]) == (300, 1, 300, True)
    assert counts(found) == (0, 0, 50, 50, 0)
    assert found["fields"] == [{"field": "data.email", "lost": 50, "gained": 0, "changed": 0}]
    newest = found["examples"][0]
    assert (newest["messageId"], newest["mapping"], newest["verdict"]) == ("m294", "Orders", "changed")
    assert newest["fields"] == [{"field": "data.email", "before": "294@x.test", "after": None}]
    shown = run(*edit).output
    assert "50 deliveries would lose data.email" in shown
    assert 'data.email: "294@x.test" -> null' in shown


def test_the_same_events_give_the_same_report(place: Place, run: Run) -> None:
    edit = ("hook", "Orders", "--trigger", 'type = "track"', "--requests", "--up-to", "200", "--last", "150")
    first = run(*edit, "--json").output
    assert json.loads(first)["last"] == 200
    assert counts(json.loads(first)) == (100, 0, 0, 50, 0)
    place.daemon.send(["later"])
    assert run(*edit, "--json").output == first


def test_a_trigger_adds_and_removes(run: Run) -> None:
    found = report(run, "hook", "Orders", "--trigger", 'event = "Other"', "--up-to", "300", "--examples", "300")
    assert counts(found) == (200, 100, 0, 0, 0)
    by_verdict = {each["verdict"]: each for each in found["examples"]}
    assert by_verdict["added"]["payload"]["data"]["id"].startswith("m")
    assert by_verdict["removed"]["why"] == by_verdict["added"]["why"] == "NO_MATCHING_MAPPING"
    assert by_verdict["added"]["payload"]["headers"] == {"x-key": "••••••"}


def test_what_would_no_longer_be_valid_is_told(run: Run) -> None:
    found = report(run, "hook", "Orders", "--field", 'url={"@path": "$.properties.email"}', "--up-to", "300")
    assert counts(found) == (0, 100, 0, 0, 100)
    assert "url" in found["examples"][0]["why"]


def test_requests_are_compared_without_sending(run: Run) -> None:
    found = report(run, "hook", "Orders", "--field", "method=PUT", "--requests", "--up-to", "300")
    assert counts(found) == (0, 0, 100, 0, 0)
    assert [(each["field"], each["changed"]) for each in found["fields"]] == [("[].method", 100)]
    assert found["examples"][0]["fields"] == [{"field": "[0].method", "before": "POST", "after": "PUT"}]


def test_a_new_mapping_adds(run: Run) -> None:
    new = ("hook", "--action", "send", "--trigger", 'event = "Other"', "-f", "url=https://x.test", "-f", "method=POST")
    assert counts(report(run, *new, "--up-to", "300")) == (200, 0, 0, 0, 0)


def test_a_filter_removes_or_changes_and_a_removed_filter_adds(place: Place, run: Run) -> None:
    enabled = place.daemon.ctl("mappings", "enable", "team", "Post")
    assert enabled.returncode == 0
    try:
        found = report(run, "team", "--filter", 'userId = "tester"', "--up-to", "300")
        assert counts(found) == (0, 10, 0, 40, 0)
        assert found["examples"][0]["why"] == "FILTERED_BY_RULES"
        assert found["examples"][0]["payload"]["url"] == "••••••"
        dropped = '[{"type": "DROP_PROPERTIES", "fields": {"properties": ["email"]}}]'
        assert counts(report(run, "team", "--filter", "all", "--actions", dropped, "--up-to", "300"))[1] == 50
        made = place.daemon.ask("filters", "add", "team", "No tests", "--if", 'userId = "tester"', "--drop")
        assert counts(report(run, "team", "--filter-id", str(made["id"]), "--up-to", "300")) == (10, 0, 0, 40, 0)
        replaced = ("--filter", 'userId = "u"', "--filter-id", str(made["id"]))
        assert counts(report(run, "team", *replaced, "--up-to", "300")) == (10, 40, 0, 0, 0)
        assert place.daemon.ctl("filters", "rm", "team", str(made["id"]), "-y").returncode == 0
    finally:
        place.daemon.ctl("mappings", "disable", "team", "Post")


def test_a_changed_secret_is_seen_and_not_shown(run: Run) -> None:
    other = "https://hooks.slack.com/0ther-s3cret"
    found = report(run, "team", "Post", "--field", f"url={other}", "--up-to", "300")
    assert found["changed"] == 50
    assert found["examples"][0]["fields"] == [{"field": "url", "before": "••••••", "after": "••••••"}]


def test_a_change_of_the_history_is_looked_at_afterwards(place: Place, run: Run) -> None:
    edit = ("mappings", "set", "hook", "Orders", "--trigger", 'event = "Order" and properties.total >= 150')
    assert place.daemon.ctl(*edit).returncode == 0
    row = place.daemon.ask("history", "-n", "1")["items"][0]
    found = report(run, "--change", str(row["id"]), "--up-to", "300")
    assert counts(found) == (0, 50, 0, 50, 0)
    assert place.daemon.ctl("mappings", "set", "hook", "Orders", "--trigger", 'event = "Order"').returncode == 0
    orders = [each for each in place.daemon.ask("history")["items"] if each["name"] == "Orders"]
    created = next(each for each in orders if each["verb"] == "created")
    assert counts(report(run, "--change", str(created["id"]), "--up-to", "300"))[0] == 100


def test_it_is_bounded_by_count_and_time(run: Run) -> None:
    same = ("hook", "Orders", "--field", "method=POST")
    assert report(run, *same, "--last", "7")["events"] == 7
    none = report(run, *same, "--since", "2099-01-01T00:00:00Z")
    assert (none["events"], none["complete"]) == (0, True)
    all_of_them = report(run, *same, "--since", "1h")
    assert all_of_them["events"] >= 300
    assert all_of_them["complete"] is True
    assert "nothing would change: 100 deliveries are the same" in run(*same, "--up-to", "300").output


@pytest.mark.parametrize(
    ("arguments", "told", "code"),
    [
        ((), "name the destination", 2),
        (("hook", "--change", "1"), "name the destination, or a change", 2),
        (("hook", "--actions", "[]"), "say for which events", 2),
        (("nowhere", "x"), 'no destination "nowhere"', 1),
        (("hook",), "give the name of a mapping", 1),
        (("hook", "Orders", "--filter", "all"), "preview one change", 1),
        (("hook", "--filter", "event ="), "filter: ", 1),
        (("hook", "--filter-id", "99"), "has no filter 99", 1),
        (("hook", "Orders", "--trigger", "event ="), "trigger: ", 1),
        (("--change", "99999"), "there is no change 99999", 1),
    ],
)
def test_wrong_input_is_told(run: Run, arguments: tuple[str, ...], told: str, code: int) -> None:
    assert told in run(*arguments, code=code).output
