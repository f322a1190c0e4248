"""Starting and stopping: a clean stop repeats nothing, one daemon per data_dir, a clear word for a bad config."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.daemon import BIN, Daemon, webhook
from support.sink import Sink


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as running:
        yield running


def test_r32_a_clean_stop_repeats_nothing(tmp_path: Path, sink: Sink) -> None:
    targets = webhook("single", sink.url("single")) + webhook("batches", sink.url("batches"), batch=20)
    daemon = Daemon(tmp_path, targets)
    for number in range(5):
        with daemon:
            daemon.send(f"s{number}-{item:03}" for item in range(300))
            assert daemon.stop() == 0, daemon.tail_of_log()
    with daemon:
        for name in ("single", "batches"):
            sink.wait_for(1500, name)
            assert sink.duplicates(name) == 0


def test_r02_a_second_daemon_on_the_same_data_is_refused(tmp_path: Path) -> None:
    with Daemon(tmp_path) as daemon:
        second = _run(daemon.config)
        assert second.returncode == 2
        assert str(daemon.data) in second.stderr
        assert daemon.post("/v1/track", {"userId": "u", "event": "Still here"}) == 200


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ('colour = "red"', "colour"),
        ("strict_keys = 3", "strict_keys"),
        ('max_event = "lots"', "max_event"),
        ('rate_limit = "env:ACTIONSD_NOT_SET"', "ACTIONSD_NOT_SET"),
    ],
)
def test_i7_a_bad_config_ends_with_exit_2_and_names_the_key(tmp_path: Path, line: str, named: str) -> None:
    daemon = Daemon(tmp_path, ingest=line)
    for command in ("run", "check"):
        done = _run(daemon.config, command)
        assert done.returncode == 2
        assert named in done.stderr
        assert "Traceback" not in done.stderr


def test_a_missing_config_says_where_it_was_looked_for(tmp_path: Path) -> None:
    done = _run(tmp_path / "nothing.toml")
    assert done.returncode == 2
    assert "nothing.toml" in done.stderr


def _run(config: Path, command: str = "run") -> subprocess.CompletedProcess[str]:
    return subprocess.run([BIN / "actionsd", command, "--config", config], capture_output=True, text=True, timeout=30)
