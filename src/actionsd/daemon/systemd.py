"""What systemd wants to hear: one datagram each for ready, reloading, stopping and "still alive" (sd_notify(3))."""

import os
import socket
import time
from collections.abc import Mapping


class Notifier:
    """Sends states to ``$NOTIFY_SOCKET``; silent where nobody asked for them.

    ``watchdog`` says whether systemd waits for signs of life from this process.
    """

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        address = environ.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self.watchdog = bool(
            self._address
            and environ.get("WATCHDOG_USEC")
            and environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        )

    def ready(self) -> None:
        self._send("READY=1")

    def reloading(self) -> None:
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        self._send("STOPPING=1")

    def alive(self) -> None:
        if self.watchdog:
            self._send("WATCHDOG=1")

    def _send(self, state: str) -> None:
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as notify:
            notify.setblocking(False)
            try:
                notify.sendto(state.encode(), self._address)
            except OSError:
                self._address = ""  # whoever asked is gone; the daemon lives on without
