"""Stored cases: run without a daemon, stored from a test, with exit codes and JUnit output."""

import json
import xml.etree.ElementTree as xml
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from actionsd.cli.ctl import ctl
from support.daemon import Daemon, destination

SECRET = "s3cret-of-the-hook"
CONFIG = """
[[sources]]
slug = "website"
write_keys = ["k"]
[[destinations]]
slug = "signups"
source = "website"
definition = "webhook"
settings = { sharedSecret = "env:NOT_SET_IN_CI" }
[[destinations.mappings]]
name = "Signed up"
action = "send"
trigger = 'event = "Signed Up"'
fields = { url = "https://hooks.test/x", method = "POST", data = { plan = { "@path" = "$.properties.plan" } } }
[[destinations.filters]]
title = "No tests"
if = 'userId = "tester"'
actions = [{ type = "DROP" }]
"""
EVENT = {"type": "track", "event": "Signed Up", "userId": "u", "messageId": "m", "properties": {"plan": "pro"}}
REQUEST = {"method": "POST", "url": "https://hooks.test/x", "json": {"plan": "pro"}}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "actionsd.toml").write_text(CONFIG)
    return tmp_path


def run(home: Path, *arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(ctl, ["--config", str(home / "actionsd.toml"), "test", *arguments])
    assert result.exit_code == code, result.output
    return result


def case(home: Path, expect: dict[str, Any], name: str = "one", **members: Any) -> str:
    path = home / f"{name}.case.json"
    subject = {} if "definition" in members else {"destination": "signups", "mapping": "Signed up"}
    path.write_text(json.dumps({**subject, "event": EVENT, "expect": expect, **members}))
    return str(path)


@pytest.mark.parametrize(
    ("expect", "members"),
    [
        ({"requests": [REQUEST]}, {}),
        ({"requests": [REQUEST | {"headers": {"Content-Type": "application/json"}}], "outcome": "delivered"}, {}),
        ({"payload": {"url": "https://hooks.test/x", "method": "POST", "data": {"plan": "pro"}}}, {}),
        ({"requests": [REQUEST]}, {"mapping": ""}),
        ({"match": False}, {"event": EVENT | {"event": "Other"}}),
        ({"match": False}, {"event": EVENT | {"userId": "tester"}, "filters": True}),
        ({"requests": [REQUEST]}, {"event": EVENT | {"userId": "tester"}}),
        ({"match": False}, {"trigger": 'event = "Elsewhere"'}),
        (
            {"requests": [REQUEST | {"method": "PUT"}]},
            {"fields": {"url": "https://hooks.test/x", "method": "PUT", "data": {"plan": "pro"}}},
        ),
        ({"problems": ["The root value is missing the required field 'url'."]}, {"fields": {"method": "PUT"}}),
        ({"outcome": "retry", "requests": [REQUEST]}, {"answers": [{"status": 503}]}),
        (
            {"requests": [{"method": "POST", "url": "••••••", "json": {"text": "pro"}}]},
            {
                "definition": "slack",
                "action": "postToChannel",
                "trigger": 'type = "track"',
                "fields": {"url": "https://hooks.slack.com/made-up", "text": {"@path": "$.properties.plan"}},
            },
        ),
    ],
)
def test_a_case_that_holds_passes(home: Path, expect: dict[str, Any], members: dict[str, Any]) -> None:
    assert run(home, case(home, expect, **members)).output == "ok     one\n1 of 1 passed\n"


def test_what_a_reference_stands_for_is_masked_as_in_what_the_daemon_shows(home: Path) -> None:
    config = home / "actionsd.toml"
    config.write_text(config.read_text().replace('"https://hooks.test/x"', '"file:hook-url"'))
    (home / "hook-url").write_text("https://hooks.test/x")
    request, own = REQUEST | {"url": "••••••"}, {"url": "file:hook-url", "method": "PUT", "data": {"plan": "pro"}}
    cases = [
        case(home, {"requests": [request]}, "saved"),
        case(home, {"requests": [request]}, "all", mapping=""),
        case(home, {"requests": [request | {"method": "PUT"}]}, "own", fields=own),
    ]
    assert run(home, *cases).output.endswith("\n3 of 3 passed\n")


@pytest.mark.parametrize(
    ("expect", "told"),
    [
        ({"requests": [REQUEST | {"json": {"plan": "free"}}]}, 'requests[0].json.plan: expected "free", got "pro"'),
        ({"requests": [REQUEST | {"json": {"plan": "pro", "x": 1}}]}, "requests[0].json.x: expected 1, got nothing"),
        ({"requests": [REQUEST | {"json": {}}]}, 'requests[0].json.plan: expected nothing, got "pro"'),
        ({"requests": [REQUEST | {"headers": {"x-key": "1"}}]}, 'requests[0].headers.x-key: expected "1", got nothing'),
        ({"requests": [REQUEST | {"url": "https://other.test/"}]}, 'requests[0].url: expected "https://other.test/"'),
        ({"requests": []}, "requests[0]: not expected: POST https://hooks.test/x"),
        ({"requests": [REQUEST, REQUEST]}, "requests[1]: missing: POST https://hooks.test/x"),
        ({"match": False}, "the trigger does hold"),
        ({"payload": {"url": "https://hooks.test/x"}}, "payload.method: expected nothing"),
        ({"outcome": "retry"}, 'outcome: expected "retry", got "delivered"'),
    ],
)
def test_a_case_that_does_not_hold_fails_and_says_where(home: Path, expect: dict[str, Any], told: str) -> None:
    shown = run(home, "cases", case(home, expect), code=1).output
    assert told in shown
    assert "0 of 1 passed" in shown


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ({"mapping": "Signed"}, 'signups has no mapping "Signed"; did you mean "Signed up"?'),
        ({"destination": "signup"}, 'the config has no destination "signup"'),
        ({"definition": "webhok", "mapping": "", "destination": ""}, "did you mean 'webhook'"),
        ({"event": 5}, "Expected `object`, got `int` - at `$.event`"),
        ({"expect": {"payloads": {}}}, "unknown field `payloads`"),
        ({"trigger": "event ="}, "trigger: "),
        ({"now": "yesterday"}, "now: expected a time"),
        ({"mapping": "", "fields": {}}, "say of which mapping"),
    ],
)
def test_a_case_that_cannot_run_is_an_error(home: Path, members: dict[str, Any], told: str) -> None:
    expect = members.pop("expect", {"match": True})
    assert told in run(home, case(home, expect, **members), code=2).output


def test_a_failure_of_the_action_is_told(home: Path) -> None:
    members = {"definition": "slack", "action": "postToChannel", "fields": {"url": "••••••", "text": "hi"}}
    shown = run(home, case(home, {"requests": [REQUEST]}, trigger='type = "track"', **members), code=1).output
    assert "the action ended as discarded: " in shown


def test_wrong_calls_are_told(home: Path) -> None:
    assert "there are no *.case.json" in run(home, "cases", str(home), code=2).output
    assert "expected a folder, *.case.json" in run(home, str(home / "actionsd.toml"), code=2).output
    (home / "actionsd.toml").write_text("nonsense = 1")
    assert "nonsense" in run(home, case(home, {"match": True}), code=2).output
    (home / "actionsd.toml").unlink()
    assert "name the config with --config" in run(home, case(home, {"match": True}), code=2).output


def test_a_folder_runs_with_junit_output(home: Path) -> None:
    case(home, {"requests": [REQUEST]}, "good")
    case(home, {"requests": []}, "bad")
    (home / "more").mkdir()
    (home / "more" / "third.case.toml").write_text(
        'name = "In TOML"\ndestination = "signups"\nmapping = "Signed up"\n'
        'event = { type = "track", event = "Other" }\nexpect = { match = false }\n'
    )
    junit = home / "out.xml"
    shown = run(home, str(home), "--junit", str(junit), code=1).output
    assert "In TOML" in shown
    assert "2 of 3 passed" in shown
    suite = xml.fromstring(junit.read_text())
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("3", "1", "0")
    failure = suite.find("testcase[@name='bad']/failure")
    assert failure is not None
    assert "not expected: POST" in str(failure.text)
    as_json = json.loads(run(home, str(home), "--json", code=1).output)
    assert [each["passed"] for each in as_json] == [False, True, True]


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    hook = {"url": "https://hooks.test/x", "method": "POST", "data": {"@path": "$.properties"}}
    declared = destination("hook", "webhook", "send", hook, settings={"sharedSecret": SECRET})
    with Daemon(tmp_path_factory.mktemp("cases"), declared) as running:
        yield running


def test_what_a_test_showed_is_stored_and_passes(daemon: Daemon, tmp_path: Path) -> None:
    url = f"https://hooks.slack.com/{SECRET}"
    for arguments in (
        ("destinations", "add", "slack", "-s", "website", "--slug", "team", "--no-presets"),
        ("mappings", "add", "team", "Post", "-a", "postToChannel", "-f", f"url={url}", "-t", 'event = "Signed Up"'),
    ):
        done = daemon.ctl(*arguments)
        assert done.returncode == 0, done.stderr
    tests = {
        "whole": ("event", "hook", "--sample", "track", "--mode", "dry"),
        "mapping": ("mapping", "hook", "All", "--sample", "page", "--mode", "preview"),
        "edited": ("mapping", "hook", "All", "--sample", "page", "--mode", "dry", "--field", "method=PUT"),
        "unmatched": ("mapping", "hook", "All", "--sample", "page", "--trigger", 'event = "x"'),
        "invalid": ("mapping", "hook", "All", "--sample", "page", "--unset", "url"),
        "own": ("mapping", "team", "Post", "--sample", "trigger", "--mode", "dry"),
        "unsaved": ("mapping", "team", "-a", "postToChannel", "-f", f"url={url}", "--sample", "track", "--mode", "dry"),
    }
    for name, arguments in tests.items():
        done = daemon.ctl("test", *arguments, "--save-case", str(tmp_path / f"{name}.case.json"))
        assert done.returncode == 0, (name, done.stderr)
    passed = daemon.ctl("test", str(tmp_path))
    assert passed.stdout.endswith("7 of 7 passed\n"), passed.stdout
    for name in tests:
        assert SECRET not in (tmp_path / f"{name}.case.json").read_text(), name
    for file, said in (("x.json", "NAME.case.json"), ("gone/x.case.json", "gone is no folder")):
        done = daemon.ctl("test", *tests["whole"], "--save-case", file)
        assert (done.returncode, done.stdout) == (2, ""), "known before the test runs"
        assert said in done.stderr
    assert daemon.ctl("test", str(tmp_path), "--junit", "gone/x.xml").returncode == 2
