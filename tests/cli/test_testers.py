"""The testers as a user has them: what they show, what they send, and that nothing else leaves the daemon."""

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner, Result

from actionsd.cli.ctl import ctl
from support.daemon import Daemon, destination, free_port
from support.sink import Sink
from support.waiting import until

SECRET = "s3cret-of-the-hook"
NO_MATCH = "You may not have any subscriptions that match this event"


class Place(NamedTuple):
    """A daemon, a sink that answers, and a listener that nobody may ever connect to. ``events`` is a file's path."""

    daemon: Daemon
    sink: Sink
    trap: socket.socket
    events: Path
    tcp: str


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    home = tmp_path_factory.mktemp("testers")
    events, port = home / "events.ndjson", free_port()
    with Sink() as sink, socket.create_server(("127.0.0.1", 0)) as trap:
        trapped = f"http://127.0.0.1:{trap.getsockname()[1]}/"
        declared = (
            destination("hook", "webhook", "send", _hook(trapped), settings={"sharedSecret": SECRET})
            + '[[destinations.mappings]]\nname = "Off"\naction = "send"\ntrigger = \'event = "Off"\'\nenabled = false\n'
            + f'fields = {{ url = "{sink.url()}", method = "POST", data = {{ "@path" = "$." }} }}\n'
            + '[[destinations.filters]]\ntitle = "None"\nif = \'event = "Dropped"\'\nactions = [{ type = "DROP" }]\n'
            + destination("batched", "webhook", "send", _hook(sink.url()) | {"batch_size": 10, "headers": {}})
            + destination("broken", "webhook", "send", _hook(sink.url("error")), settings={"sharedSecret": SECRET})
            + destination("slack", "slack", "postToChannel", {"url": f"https://hooks.slack.com/{SECRET}", "text": "hi"})
            + destination("archive", "file", "write", {"data": {"@path": "$."}}, settings={"path": str(events)})
        )
        daemon = Daemon(home, declared)
        text = daemon.config.read_text().replace('[admin]\nlisten = ["', f'[admin]\nlisten = ["127.0.0.1:{port}", "')
        daemon.config.write_text(text)
        with daemon:
            for slug in ("hook", "batched", "broken", "slack", "archive"):
                assert daemon.ctl("pause", slug).returncode == 0
            yield Place(daemon, sink, trap, events, f"http://127.0.0.1:{port}")
            assert SECRET not in daemon.log.read_text()


def _hook(url: str) -> dict[str, object]:
    return {"url": url, "method": "POST", "headers": {"x-key": SECRET}, "data": {"name": {"@path": "$.event"}}}


Run = Callable[..., Result]


@pytest.fixture
def run(place: Place) -> Run:
    def run(*arguments: str, code: int = 0) -> Result:
        socket = f"unix:{place.daemon.data / 'admin.sock'}"
        result = CliRunner().invoke(ctl, ["--config", str(place.daemon.config), "--url", socket, "test", *arguments])
        assert result.exit_code == code, result.output
        assert SECRET not in result.output
        return result

    return run


def nobody_came(place: Place) -> bool:
    place.trap.setblocking(False)
    try:
        place.trap.accept()
    except BlockingIOError:
        return True
    return False


def as_json(result: Result) -> Any:
    return json.loads(result.output)


@pytest.mark.parametrize("mode", ["preview", "dry"])
@pytest.mark.parametrize("event", ["track", "identify", "page", "screen", "group", "alias", "trigger"])
def test_preview_and_dry_runs_let_nothing_out(place: Place, run: Run, mode: str, event: str) -> None:
    tested = as_json(run("event", "hook", "--sample", event, "--mode", mode, "--json"))
    (mapping,) = tested["mappings"]
    assert (mapping["mapping"], mapping["outcome"], mapping["status"]) == ("All", "valid", 0)
    assert mapping["payload"]["headers"] == {"x-key": "••••••"}
    assert [each.keys() for each in mapping["exchanges"]] == ([{"request", "seconds"}] if mode == "dry" else [])
    assert nobody_came(place)


def test_a_test_that_sends_shows_request_answer_and_time(place: Place, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "event.json"
    file.write_text('{"type": "track", "event": "Pasted", "userId": "u", "messageId": "pasted-1"}')
    before = place.sink.requests["ok"]
    tested = as_json(run("event", "batched", "--event", str(file), "--mode", "send", "--json"))
    (mapping,) = tested["mappings"]
    (exchange,) = mapping["exchanges"]
    assert (mapping["outcome"], mapping["status"], mapping["batched"]) == ("delivered", 200, True)
    assert json.loads(exchange["request"]["body"]) == [{"name": "Pasted"}]
    assert (exchange["response"]["status"], exchange["response"]["body"]) == (200, "{}")
    assert 0 < exchange["seconds"] <= mapping["seconds"] <= tested["seconds"]
    assert place.sink.requests["ok"] == before + 1
    assert "receivedAt" in tested["event"]
    assert tested["event"]["messageId"] == "pasted-1"
    shown = run("event", "batched", "--event", str(file), "--mode", "send").output
    assert "1 mapping matched, 1 request in " in shown
    assert "send, in a batch: delivered 200" in shown


def test_a_refusal_of_the_destination_is_shown_and_not_tried_again(place: Place, run: Run) -> None:
    shown = run("event", "broken", "--sample", "track", "--mode", "send", code=1).output
    assert "send: retry 500" in shown
    assert "-> 500" in shown
    assert place.sink.requests["error"] == 1
    assert place.daemon.ask("retries")["items"] == []


def test_where_nothing_matches_it_is_said(run: Run) -> None:
    tested = as_json(run("mapping", "hook", "Off", "--sample", "track", "--json", code=1))
    assert (tested["message"], tested["mappings"]) == (NO_MATCH, [])
    assert NO_MATCH in run("mapping", "hook", "Off", "--sample", "track", code=1).output


def test_filters_are_bypassed_unless_asked(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "event.json"
    file.write_text('{"type": "track", "event": "Dropped", "userId": "u", "integrations": {"All": false}}')
    assert len(as_json(run("event", "hook", "--event", str(file), "--json"))["mappings"]) == 1
    tested = as_json(run("event", "hook", "--event", str(file), "--with-filters", "--json", code=1))
    assert tested["message"].startswith("FILTERED_BY_INTEGRATIONS_OBJECT: ")
    file.write_text('{"type": "track", "event": "Dropped", "userId": "u"}')
    tested = as_json(run("event", "hook", "--event", str(file), "--with-filters", "--json", code=1))
    assert tested["message"] == "FILTERED_BY_RULES: a destination filter dropped it"


def test_a_mapping_is_tested_disabled_edited_or_not_saved(place: Place, run: Run) -> None:
    tested = as_json(run("mapping", "hook", "Off", "--sample", "trigger", "--mode", "send", "--json"))
    assert tested["event"]["event"] == "Off"
    assert tested["mappings"][0]["outcome"] == "delivered"
    edited = ("--field", 'data={"plan": {"@template": "{{properties.plan}}!"}}', "--trigger", 'properties.plan = "pro"')
    tested = as_json(run("mapping", "hook", "All", "--sample", "trigger", *edited, "--mode", "dry", "--json"))
    (exchange,) = tested["mappings"][0]["exchanges"]
    assert json.loads(exchange["request"]["body"]) == {"plan": "pro!"}
    unsaved = ("--action", "send", "--field", f"url={place.sink.url()}", "--field", "method=PUT")
    tested = as_json(run("mapping", "hook", *unsaved, "--sample", "page", "--mode", "dry", "--json"))
    (mapping,) = tested["mappings"]
    assert (mapping["mapping"], mapping["exchanges"][0]["request"]["method"]) == ("(not saved)", "PUT")
    incomplete = as_json(run("mapping", "hook", "--action", "send", "--sample", "page", "--json", code=1))
    assert incomplete["mappings"][0]["problems"] == ["The root value is missing the required field 'url'."]
    assert place.daemon.ask("mappings", "hook")[1]["enabled"] is False


def test_a_masked_field_that_comes_back_stays_what_it_was(run: Run) -> None:
    edited = ("--field", "text=hello", "--mode", "dry")
    tested = as_json(run("mapping", "slack", "All", *edited, "--sample", "track", "--json"))
    (mapping,) = tested["mappings"]
    assert mapping["payload"]["url"] == "••••••"
    assert "hello" in mapping["exchanges"][0]["request"]["body"]


def test_i6_what_a_reference_stands_for_is_not_shown_in_whatever_field(place: Place, run: Run) -> None:
    (place.daemon.home / "hook-token").write_text("t0ken-in-a-file")
    headers = 'headers={"x-token": "file:hook-token"}'
    fields = ("-f", f"url={place.sink.url('error')}", "-f", "method=POST", "-f", headers)
    for arguments in (
        ("destinations", "add", "webhook", "-s", "website", "--slug", "referring", "--no-presets"),
        ("mappings", "add", "referring", "All", "-a", "send", "-t", 'type = "track"', *fields),
    ):
        assert place.daemon.ctl(*arguments).returncode == 0
    for mode in ("preview", "dry", "send"):
        for edit in ((), ("--field", "method=PUT")):
            found = place.daemon.ctl("test", "mapping", "referring", "All", "--sample", "track", "--mode", mode, *edit)
            assert "t0ken" not in found.stdout + found.stderr
            assert "••••••" in found.stdout
    assert place.daemon.ctl("destinations", "rm", "referring", "-y").returncode == 0


def test_what_does_not_go_over_http_is_not_called_in_a_dry_run(place: Place, run: Run) -> None:
    shown = run("event", "archive", "--sample", "track", "--mode", "dry").output
    assert "a dry run does not call this destination" in shown
    assert not place.events.exists()
    run("event", "archive", "--sample", "track", "--mode", "send")
    assert len(place.events.read_text().splitlines()) == 1


def test_events_come_from_the_journal_too(place: Place, run: Run) -> None:
    place.daemon.send(["older", "newest"], event="Journalled")
    assert as_json(run("event", "hook", "--recent", "--json"))["event"]["messageId"] == "newest"
    assert as_json(run("event", "hook", "--message-id", "older", "--json"))["event"]["event"] == "Journalled"
    samples = as_json(run("samples", "hook", "Off", "--recent", "2"))
    assert [each["messageId"] for each in samples["recent"]] == ["newest", "older"]
    assert len(samples["generated"]) == 6
    assert samples["fitting"]["event"] == "Off"


@pytest.mark.parametrize(
    ("arguments", "told", "code"),
    [
        (("event", "hook"), "say which event", 2),
        (("event", "hook", "--recent", "--sample", "track"), "say which event", 2),
        (("event", "nowhere", "--recent"), 'no destination "nowhere"', 1),
        (("event", "hook", "--message-id", "unknown"), "the journal has no event unknown", 1),
        (("mapping", "hook", "--sample", "track"), "give the name of a mapping, or the action", 1),
        (("mapping", "hook", "All", "-a", "send", "--sample", "track"), "give the name of a mapping, or the action", 1),
        (("mapping", "hook", "Al", "--sample", "track"), 'did you mean "All"', 1),
        (("mapping", "hook", "All", "-t", "event =", "--sample", "track"), "trigger: ", 1),
        (("mapping", "hook", "All", "-f", 'data={"@nope": 1}', "--sample", "track"), "fields: ", 1),
        (("mapping", "hook", "--action", "sned", "--sample", "track"), 'did you mean "send"', 1),
        (("mapping", "slack", "-a", "postToChannel", "-f", "url=••••••", "--sample", "track"), "give the secret", 1),
        (
            ("mapping", "hook", "All", "-t", "properties.a < length(event)", "--sample", "trigger"),
            "sample: no event could be made",
            1,
        ),
    ],
)
def test_wrong_input_is_told(run: Run, arguments: tuple[str, ...], told: str, code: int) -> None:
    assert told in run(*arguments, code=code).output


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "event.json: "),
        ('{"type": "track", "userId": "u"}', "event: event_not_defined"),
        ('{"type": "track", "event": "E"}', "event: no_user_anon_id"),
        ('{"type": "track", "receivedAt": "2026-01-01T00:00:00Z", "userId": "u"}', "event: event_not_defined"),
    ],
)
def test_a_pasted_event_is_what_ingest_would_take(run: Run, tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "event.json"
    file.write_text(text)
    assert told in run("event", "hook", "--event", str(file), code=2 if text == "{" else 1).output


def test_a_test_needs_the_role_write_and_a_reference_the_role_admin(place: Place) -> None:
    first = (place.daemon.data / "admin.token").read_text().strip()

    def call(token: str, *arguments: str) -> Result:
        return CliRunner().invoke(ctl, ["--url", place.tcp, *arguments], env={"ACTIONSD_TOKEN": token})

    made = {role: call(first, "tokens", "create", role, "--role", role).stdout.strip() for role in ("read", "write")}
    for arguments in (("event", "hook"), ("mapping", "hook", "All")):
        refused = call(made["read"], "test", *arguments, "--sample", "track")
        assert (refused.exit_code, refused.output) == (1, "Error: this needs the role write; token:read has read\n")
        assert call(made["write"], "test", *arguments, "--sample", "track").exit_code == 0
    edit = ("test", "mapping", "hook", "All", "--sample", "track", "--field", "url=env:HOME")
    assert "only the role admin may refer to env:HOME" in call(made["write"], *edit).output
    assert call(first, *edit).exit_code in (0, 1)
    assert "only the role admin" not in call(first, *edit).output


def test_nothing_of_a_test_is_counted(place: Place, run: Run) -> None:
    def counted() -> list[int]:
        return [each["delivered"] + each["discarded"] + each["dead"] for each in place.daemon.ask("destinations")]

    before = counted()
    run("event", "batched", "--sample", "track", "--mode", "send")
    place.daemon.send(["after"])
    until(lambda: place.daemon.ask("sources")[0]["received"] >= 1, what="the event after the test")
    assert counted() == before
