"""The daemon of a developer: a child process, steered by signals and asked through its admin socket."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from actionsd import wire
from actionsd.cli.client import Client
from actionsd.cli.http import Failed

_program = "actionsd.cli.dev.program"
_start_limit = 30.0  # seconds
_stop_limit = 10.0
_poll = 0.05


class Child:
    """``actionsd run`` with a config. What happens in it is handed to ``on_seen``, in a thread of its own."""

    def __init__(
        self, config: Path, environment: Mapping[str, str], dry_run: bool, on_seen: Callable[[wire.Seen], None]
    ) -> None:
        options = ["--log-level", "warning", *(["--dry-run"] if dry_run else [])]
        self._process = subprocess.Popen(
            [sys.executable, "-m", _program, "run", "--config", config, *options],
            env=environment,
            stdin=subprocess.PIPE,  # its end tells the daemon that this process is no more
            stdout=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the command, which stops the daemon in order
        )
        self._client = Client(None, config, None)
        self._on_seen = on_seen
        self._follower: threading.Thread | None = None

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def wait_until_ready(self) -> None:
        """Wait until it takes events, and what happens in it is followed.

        Raises:
            Failed: it has ended (and said why on stderr), or takes too long.
        """
        deadline = time.monotonic() + _start_limit
        while True:
            try:
                lines = self._client.lines("/actionsd/tail", exchanges=1)
                break
            except Failed as error:
                if not self.alive:
                    raise Failed(f"the daemon ended with {self._process.returncode}") from None
                if time.monotonic() > deadline:
                    raise Failed(f"the daemon is not ready after {_start_limit:.0f} s: {error.message}") from None
            time.sleep(_poll)

        def follow() -> None:
            try:
                for line in lines:
                    self._on_seen(msgspec.json.decode(line, type=wire.Seen))
            except Failed:
                pass  # it was stopped

        self._follower = threading.Thread(target=follow, name="follower", daemon=True)
        self._follower.start()

    def stop(self) -> None:
        """End it as an operator would, and by force when that takes too long."""
        if self.alive:
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_stop_limit)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        if self._follower is not None:
            self._follower.join()
