"""``actionsctl plugin dev``: the plugin as its files are, events with what was sent, a new start after each change."""

import json
import os
import signal
import socket
import subprocess
import threading
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from actionsd import settings, wire
from actionsd.cli.ctl import ctl
from actionsd.cli.dev import config, loop, offer, project, show
from actionsd.cli.http import Failed
from support.daemon import BIN
from support.sink import Sink
from support.waiting import until

VALUES = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture
def acme(tmp_path: Path) -> Path:
    """A new plugin in a folder of its own."""
    folder = tmp_path / "actionsd-acme"
    made = CliRunner().invoke(ctl, ["plugin", "new", "acme", "--dir", str(folder)])
    assert made.exit_code == 0, made.output
    return folder


def module(folder: Path) -> Path:
    return folder / "src" / "actionsd_acme" / "__init__.py"


def edit(folder: Path, old: str, new: str) -> None:
    text = module(folder).read_text()
    assert old in text
    module(folder).write_text(text.replace(old, new))


class Dev:
    """The command in a process of its own; ``output`` is what it has printed."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.scratch = folder.parent / "tmp"  # short: a socket's path has 107 bytes at most
        self.scratch.mkdir()
        self.output = ""
        self.process = subprocess.Popen(
            [BIN / "actionsctl", "plugin", "dev", folder, *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "TMPDIR": str(self.scratch), "PYTHONUNBUFFERED": "1"},
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.output += line

    def __enter__(self) -> "Dev":
        return self

    def __exit__(self, *error: object) -> None:
        self.end()

    def end(self) -> int:
        """SIGTERM; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(30)
        self._reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code

    def until(self, text: str, *, times: int = 1) -> None:
        until(lambda: self.output.count(text) >= times or self.process.poll() is not None, what=text)
        assert self.output.count(text) >= times, self.output

    def send(self, *arguments: str) -> None:
        """As the command says it is done."""
        self.until("-k dev-write-key\n")
        shown = next(line for line in self.output.splitlines() if "actionsctl send" in line)
        target = shown[shown.index("--to") :].split()
        done = subprocess.run([BIN / "actionsctl", "send", *arguments, *target], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def test_requests_are_shown_and_a_change_starts_it_again(acme: Path) -> None:
    with Dev(acme, "--dry-run") as dev:
        dev.until("ready at http://127.0.0.1:")
        assert 'acme: trackEvent when type = "track"' in dev.output
        assert "setting api_key: made up" in dev.output
        dev.send("track", "--event", "Signed Up", "--property", "plan=pro")
        dev.until("← 200 OK")
        shown = dev.output
        assert "POST https://api.acme.example/v1/track\n  authorization: Bearer ••••••\n" in shown
        assert '      "plan": "pro"\n' in shown
        assert shown.index('accepted  track "Signed Up"') < shown.index('delivered trackEvent "Signed Up" 200')
        dev.send("identify")
        dev.until("filtered  identify FILTERED_AT_MAPPING")

        edit(acme, '{API}/track"', '{API}/changed"')
        dev.until("ready again")
        assert "changed: __init__.py" in dev.output
        dev.send("track", "--event", "Signed Up")
        dev.until("POST https://api.acme.example/v1/changed")

        edit(acme, "actionsd_contract = 1", "actionsd_contract = 1 / 0")
        dev.until("ZeroDivisionError: division by zero")
        assert f'File "{module(acme)}"' in dev.output
        assert "importlib" not in dev.output
        dev.send("track", "--event", "Signed In")
        dev.until('"event": "Signed In"')
        assert dev.end() == 0
    assert list(dev.scratch.iterdir()) == []


def test_a_command_that_is_killed_leaves_no_daemon(acme: Path) -> None:
    with Dev(acme, "--dry-run") as dev:
        dev.until("-k dev-write-key\n")
        port = int(dev.output.partition("ready at http://127.0.0.1:")[2].partition(",")[0])
        socket.create_connection(("127.0.0.1", port)).close()
        dev.process.kill()
        until(lambda: is_refused(port), what="the end of the daemon")


def is_refused(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return True
    return False


def test_with_settings_requests_go_out(acme: Path, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("s3cret")
    (tmp_path / "settings.json").write_text(json.dumps({"api_key": f"file:{tmp_path / 'key'}"}))
    with Sink() as sink:
        edit(acme, "https://api.acme.example/v1", sink.url("acme"))
        edit(acme, '["api.acme.example"]', '["127.0.0.1"]')
        options = ["--settings", str(tmp_path / "settings.json"), "--field", 'trackEvent.user={"@path":"$.messageId"}']
        with Dev(acme, *options) as dev:
            dev.until("ready at")
            dev.send("track", "--event", "Signed Up")
            dev.until("← 200 OK")
            assert f"POST {sink.url('acme')}/track" in dev.output
            assert '"user": "actionsctl-' in dev.output
            assert "s3cret" not in dev.output
        assert sink.answered["acme"] == 1


def test_what_is_missing_is_said_before_anything_starts(acme: Path) -> None:
    with Dev(acme) as dev:
        dev.until("settings: The root value is missing the required field 'api_key'. (--set KEY=VALUE)")
        edit(acme, "api_key: Annotated[Secret, ", "api_key: Annotated[Secret | None, ")
        edit(acme, '"From your account\'s settings.")]', '"From your account\'s settings.")] = None')
        dev.until("ready at")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nowhere"], 1, "nowhere/pyproject.toml: No such file or directory; expected the folder of a plugin"),
        ([".", "--set", "key"], 2, "expected KEY=VALUE, got 'key'"),
        ([".", "--field", "=1"], 2, "expected KEY=VALUE, got '=1'"),
        ([".", "--set", "key=env:NOT_SET_HERE"], 2, "key: the environment variable NOT_SET_HERE is not set"),
        ([".", "--settings", "none.json"], 2, "none.json: No such file or directory"),
    ],
)
def test_wrong_usage_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    refused = CliRunner().invoke(ctl, ["plugin", "dev", *arguments])
    assert (refused.exit_code, refused.output) == (code, f"Error: {said}\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[project", "pyproject.toml: Expected"),
        ('[project]\nname = "x"', "no [project.entry-points.actionsd], expected a line such as acme"),
        ('[project]\nname = "x"\n[project.entry-points.actionsd]\nx = "actionsd_x"',
         'the entry point names the module "actionsd_x", expected it in src/actionsd_x or actionsd_x'),
    ],
)  # fmt: skip
def test_a_folder_that_holds_no_plugin_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(Failed) as caught:
        project.read(tmp_path)
    assert said in caught.value.message


@pytest.mark.parametrize("place", ["actionsd_x.py", "src/actionsd_x.py", "actionsd_x/__init__.py"])
def test_a_module_is_found_wherever_projects_keep_it(tmp_path: Path, place: str) -> None:
    (tmp_path / "pyproject.toml").write_text('[project.entry-points.actionsd]\nx = "actionsd_x"')
    (tmp_path / place).parent.mkdir(exist_ok=True)
    (tmp_path / place).write_text("")
    found = project.read(tmp_path)
    assert (tmp_path / place) in list(found.files())
    assert found.roots == ((tmp_path / "src") if "src" in place else tmp_path,)


def test_what_editors_and_python_leave_behind_is_no_change(acme: Path) -> None:
    before = set(project.read(acme).files())
    for name in (".__init__.py.swp", "__init__.py~", "__pycache__/x.pyc"):
        (module(acme).parent / name).parent.mkdir(exist_ok=True)
        (module(acme).parent / name).write_text("")
    assert set(project.read(acme).files()) == before
    (module(acme).parent / "other.py").write_text("")
    assert set(project.read(acme).files()) == before | {module(acme).parent / "other.py"}


def test_a_folder_that_goes_while_it_is_looked_at_does_not_end_the_watch(
    acme: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def vanishing(found: project.Project) -> Iterator[Path]:
        yield found.folder / "pyproject.toml"
        raise FileNotFoundError("__pycache__")  # as rglob does

    whole = loop._stamps(project.read(acme))
    monkeypatch.setattr(project.Project, "files", vanishing)
    part = loop._stamps(project.read(acme))
    assert part == {acme / "pyproject.toml": whole[acme / "pyproject.toml"]} != whole


def test_the_port_of_the_daemon_is_held_while_it_starts_again() -> None:
    with loop._held_port() as port:
        with pytest.raises(OSError, match="in use"), socket.socket() as other:
            other.bind(("127.0.0.1", port))
        for _ in range(2):
            with socket.create_server(("127.0.0.1", port)):
                socket.create_connection(("127.0.0.1", port)).close()


def ask(folder: Path, sample: bool = False, **given: Any) -> offer.Offer:
    found = project.read(folder)
    question = offer.Question(found.name, given.get("settings", {}), given.get("fields", {}), sample)
    return offer.ask(question, found.environment(folder / "site"))


def test_an_offer_makes_up_what_is_missing_only_in_a_dry_run(acme: Path) -> None:
    edit(acme, ', default=path("$.event")', "")
    (dry,) = ask(acme, sample=True).definitions
    assert dry.notes == [
        "setting api_key: made up, 'sample-api_key-0123456789'",
        "trackEvent: event has no default; made up, 'sample-event-0123456789' (--field trackEvent.event=VALUE)",
    ]
    assert dry.mappings[0].fields["event"] == "sample-event-0123456789"
    (wet,) = ask(acme, settings={"api_key": "k"}).definitions
    assert wet.mappings == []
    assert wet.notes == ["trackEvent: left out, its field event has no default (--field trackEvent.event=VALUE)"]
    (given,) = ask(acme, settings={"api_key": "k"}, fields={"trackEvent": {"event": "E"}}).definitions
    assert given.mappings[0].fields["event"] == "E"


def test_an_offer_names_what_does_not_exist(acme: Path) -> None:
    wrong = {"track": {}, "trackEvent": {"evnt": 1}}
    (made,) = ask(acme, settings={"api_key": "k", "kye": 1}, fields=wrong).definitions
    assert made.problems == [
        "settings: there is no 'kye'",
        "--field: there is no action 'track', only trackEvent",
        "--field: trackEvent has no field 'evnt', only event, user, time, properties",
    ]


def test_a_slug_that_is_taken_is_an_error(acme: Path) -> None:
    edit(acme, '    "acme",\n', '    "webhook",\n')
    path = acme / "pyproject.toml"
    path.write_text(path.read_text().replace('acme = "actionsd_acme"', 'zz = "actionsd_acme"'))
    assert ask(acme).error == "the slug 'webhook' is taken by actionsd-webhook"


@given(st.dictionaries(st.text(), VALUES, max_size=3))
def test_settings_survive_the_generated_config(values: dict[str, Any]) -> None:
    text = config.generate(8080, [offer.Offered("acme", {"absent": None, **values}, [], [], [])])
    assert tomllib.loads(text)["destinations"][0]["settings"] == values


def test_the_generated_config_is_taken(tmp_path: Path) -> None:
    mapped = [offer.Mapped("send", 'event = "A"', {"a": {"@path": "$.x"}}), offer.Mapped("all", "", {})]
    text = config.generate(8080, [offer.Offered("acme", {"key": 'a"b\\'}, mapped, [], [])])
    (tmp_path / "actionsd.toml").write_text(text)
    (destination,) = settings.load(tmp_path / "actionsd.toml").destinations
    assert (destination.slug, destination.settings) == ("acme", {"key": 'a"b\\'})
    one, every = destination.mappings
    assert one.trigger == 'event = "A"'
    assert "alias" in str(every.trigger)


def exchange(status: int = 200, body: str = "{}", **more: Any) -> wire.Exchange:
    kind = {"content-type": "application/json"}
    sent = wire.Sent(method="POST", url="https://h.test/", headers={**kind, "x-a": "1"}, body='{"é":[1]}')
    answer = wire.Answered(status=status, headers=kind, body=body, truncated=more.get("truncated", False))
    return wire.Exchange(request=sent, seconds=0.0125, response=answer)


def shown(**members: Any) -> list[str]:
    record = wire.Seen(at=datetime(2026, 5, 4, tzinfo=UTC), mapping="send", type="track", **members)
    return [line.rstrip() for line in click.unstyle(show.seen(record)).splitlines()]


def test_an_exchange_reads_like_a_conversation() -> None:
    first, *rest = shown(step="delivered", status=200, took_ms=13, exchanges=[exchange(299, "no json")])
    assert first.endswith("delivered send 200 in 13 ms")
    assert rest == ["  POST https://h.test/", "  x-a: 1", "    {", '      "é": [', "        1", "      ]", "    }",
                    "  ← 299, 12 ms", "    no json"]  # fmt: skip


def test_each_event_of_a_batch_is_named() -> None:
    (line,) = shown(step="delivered", event="E2", status=200, took_ms=1)
    assert line.endswith('delivered send "E2" 200 in 1 ms')


def test_a_failure_says_what_is_known() -> None:
    (line,) = shown(step="retry", reason="ECONNREFUSED", message="connect ECONNREFUSED")
    assert line.endswith("retry     send ECONNREFUSED connect ECONNREFUSED")
    lost = wire.Exchange(
        request=exchange().request, seconds=1.0, error=wire.Failure(code="ENOTFOUND", message="getaddrinfo ENOTFOUND")
    )
    assert shown(step="retry", exchanges=[lost])[-1] == "  ← ENOTFOUND getaddrinfo ENOTFOUND, 1000 ms"


@pytest.mark.parametrize(("body", "truncated"), [(json.dumps(list(range(200))), False), ("[1, 2", True)])
def test_a_long_body_is_cut(body: str, truncated: bool) -> None:
    lines = shown(step="delivered", exchanges=[exchange(body=body, truncated=truncated)])
    assert lines[-1] == "    ... cut here"
    assert len(lines) < 75
