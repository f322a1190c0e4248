"""The README, done as it says, in a copy of the project: every command in it is run.

The info string of a block tells how: ``sh`` runs to its end and succeeds, ``sh background`` goes on running,
``sh stopped`` needs the daemon stopped, ``sh elsewhere`` is about programs and folders of another machine: stand-ins
take them, which check that the project's files named there exist. Addresses are replaced by free ones.
"""

import contextlib
import json
import os
import pty
import re
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.daemon import free_port
from support.sink import Sink
from support.waiting import until

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```(?P<kind>[a-z ]+)\n(?P<text>.*?)^```", re.MULTILINE | re.DOTALL)
STAND_IN = """#!/bin/sh
case "$(basename "$0") $1" in "sudo "*) exec "$@";; esac
for word in "$@"; do case "$word" in contrib/*) test -e "$word" || exit 1;; esac; done
"""


class Machine:
    """A newcomer's machine: a copy of the project in ``actionsd/``, and commands run in terminals."""

    def __init__(self, folder: Path, hook: str) -> None:
        self.home = folder
        self.project = folder / "actionsd"
        self.outputs: list[bytes] = []
        self.running: list[subprocess.Popen[bytes]] = []
        self._replaced = {
            "127.0.0.1:8080": f"127.0.0.1:{free_port()}",
            "127.0.0.1:8081": f"127.0.0.1:{free_port()}",
            "https://hooks.example.com/signups": hook,
        }
        self._readers: list[threading.Thread] = []
        _copy_of_the_project(self.project)
        config = self.project / "actionsd.toml"
        config.write_text(self.localised(config.read_text()))
        self._stand_ins = folder / "stand-ins"
        self._stand_ins.mkdir()
        for name in ("sudo", "podman", "systemctl", "nginx", "cp"):
            (self._stand_ins / name).write_text(STAND_IN)
            (self._stand_ins / name).chmod(0o755)

    def localised(self, text: str) -> str:
        for shown, used in self._replaced.items():
            text = text.replace(shown, used)
        return text

    def environment(self, **more: str) -> dict[str, str]:
        ours = {"VIRTUAL_ENV", "PYTHONPATH", "MAKEFLAGS", "MAKELEVEL"}
        kept = {key: value for key, value in os.environ.items() if key not in ours}
        return {**kept, "HOME": str(self.home / "home"), **more}

    def run(self, text: str, *, elsewhere: bool = False) -> str:
        """Run each command to its end, one line each; returns what they print."""
        environment = self.environment()
        if elsewhere:
            environment["PATH"] = f"{self._stand_ins}:{environment['PATH']}"
        return "".join(self._run(command, environment) for command in self.localised(text).strip().splitlines())

    def _run(self, command: str, environment: dict[str, str]) -> str:
        """One that fails is repeated for some seconds, as a person would who came too early."""
        tries: list[subprocess.CompletedProcess[str]] = []

        def succeeds() -> bool:
            shell = ["bash", "-c", command]
            tries.append(subprocess.run(shell, cwd=self.project, env=environment, capture_output=True, text=True))
            return tries[-1].returncode == 0

        with contextlib.suppress(TimeoutError):
            until(succeeds, timeout=10, every=0.5)
        last = tries[-1]
        assert last.returncode == 0, f"$ {command}\n{last.stdout}{last.stderr}"
        return last.stdout

    def start(self, text: str, **environment: str) -> int:
        """Run a block in a terminal of its own; returns the index of its output in ``outputs``."""
        master, slave = pty.openpty()
        folder = self.home if text.startswith("cd actionsd") else self.project
        process = subprocess.Popen(
            ["bash", "-ec", self.localised(text)],
            cwd=folder,
            env=self.environment(**environment),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        self.running.append(process)
        self.outputs.append(b"")
        index = len(self.outputs) - 1
        reader = threading.Thread(target=self._read, args=(master, index))
        reader.start()
        self._readers.append(reader)
        return index

    def _read(self, master: int, index: int) -> None:
        while True:
            try:
                data = os.read(master, 65536)
            except OSError:  # the terminal's last user is gone
                data = b""
            if not data:
                os.close(master)
                return
            self.outputs[index] += data

    def start_daemon(self, text: str, *, timeout: float) -> int:
        """Start, and wait until the daemon says that it is ready."""
        address = self.home / "notify"
        address.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(str(address))
            notify.settimeout(timeout)
            index = self.start(text, NOTIFY_SOCKET=str(address))
            try:
                while b"READY=1" not in notify.recv(4096):
                    pass
            except TimeoutError:
                pytest.fail(self.outputs[index].decode())
        return index

    def interrupt(self, index: int) -> None:
        """Ctrl-C in that terminal."""
        os.killpg(self.running[index].pid, signal.SIGINT)
        self.running[index].wait(30)

    def close(self) -> None:
        for process in self.running:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        for reader in self._readers:
            reader.join()


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as running:
        yield running


@pytest.fixture
def machine(tmp_path: Path, sink: Sink) -> Iterator[Machine]:
    if missing := [name for name in ("curl", "make", "openssl") if shutil.which(name) is None]:
        pytest.skip(f"no {missing[0]}")
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's & has it ignored, by all that is started here
    made = Machine(tmp_path, sink.url("signups"))
    yield made
    made.close()


def test_every_command_of_the_readme(machine: Machine, sink: Sink) -> None:
    blocks = [(match["kind"], match["text"]) for match in BLOCK.finditer((ROOT / "README.md").read_text())]
    shown = dict[str, str]()
    make_run = next(text for kind, text in blocks if "make run" in text)
    daemon = tail = -1
    for kind, text in blocks:
        match kind:
            case "sh background" if text == make_run:
                daemon = machine.start_daemon(text, timeout=300)
            case "sh background" if "plugin dev" in text:
                _send_as_shown(machine, machine.start(text))
            case "sh background":
                tail = machine.start(text)
            case "sh elsewhere":
                machine.run(text, elsewhere=True)
            case "sh stopped":
                machine.interrupt(daemon)
                machine.run(text)
                daemon = machine.start_daemon(make_run, timeout=30)
            case "sh":
                shown[text] = machine.run(text)
                if "hook-url" in text:
                    _reload(machine)
            case "python":
                _run_python(machine, text)
            case "toml":
                _append(machine.project / "actionsd.toml", text)
            case _:
                pytest.fail(f"a block of an unknown kind: {kind}")
    _assert_what_was_promised(machine, shown, tail, sink)


def _assert_what_was_promised(machine: Machine, shown: dict[str, str], tail: int, sink: Sink) -> None:
    first = next(output for text, output in shown.items() if "curl" in text)
    assert '{"success":true}' in first
    assert '"event":"Signed Up"' in first
    until(lambda: b"curl http://127.0.0.1" in machine.outputs[0], what="the curl line that `make run` prints")
    watched = next(output for text, output in shown.items() if "explain" in text)
    assert "delivered" in watched
    until(lambda: b"delivered" in machine.outputs[tail], what="a delivery in the output of tail")
    machine.run(".venv/bin/actionsctl send track --event 'Signed Up' --user-id ada --property plan=pro")
    until(lambda: sink.requests["signups"] > 0, what="a request at the new destination, after the restore too")


def _send_as_shown(machine: Machine, dev: int) -> None:
    """Send the event as ``plugin dev`` says, and see its request."""
    sending = re.compile(r"actionsctl send [^\r\n\x1b]+")
    until(lambda: sending.search(machine.outputs[dev].decode()), what="the command that `plugin dev` prints")
    found = sending.search(machine.outputs[dev].decode())
    assert found is not None
    machine.run(f".venv/bin/{found[0]}")
    until(lambda: b"https://api.acme.example/v1/track" in machine.outputs[dev], what="the request of that event")
    assert b"Traceback" not in machine.outputs[dev]
    machine.interrupt(dev)


def _reload(machine: Machine) -> None:
    pid = json.loads(machine.run(".venv/bin/actionsctl status --json"))["pid"]
    os.kill(pid, signal.SIGHUP)
    machine.run(".venv/bin/actionsctl destinations signups")


def _run_python(machine: Machine, text: str) -> None:
    program = machine.home / "program.py"
    program.write_text(machine.localised(text))
    machine.run(f".venv/bin/python {program}")


def _append(path: Path, text: str) -> None:
    path.write_text(f"{path.read_text()}\n{text}")


def _copy_of_the_project(target: Path) -> None:
    """What a clone of the work tree would hold."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).exists():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
