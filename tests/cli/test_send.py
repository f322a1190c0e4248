"""Events sent by hand: one from options, many from a file, over HTTP and over the stream socket."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from actionsd.cli import deliver
from actionsd.cli.ctl import ctl
from actionsd.cli.http import Failed
from support.daemon import BIN, Daemon
from support.waiting import until

Ctl = Callable[..., Result]


def archived(daemon: Daemon, message_id: str) -> dict[str, object]:
    """The event as the archive got it."""
    found: list[dict[str, object]] = []

    def look() -> bool:
        lines = (daemon.home / "events.ndjson").read_text().splitlines()
        found[:] = [event for event in map(json.loads, lines) if event["messageId"] == message_id]
        return bool(found)

    until(look, what=f"{message_id} in the archive")
    return found[0]


@pytest.mark.parametrize("way", [[], ["--stream"]])
def test_one_event_is_made_of_the_options(ctl_of: Ctl, daemon: Daemon, way: list[str]) -> None:
    sent = ctl_of("send", "track", "-e", "Signed Up", "-u", "ada", "-p", "plan=pro", "-p", "seats=3", "-p", "x=", *way)
    assert sent.exit_code == 0, sent.output
    event = archived(daemon, sent.output.strip())
    assert (event["type"], event["event"], event["userId"]) == ("track", "Signed Up", "ada")
    assert event["properties"] == {"plan": "pro", "seats": 3, "x": ""}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["identify", "-a", "anon", "-p", "email=a@b.co"], {"anonymousId": "anon", "traits": {"email": "a@b.co"}}),
        (["group", "--group-id", "g1"], {"groupId": "g1", "userId": "actionsctl"}),
        (["page", "--name", "Home"], {"name": "Home"}),
        (["alias", "-u", "new", "--previous-id", "old"], {"previousId": "old", "userId": "new"}),
    ],
)
def test_every_type_has_its_options(
    ctl_of: Ctl, daemon: Daemon, arguments: list[str], expected: dict[str, object]
) -> None:
    event = archived(daemon, ctl_of("send", *arguments).output.strip())
    assert event | expected == event


@pytest.mark.parametrize("way", [[], ["--stream"]])
def test_a_file_of_many_events_arrives_whole(ctl_of: Ctl, daemon: Daemon, tmp_path: Path, way: list[str]) -> None:
    name = f"f{len(way)}"
    file = tmp_path / "events.ndjson"
    rows = [{"type": "track", "event": "Row", "userId": "u", "messageId": f"{name}-{n}"} for n in range(250)]
    file.write_text("\n".join(map(json.dumps, rows)) + "\n\n")
    assert ctl_of("send", "--file", str(file), *way).output == "sent 250 events\n"
    archived(daemon, f"{name}-0")
    assert archived(daemon, f"{name}-249")["event"] == "Row"


def test_stdin_is_a_file(ctl_of: Ctl, daemon: Daemon) -> None:
    line = json.dumps({"type": "track", "event": "Piped", "userId": "u", "messageId": "piped"})
    assert ctl_of("send", "-f", "-", input=line).output == "sent 1 event\n"
    assert archived(daemon, "piped")["event"] == "Piped"


def test_a_refused_event_is_told_on_the_stream(ctl_of: Ctl) -> None:
    refused = ctl_of("send", "-f", "-", "--stream", input='{"type": "track", "userId": "u", "messageId": "nameless"}')
    assert refused.exit_code == 1
    assert "nameless: event_not_defined" in refused.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "either the TYPE of one event or --file"),
        (["track", "-f", "-"], "either the TYPE of one event or --file"),
        (["track"], "a track event has a name"),
        (["track", "-e", "E", "-p", "plan"], "expected KEY=VALUE"),
        (["-f", "-"], "line 1 is no JSON object"),
    ],
)
def test_wrong_usage_is_exit_2(ctl_of: Ctl, arguments: list[str], said: str) -> None:
    failed = ctl_of("send", *arguments, input="[]\n")
    assert failed.exit_code == 2
    assert said in failed.output


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"type": "tarck", "event": "E", "userId": "u"}', "line 2: type is one of track, identify, "),
        ('{"type": "track", "event": "E"}', "line 2: an event needs a userId or an anonymousId"),
    ],
)
def test_what_http_would_refuse_in_silence_is_told(ctl_of: Ctl, line: str, said: str) -> None:
    good = '{"type": "track", "event": "E", "userId": "u"}'
    failed = ctl_of("send", "-f", "-", input=f"{good}\n{line}\n")
    assert failed.exit_code == 2
    assert said in failed.output


def test_without_a_config_source_and_listener_are_named(tmp_path: Path, daemon: Daemon) -> None:
    here = ["--config", str(tmp_path / "none.toml"), "send", "page", "-k", "test-key"]
    failed = CliRunner().invoke(ctl, here)
    assert failed.exit_code == 2
    assert "--to" in failed.output
    assert CliRunner().invoke(ctl, [*here, "--to", daemon.url]).exit_code == 0


def test_no_listener_is_exit_1(tmp_path: Path) -> None:
    for way in ([], ["--stream"]):
        failed = CliRunner().invoke(ctl, ["send", "page", "-k", "k", "--to", f"unix:{tmp_path}/none.sock", *way])
        assert failed.exit_code == 1
        assert f"cannot reach the daemon at unix:{tmp_path}/none.sock" in failed.output


def test_a_busy_daemon_is_asked_again_and_then_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(deliver.time, "sleep", waits.append)
    tries = iter([deliver._Busy(2.0), deliver._Busy(1.0)])

    def attempt() -> str:
        for busy in tries:
            raise busy
        return "taken"

    assert deliver._insist("unix:x", attempt) == "taken"
    assert waits == [2.0, 1.0]

    def never() -> None:
        raise deliver._Busy(0.5)

    with pytest.raises(Failed, match="stays unavailable"):
        deliver._insist("unix:x", never)


def test_chunks_hold_to_number_and_size() -> None:
    small = [{"n": n} for n in range(250)]
    assert [len(chunk) for chunk in deliver._chunks(small)] == [100, 100, 50]
    large = [{"text": "x" * 150_000} for _ in range(5)]
    assert [len(chunk) for chunk in deliver._chunks(large)] == [2, 2, 1]
    assert list(deliver._chunks([])) == []


def test_tail_shows_lines_until_it_has_seen_enough(daemon: Daemon) -> None:
    """A viewer in a process of its own, so that events can be sent while it looks."""
    command = [BIN / "actionsctl", "--config", daemon.config, "tail", "-n", "1", "-s", "accepted", "-e", "Watched"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as viewer:
        numbers = iter(range(1000))

        def seen() -> bool:
            daemon.send([f"watched-{next(numbers)}"], event="Watched")
            return viewer.poll() is not None

        until(seen, what="the end of the viewer", every=0.1)
        assert viewer.stdout is not None
        (line,) = viewer.stdout.read().splitlines()
    assert line.split()[1:5] == ["accepted", "website", "track", '"Watched"']
    assert viewer.returncode == 0
    assert "watched-" in line
