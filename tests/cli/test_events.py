"""The source debugger: the last events, searched, as calls or raw, and those that come."""

import json
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from click.testing import CliRunner, Result

from actionsd.cli.ctl import ctl
from support.daemon import Daemon
from support.waiting import until


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with Daemon(tmp_path_factory.mktemp("events")) as running:
        running.send([f"old-{number}" for number in range(600)], event="Old")
        batch = [
            {"type": "identify", "userId": "ada", "messageId": "i1", "traits": {"city": "Łódź", "email": "A@x.test"}},
            {"type": "page", "anonymousId": "anon", "messageId": "p1", "name": "Home"},
            {"type": "track", "userId": "ada", "messageId": "t1", "event": "Signed Up", "properties": {"plan": "pro"}},
        ]
        assert running.post("/v1/batch", {"batch": batch, "context": {"library": {"name": "analytics.js"}}}) == 200
        yield running


Run = Callable[..., Result]


@pytest.fixture
def run(daemon: Daemon) -> Run:
    def run(*arguments: str, code: int = 0) -> Result:
        socket = f"unix:{daemon.data / 'admin.sock'}"
        result = CliRunner().invoke(ctl, ["--config", str(daemon.config), "--url", socket, "events", *arguments])
        assert result.exit_code == code, result.output
        return result

    return run


def listed(run: Run, *arguments: str) -> Any:
    return json.loads(run("website", *arguments, "--json").output)


def test_the_last_events_are_shown_as_calls_oldest_first(run: Run) -> None:
    shown = run("website", "-n", "2").output.splitlines()
    assert [line for line in shown if line.startswith("analytics.")] == [
        'analytics.page("Home");',
        'analytics.track("Signed Up", {',
    ]
    assert 'page "Home" anon p1' in shown[0]


def test_raw_shows_all_and_what_the_server_added(run: Run) -> None:
    (newest,) = listed(run, "-n", "1")["items"]
    assert newest["raw"]["receivedAt"] == newest["added"]["receivedAt"]
    assert newest["raw"]["context"]["library"] == {"name": "analytics.js"}
    assert newest["raw"]["properties"] == {"plan": "pro"}
    assert "properties" not in newest["added"]
    shown = run("website", "-n", "1", "--raw").output
    assert '"plan": "pro"' in shown
    assert "added by the server: receivedAt" in shown


def test_at_most_500_of_a_source_can_be_seen(run: Run) -> None:
    found = listed(run, "-n", "500")
    assert (len(found["items"]), found["examined"], found["before"]) == (500, 500, None)
    assert found["items"][-1]["messageId"] == "old-103"
    assert listed(run, "--search", "old-102")["items"] == []


@pytest.mark.parametrize(
    ("arguments", "ids"),
    [
        (("--search", "łódź"), ["i1"]),
        (("--search", '"EMAIL": "a@x'), ["i1"]),
        (("--search", "ada"), ["t1", "i1"]),
        (("--type", "page"), ["p1"]),
        (("--name", "Signed Up"), ["t1"]),
        (("--name", "Signed Up", "--type", "page"), []),
        (("--name", "Old", "-n", "1"), ["old-599"]),
    ],
)
def test_events_are_searched(run: Run, arguments: tuple[str, ...], ids: list[str]) -> None:
    assert [each["messageId"] for each in listed(run, *arguments)["items"]] == ids


def test_a_page_leads_to_the_next(daemon: Daemon, run: Run) -> None:
    assert "none of the last 500 events" in run("website", "--search", "nowhere to be found").output
    assert 'no source "nowhere"' in run("nowhere", code=1).output
    first = listed(run, "-n", "2")
    assert first["before"] == first["items"][-1]["position"]


def test_events_that_come_and_those_refused_are_followed(daemon: Daemon) -> None:
    out = daemon.home / "followed"
    with out.open("wb") as file:
        ctl = [daemon.bin / "actionsctl", "--config", daemon.config]
        following = subprocess.Popen([*ctl, "events", "website", "-n", "1", "--follow"], stdout=file)
        try:
            until(lambda: b"t1" in out.read_bytes(), what="the last event")

            def followed() -> bool:
                daemon.send([f"live-{next(numbers)}"], event="Live")
                return b'analytics.track({\n  "userId": "u",\n  "event": "Live"' in out.read_bytes()

            numbers = iter(range(1000))
            until(followed, every=0.1, what="a live event")
            assert daemon.post("/v1/track", {"userId": "u", "messageId": "bad-1"}) == 200
            until(lambda: b"refused  event_not_defined" in out.read_bytes(), what="a refused event")
        finally:
            following.kill()
            following.wait()
    text = out.read_text()
    assert text.count("live-0") <= 1
    assert text.index("t1") < text.index("Live")
