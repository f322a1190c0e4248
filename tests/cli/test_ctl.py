"""What all commands share: how the daemon is found, help, exit codes."""

from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from actionsd.cli.ctl import ctl
from support.daemon import Daemon

Ctl = Callable[..., Result]


def every_command(command: click.Command, path: str = "actionsctl") -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from every_command(inner, f"{path} {name}")


COMMANDS = list(every_command(ctl))


@pytest.mark.parametrize(("path", "command"), COMMANDS)
def test_every_command_and_option_explains_itself(path: str, command: click.Command) -> None:
    assert command.help, path
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{path} {parameter.name}"
            assert parameter.help.strip().endswith((".", "]")), f"{path} {parameter.name}: {parameter.help}"


@pytest.mark.parametrize(("path", "command"), COMMANDS)
def test_every_listing_prints_json(path: str, command: click.Command) -> None:
    if (command.help or "").startswith(("List", "Show")) and command.params:
        options = [option for parameter in command.params for option in parameter.opts]
        assert "--json" in options or path == "actionsctl", path


def test_the_socket_is_found_by_the_config(daemon: Daemon) -> None:
    found = CliRunner().invoke(ctl, ["--config", str(daemon.config), "sources"])
    assert found.exit_code == 0
    assert "website" in found.output


def test_the_address_is_found_by_the_environment(daemon: Daemon) -> None:
    url = f"unix:{daemon.data / 'admin.sock'}"
    found = CliRunner(env={"ACTIONSD_URL": url}).invoke(ctl, ["sources"])
    assert "website" in found.output


def test_no_daemon_is_exit_1_and_names_the_address(tmp_path: Path) -> None:
    missing = f"unix:{tmp_path / 'none.sock'}"
    failed = CliRunner().invoke(ctl, ["--url", missing, "status"])
    assert failed.exit_code == 1
    assert failed.output == f"Error: cannot reach the daemon at {missing}: no such file or directory\n"


def test_no_config_is_exit_2_and_says_what_to_do(elsewhere: Ctl) -> None:
    failed = elsewhere("status")
    assert failed.exit_code == 2
    assert "actionsd.toml: No such file or directory" in failed.output
    assert "--url" in failed.output


@pytest.mark.parametrize("url", ["ftp://x", "unix:", "localhost:8081", "http://"])
def test_a_malformed_url_is_exit_2(url: str) -> None:
    failed = CliRunner().invoke(ctl, ["--url", url, "status"])
    assert failed.exit_code == 2
    assert "expected http://HOST:PORT" in failed.output


def test_references_of_the_daemon_need_not_resolve_here(tmp_path: Path) -> None:
    config = tmp_path / "actionsd.toml"
    config.write_text('[admin]\ntoken = "env:NOT_SET_HERE"\n[ingest]\nrate_limit = "file:gone"')
    failed = CliRunner().invoke(ctl, ["--config", str(config), "status"])
    assert failed.exit_code == 1
    assert f"cannot reach the daemon at unix:{tmp_path}/data/admin.sock" in failed.output


@pytest.mark.parametrize("arguments", [["nonsense"], ["status", "--nonsense"], ["destinations", "a", "b"]])
def test_wrong_usage_is_exit_2(arguments: list[str]) -> None:
    assert CliRunner().invoke(ctl, arguments).exit_code == 2


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_names_the_program(shell: str) -> None:
    printed = CliRunner().invoke(ctl, ["completion", shell])
    assert printed.exit_code == 0
    assert "_ACTIONSCTL_COMPLETE" in printed.output
