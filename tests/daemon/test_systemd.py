"""The datagrams that systemd waits for."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from actionsd.daemon.systemd import Notifier


@pytest.fixture
def heard(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.setblocking(False)
        yield listener


def test_each_state_is_one_datagram(heard: socket.socket) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": heard.getsockname()})
    notifier.ready()
    notifier.reloading()
    notifier.stopping()
    assert heard.recv(100) == b"READY=1"
    assert heard.recv(100).startswith(b"RELOADING=1\nMONOTONIC_USEC=")
    assert heard.recv(100) == b"STOPPING=1"


@pytest.mark.parametrize(
    ("environ", "fed"),
    [
        ({}, False),
        ({"WATCHDOG_USEC": "30000000"}, True),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, True),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, False),
    ],
)
def test_the_watchdog_is_fed_where_this_process_is_watched(
    heard: socket.socket, environ: dict[str, str], fed: bool
) -> None:
    Notifier({"NOTIFY_SOCKET": heard.getsockname(), **environ}).alive()
    if fed:
        assert heard.recv(100) == b"WATCHDOG=1"
    else:
        with pytest.raises(BlockingIOError):
            heard.recv(100)


def test_an_abstract_socket_is_reached() -> None:
    name = f"actionsd-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(f"\0{name}")
        listener.setblocking(False)
        Notifier({"NOTIFY_SOCKET": f"@{name}"}).ready()
        assert listener.recv(100) == b"READY=1"


def test_nobody_listening_is_no_error(tmp_path: Path) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "gone")})
    notifier.ready()
    notifier.stopping()
    assert Notifier({}).watchdog is False
