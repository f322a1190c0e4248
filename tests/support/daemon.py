"""The real daemon in a process of its own: started, killed, stopped and asked, as an operator would.

Readiness comes from the daemon itself, over the socket that systemd would give it, so no test guesses how long a start
takes.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from support.waiting import until

BIN = Path(sys.executable).parent
WRITE_KEY = "test-key"
EVERYTHING = " or ".join(f'type = "{one}"' for one in ("track", "identify", "page", "screen", "group", "alias"))


class Daemon:
    """``actionsd run`` with its data under ``home``. ``destinations`` is TOML text, see :func:`webhook`; ``ingest``
    more lines of its table, ``more`` further tables; ``bin`` is where its programs are installed;
    ``options`` are those of ``actionsd run``.

    As a context manager it starts, and is killed at the end if it still runs.
    """

    def __init__(
        self, home: Path, destinations: str = "", *, ingest: str = "", more: str = "", bin: Path = BIN,
        options: Sequence[str] = (),
    ) -> None:  # fmt: skip
        self.home = home
        self.bin = bin
        self.options = options
        self.port = free_port()
        self.config = home / "actionsd.toml"
        self.log = home / "daemon.log"
        self.process: subprocess.Popen[bytes] | None = None
        self._ingest, self._more = ingest, more
        home.mkdir(parents=True, exist_ok=True)
        self.configure(destinations)

    def configure(self, destinations: str) -> None:
        """Write the config file; a running daemon sees it after SIGHUP."""
        self.config.write_text(
            f"""data_dir = "./data"
[ingest]
listen = ["127.0.0.1:{self.port}"]
stream = ["unix:./data/events.sock"]
{self._ingest}
[admin]
listen = ["unix:./data/admin.sock"]
{self._more}
[[sources]]
slug = "website"
write_keys = ["{WRITE_KEY}"]
{destinations}"""
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def start(self, *, timeout: float = 30.0) -> "Daemon":
        """Start and wait for ``READY=1``.

        Raises:
            AssertionError: it ended or did not get ready in time; the text has the end of its log.
        """
        address = self.home / "notify.sock"
        address.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify, self.log.open("ab") as log:
            notify.bind(str(address))
            notify.settimeout(0.05)
            self.process = subprocess.Popen(
                [self.bin / "actionsd", "run", "--config", self.config, *self.options],
                env=environment(NOTIFY_SOCKET=str(address)),
                stdout=log,
                stderr=log,
            )
            until(lambda: self._ready(notify), timeout=timeout, every=0, what="READY=1 of the daemon")
        return self

    def _ready(self, notify: socket.socket) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, f"actionsd ended with {self.process.returncode}:\n{self.tail_of_log()}"
        try:
            return b"READY=1" in notify.recv(4096)
        except TimeoutError:
            return False

    def tail_of_log(self, lines: int = 30) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def kill(self) -> None:
        """kill -9, as a crash would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self, *, timeout: float = 30.0) -> int:
        """SIGTERM; returns the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout)

    def __enter__(self) -> "Daemon":
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process is not None and self.process.poll() is None:
            self.kill()

    def post(self, path: str, body: object, *, key: str = WRITE_KEY, timeout: float = 10.0) -> int:
        """The status that ingest answers; 0 where there was no answer."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        basic = b64encode(f"{key}:".encode()).decode()
        headers = {"content-type": "application/json", "authorization": f"Basic {basic}"}
        request = urllib.request.Request(self.url + path, data=data, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=timeout) as response:
                return int(response.status)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code
        except OSError:
            return 0

    def send(self, message_ids: Iterable[str], *, event: str = "Tested", key: str = WRITE_KEY) -> None:
        """Post one batch of track events, which must be accepted."""
        items = [{"type": "track", "event": event, "userId": "u", "messageId": one} for one in message_ids]
        status = self.post("/v1/batch", {"batch": items}, key=key)
        assert status == 200, f"status {status}; the log ends:\n{self.tail_of_log()}"

    def ctl(self, *arguments: str, timeout: float = 30.0) -> subprocess.CompletedProcess[str]:
        """Run ``actionsctl`` against this daemon."""
        return subprocess.run(
            [self.bin / "actionsctl", "--config", self.config, *arguments],
            capture_output=True,
            text=True,
            timeout=timeout,
            cwd=self.home,
        )

    def ask(self, *arguments: str) -> Any:
        """What ``actionsctl … --json`` prints, decoded."""
        done = self.ctl(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


def environment(**more: str) -> dict[str, str]:
    """What a daemon gets: this environment, but with its bytecode cached, as any installed program has it."""
    return {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"} | more


_held: list[socket.socket] = []


def free_port() -> int:
    """A TCP port that nobody else is given while these tests run: bound, and not listened on. On Linux a daemon that
    starts, or starts again, may listen on it all the same; elsewhere it is only free now."""
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", 0))
    port: int = held.getsockname()[1]
    if sys.platform.startswith("linux"):
        _held.append(held)
    else:
        held.close()
    return port


def destination(slug: str, definition: str, action: str, fields: Mapping[str, object], **options: object) -> str:
    """TOML of a destination with one mapping that matches every event."""
    lines = [
        "[[destinations]]",
        f'slug = "{slug}"\nsource = "website"\ndefinition = "{definition}"',
        *(f"{key} = {inline(value)}" for key, value in {"settings": {}, **options}.items()),
        "[[destinations.mappings]]",
        f'name = "All"\naction = "{action}"\ntrigger = {inline(EVERYTHING)}',
        f"fields = {inline(fields)}",
    ]
    return "\n".join(lines) + "\n"


def webhook(slug: str, url: str, *, batch: int = 0, **options: object) -> str:
    """A webhook destination that posts whole events to ``url``, one by one or in batches."""
    fields: dict[str, object] = {"url": url, "method": "POST", "data": {"@path": "$."}}
    if batch:
        fields |= {"batch_size": batch, "batch_keys": ["url", "method", "headers"]}
    return destination(slug, "webhook", "send", fields, **options)


def inline(value: object) -> str:
    """A value as TOML on one line."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(str(key))} = {inline(item)}" for key, item in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(inline(item) for item in value) + "]"
    return json.dumps(value)
