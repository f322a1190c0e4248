"""`actionsd` as a process: what it prints, how it takes signals, what it refuses."""

import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from actionsd.cli.http import connect
from support.daemon import BIN, Daemon, destination, webhook
from support.sink import Sink
from support.waiting import until


def archive(home: Path, slug: str = "archive") -> str:
    fields = {"data": {"@path": "$."}, "enable_batching": False}
    return destination(slug, "file", "write", fields, settings={"path": str(home / f"{slug}.ndjson")})


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    with Daemon(tmp_path, archive(tmp_path)) as running:
        yield running


def records(daemon: Daemon) -> list[dict[str, object]]:
    """The log's records; what it prints at the start is no JSON."""
    return [json.loads(line) for line in daemon.log.read_text().splitlines() if line.startswith("{")]


def messages(daemon: Daemon, level: str) -> list[str]:
    return [str(record["message"]) for record in records(daemon) if record["level"] == level]


def reload(daemon: Daemon, destinations: str) -> None:
    daemon.configure(destinations)
    os.kill(daemon.pid, signal.SIGHUP)


def slugs(daemon: Daemon) -> dict[str, str]:
    return {each["slug"]: each["state"] for each in daemon.ask("destinations")}


def test_it_says_where_it_listens(daemon: Daemon) -> None:
    printed = daemon.log.read_text().splitlines()
    assert f"ingest listens on 127.0.0.1:{daemon.port}" in printed
    assert f"stream listens on unix:{daemon.data}/events.sock" in printed
    assert f"admin listens on unix:{daemon.data}/admin.sock" in printed
    assert not any(line.startswith("Try:") for line in printed), "a hint for people in a log"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_r32_a_signal_drains_and_ends_with_0(daemon: Daemon, number: signal.Signals) -> None:
    daemon.send(["last"])
    assert daemon.process is not None
    daemon.process.send_signal(number)
    assert daemon.process.wait(30) == 0
    assert messages(daemon, "info")[-2:] == ["stopping", "stopped"]
    assert '"last"' in (daemon.home / "archive.ndjson").read_text()
    assert not (daemon.data / "admin.sock").exists()
    assert not (daemon.data / "actionsd.db-wal").exists(), "the log was folded into the database"


def test_r32_a_second_signal_ends_at_once(tmp_path: Path) -> None:
    """The first one drains a delivery to a socket that nobody answers on, which lasts as long as its timeout."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        fields = {"url": f"http://127.0.0.1:{silent.getsockname()[1]}/", "method": "POST", "data": {"@path": "$."}}
        with Daemon(tmp_path, destination("hang", "webhook", "send", fields)) as daemon:
            daemon.send(["hangs"])
            until(lambda: daemon.ask("destinations")[0]["inFlight"] == 1, what="an attempt that hangs")
            assert daemon.process is not None
            daemon.process.terminate()
            until(lambda: "stopping" in messages(daemon, "info"), what="the begin of the drain")
            daemon.process.terminate()
            assert daemon.process.wait(10) == 1
            assert "stopped" not in messages(daemon, "info")


def test_r21_a_reload_takes_new_destinations_and_pauses_missing_ones(daemon: Daemon) -> None:
    reload(daemon, archive(daemon.home, "second"))
    until(lambda: slugs(daemon) == {"archive": "undeclared", "second": "enabled"}, what="the new workspace")
    daemon.send(["after"])
    until(lambda: (daemon.home / "second.ndjson").exists(), what="a delivery to the new one")
    reload(daemon, archive(daemon.home) + archive(daemon.home, "second"))
    until(lambda: slugs(daemon) == {"archive": "enabled", "second": "enabled"}, what="the old one back")
    until(lambda: (daemon.home / "archive.ndjson").exists(), what="what waited while it was undeclared")
    assert '"after"' in (daemon.home / "archive.ndjson").read_text()


def test_r21_only_forget_deletes_what_is_no_longer_declared(daemon: Daemon) -> None:
    assert daemon.ctl("forget", "archive", "--yes").returncode == 1, "it is declared"
    reload(daemon, archive(daemon.home, "second"))
    until(lambda: slugs(daemon) == {"archive": "undeclared", "second": "enabled"}, what="the new workspace")
    assert daemon.ctl("forget", "archive", "--yes").returncode == 0
    assert slugs(daemon) == {"second": "enabled"}
    assert daemon.ctl("forget", "archive", "--yes").returncode == 1, "it is gone"


def test_r33_a_restored_copy_holds_its_lanes_until_resume(tmp_path: Path) -> None:
    with Daemon(tmp_path / "old", archive(tmp_path)) as old:
        assert old.ctl("pause", "archive").returncode == 0
        old.send(["before"])
        copy = tmp_path / "copy.db"
        assert old.ctl("backup", str(copy)).returncode == 0
    restored = Daemon(tmp_path / "new", archive(tmp_path))
    restored.data.mkdir(parents=True)
    copy.rename(restored.data / "actionsd.db")
    with restored:
        held = next(record for record in records(restored) if record["message"] == "held")
        assert (held["destination"], held["events"], held["retries"]) == ("archive", 1, 0)
        assert restored.ctl("resume", "archive").returncode == 0, "the pause is another thing"
        assert "actionsctl resume" in restored.ask("destinations")[0]["reason"]
        assert not (tmp_path / "archive.ndjson").exists()
        assert restored.ctl("resume").stdout == "all destinations are released\n"
        until((tmp_path / "archive.ndjson").exists, what="what was held")
        assert '"before"' in (tmp_path / "archive.ndjson").read_text()


def test_r21_any_error_keeps_the_old_config_whole(daemon: Daemon) -> None:
    good = archive(daemon.home, "second")
    wrong = destination("third", "fil", "write", {}) + destination("fourth", "file", "writ", {}, settings={"path": "x"})
    reload(daemon, good + wrong)
    until(lambda: len(messages(daemon, "error")) >= 2, what="both problems")
    said = "\n".join(messages(daemon, "error"))
    assert "destinations[1].definition" in said
    assert "destinations[2].mappings[0].action" in said
    assert 'did you mean "write"?' in said
    assert slugs(daemon) == {"archive": "enabled"}


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("strict_keys = false", "strict_keys = true", "ingest.strict_keys"),
        ('data_dir = "./data"', 'data_dir = "./other"', "data_dir"),
        ('"unix:./data/admin.sock"', '"unix:./data/x.sock"', "admin.listen"),
    ],
)
def test_r21_what_needs_a_restart_is_refused(tmp_path: Path, old: str, new: str, key: str) -> None:
    with Daemon(tmp_path, archive(tmp_path), ingest="strict_keys = false") as daemon:
        daemon.config.write_text(daemon.config.read_text().replace(old, new, 1))
        os.kill(daemon.pid, signal.SIGHUP)
        until(lambda: messages(daemon, "error"), what="the refusal")
        assert f"{key}: a change needs a restart" in "\n".join(messages(daemon, "error"))
        assert daemon.post("/v1/track", {"userId": "u", "event": "Still here"}) == 200


def test_a_listener_that_is_taken_is_named_and_nothing_is_left_open(tmp_path: Path, daemon: Daemon) -> None:
    other = Daemon(tmp_path / "other", archive(tmp_path))
    other.config.write_text(other.config.read_text().replace(str(other.port), str(daemon.port)))
    failed = subprocess.run(
        [BIN / "actionsd", "run", "--config", other.config], capture_output=True, text=True, timeout=30
    )
    assert failed.returncode == 2
    assert failed.stderr.strip() == f"actionsd: cannot listen on 127.0.0.1:{daemon.port}: Address already in use"


def test_check_lists_every_problem_and_ends_with_2(tmp_path: Path) -> None:
    wrong = destination("third", "fil", "write", {}) + 'colour = "red"\n'
    daemon = Daemon(tmp_path, wrong, ingest='max_event = "lots"')
    done = subprocess.run([BIN / "actionsd", "check", "--config", daemon.config], capture_output=True, text=True)
    assert done.returncode == 2
    assert "ingest.max_event" in done.stderr
    assert "destinations[0].mappings[0].colour: unknown key" in done.stderr


def test_the_sample_config_is_fine(tmp_path: Path) -> None:
    root = Path(__file__).parents[1]
    done = subprocess.run([BIN / "actionsd", "check"], capture_output=True, text=True, cwd=root)
    assert (done.returncode, done.stdout) == (0, "actionsd.toml is fine\n")


def test_health_is_told_on_both_listeners(daemon: Daemon) -> None:
    for url in (daemon.url, f"unix:{daemon.data / 'admin.sock'}"):
        for path in ("/healthz", "/readyz"):
            assert _status(url, path) == 200, f"{url}{path}"


def _status(url: str, path: str) -> int:
    with closing(connect(url, 5.0)) as connection:
        connection.request("GET", path)
        return connection.getresponse().status


def test_a_dry_run_sends_nothing_and_touches_no_journal(tmp_path: Path) -> None:
    with Sink() as sink, Daemon(tmp_path, webhook("hook", sink.url()), options=["--dry-run"]) as daemon:
        daemon.send(["dry"])
        until(lambda: daemon.ask("destinations", "hook")["delivered"] == 1, what="one answered here")
        assert "a dry run: every request is answered with 200 here, nothing is sent" in messages(daemon, "info")
        daemon.stop()
        assert not sink.requests
        assert (daemon.data / "dry-run" / "actionsd.db").exists()
        assert not (daemon.data / "actionsd.db").exists()


def test_a_viewer_of_the_tail_does_not_hold_up_the_stop(daemon: Daemon) -> None:
    with closing(connect(f"unix:{daemon.data / 'admin.sock'}", 20.0)) as connection:
        connection.request("GET", "/actionsd/tail")
        response = connection.getresponse()
        assert daemon.stop(timeout=10) == 0
        assert response.read() == b""
