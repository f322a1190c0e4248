"""A destination in trouble changes nothing for the others (DESIGN I3). Decided by counting, not by timing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.daemon import Daemon, webhook
from support.sink import Sink
from support.waiting import until

TROUBLES = ("hang", "error", "reset", "slow")
ROUNDS = 40
BATCH = 50


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as running:
        yield running


def test_i3_a_healthy_destination_keeps_up_beside_four_in_trouble(tmp_path: Path, sink: Sink) -> None:
    """Each batch must have arrived at the healthy one before the next is sent, while the others lag ever further. The
    one that takes a single event a second is the clock: few may have gone there by the time that all is done here."""
    targets = "".join(webhook(name, sink.url(name)) for name in ("ok", *TROUBLES))
    with Daemon(tmp_path, targets) as daemon:
        for number in range(ROUNDS):
            daemon.send(f"i{number:03}-{item:03}" for item in range(BATCH))
            sink.wait_for((number + 1) * BATCH, timeout=30)
        assert sink.duplicates() == 0
        assert sink.answered["slow"] <= ROUNDS, "the healthy one was held up"
        for name in TROUBLES:
            assert len(sink.received[name]) < ROUNDS * BATCH / 4, f"{name} is not in trouble"
        until(lambda: _delivered(daemon, "ok") == ROUNDS * BATCH, what="the count of all deliveries")


def _delivered(daemon: Daemon, slug: str) -> int:
    return sum(row["delivered"] for row in daemon.ask("destinations") if row["slug"] == slug)


def test_i3_a_destination_whose_name_does_not_resolve_holds_up_nobody(tmp_path: Path, sink: Sink) -> None:
    targets = webhook("ok", sink.url()) + webhook("lost", "http://nowhere.invalid/hook")
    with Daemon(tmp_path, targets) as daemon:
        for number in range(10):
            daemon.send(f"n{number:03}-{item:03}" for item in range(BATCH))
            sink.wait_for((number + 1) * BATCH, timeout=30)
        assert sink.duplicates() == 0
