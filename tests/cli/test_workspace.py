"""Sources, destinations, mappings and filters from the shell: each change holds from the next event on."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from actionsd.cli.ctl import ctl
from support.daemon import Daemon
from support.waiting import until

SECRET = "s3cret-of-the-hook"


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with Daemon(tmp_path_factory.mktemp("workspace")) as running:
        yield running
        assert SECRET not in running.log.read_text()


Run = Callable[..., Result]


@pytest.fixture
def run(daemon: Daemon) -> Run:
    """Runs ``actionsctl`` in this process; the exit code is 0 unless another is expected."""

    def run(*arguments: str, code: int = 0) -> Result:
        socket = f"unix:{daemon.data / 'admin.sock'}"
        result = CliRunner().invoke(ctl, ["--config", str(daemon.config), "--url", socket, *arguments])
        assert result.exit_code == code, result.output
        assert SECRET not in result.output
        return result

    return run


def as_json(result: Result) -> Any:
    return json.loads(result.output)


@pytest.fixture
def archive(run: Run, tmp_path: Path) -> Iterator[Path]:
    """A destination made here that appends to the file it gives, of a source with the write key ``shop-key``."""
    run("sources", "add", "shop", "--write-key", "shop-key")
    path = tmp_path / "shop.ndjson"
    run("destinations", "add", "file", "--source", "shop", "--slug", "archive", "--set", f"path={path}", "--no-presets")
    run("mappings", "add", "archive", "All", "--action", "write", "--trigger", 'type = "track"', "--enable")
    yield path
    run("destinations", "rm", "archive", "--yes")
    run("sources", "rm", "shop", "--yes")


def delivered(path: Path) -> list[str]:
    return [json.loads(line)["messageId"] for line in path.read_text().splitlines()] if path.exists() else []


def test_what_is_made_here_delivers_and_each_change_holds_from_the_next_event(
    daemon: Daemon, run: Run, archive: Path
) -> None:
    daemon.send(["one"], key="shop-key")
    until(lambda: delivered(archive) == ["one"], what="the first event")
    run("mappings", "disable", "archive", "All")
    daemon.send(["two"], key="shop-key")
    run("mappings", "enable", "archive", "All")
    daemon.send(["three"], key="shop-key")
    until(lambda: delivered(archive) == ["one", "three"], what="the third event and not the second")
    id = as_json(run("filters", "add", "archive", "None", "--if", 'event = "Tested"', "--drop", "--json"))["id"]
    daemon.send(["four"], key="shop-key")
    run("filters", "disable", "archive", str(id))
    daemon.send(["five"], key="shop-key")
    until(lambda: delivered(archive) == ["one", "three", "five"], what="the fifth event and not the fourth")
    run("sources", "disable", "shop")
    daemon.send(["six"], key="shop-key")
    run("sources", "enable", "shop")
    assert as_json(run("sources", "add-key", "shop", "second-key", "--json"))["writeKeys"] == ["shop-key", "second-key"]
    daemon.send(["seven"], key="second-key")
    until(lambda: delivered(archive)[-1] == "seven", what="an event under the second key")
    assert "six" not in delivered(archive)
    assert as_json(run("sources", "rm-key", "shop", "shop-key", "--yes", "--json"))["writeKeys"] == ["second-key"]
    daemon.send(["eight"], key="shop-key")
    daemon.send(["nine"], key="second-key")
    until(lambda: delivered(archive)[-1] == "nine", what="an event under the key that is left")
    assert "eight" not in delivered(archive)


def test_a_deleted_mapping_and_a_deleted_destination_come_back(daemon: Daemon, run: Run, archive: Path) -> None:
    run("mappings", "rm", "archive", "All", "--yes")
    assert "nothing will be sent" in run("mappings", "archive").output
    newest = as_json(run("history", "--kind", "mapping", "-n", "1", "--json"))["items"][0]
    assert (newest["who"], newest["verb"], newest["of"], newest["name"]) == ("socket", "deleted", "archive", "All")
    run("restore", str(newest["id"]))
    daemon.send(["ten"], key="shop-key")
    until(lambda: "ten" in delivered(archive), what="an event through the restored mapping")

    run("destinations", "rm", "archive", "--yes")
    run("destinations", "archive", code=1)
    assert "belongs to destination archive, which is deleted" in run("restore", str(newest["id"]), code=1).output
    gone = next(row for row in as_json(run("history", "--json"))["items"] if row["kind"] == "destination")
    assert run("restore", str(gone["id"])).output == "restored 2 objects\n"
    daemon.send(["eleven"], key="shop-key")
    until(lambda: "eleven" in delivered(archive), what="an event to the restored destination")
    run("restore", str(gone["id"]), code=1)
    run("restore", "99999", code=1)


def test_an_edit_is_taken_back_by_restoring_the_version_before(run: Run, archive: Path) -> None:
    run("mappings", "set", "archive", "All", "--trigger", 'event = "Other"', "--name", "Some")
    rows = as_json(run("history", "--kind", "mapping", "-n", "2", "--json"))["items"]
    assert {each["field"]: (each["before"], each["after"]) for each in rows[0]["changed"]} == {
        "trigger": ('type = "track"', 'event = "Other"'),
        "name": ("All", "Some"),
    }
    run("restore", str(rows[1]["id"]))
    run("mappings", "disable", "archive", "All")
    assert "mapping archive / All changed" in run("history", "-n", "1").output
    assert "enabled: true -> false" in run("history", "-n", "1").output
    run("mappings", "enable", "archive", "All")
    (restored,) = as_json(run("mappings", "archive", "--json"))
    assert (restored["name"], restored["trigger"], restored["enabled"]) == ("All", 'type = "track"', True)


def test_mappings_are_duplicated_disabled_and_put_in_order(run: Run, archive: Path) -> None:
    copy = as_json(run("mappings", "duplicate", "archive", "All", "--json"))
    assert (copy["name"], copy["enabled"]) == ("All (Copy)", False)
    assert as_json(run("mappings", "duplicate", "archive", "All", "--json"))["name"] == "All (Copy 2)"
    order = as_json(run("mappings", "move", "archive", "All (Copy 2)", "1", "--json"))
    assert [each["name"] for each in order] == ["All (Copy 2)", "All", "All (Copy)"]
    assert [each["name"] for each in as_json(run("mappings", "archive", "--json"))] == [e["name"] for e in order]


def test_secrets_are_masked_and_a_mask_that_comes_back_changes_nothing(run: Run, archive: Path) -> None:
    hook = ("destinations", "add", "webhook", "--source", "shop", "--slug", "hook")
    made = as_json(run(*hook, "--set", f"sharedSecret={SECRET}", "--json"))
    assert made["settings"] == {"sharedSecret": "••••••"}
    run("destinations", "set", "hook", "--name", "Our hook", "--set", "sharedSecret=••••••")
    run("destinations", "set", "hook", "--set", "sharedSecret=env:HOOK_SECRET", code=1)
    config = as_json(run("destinations", "config", "hook", "--json"))
    assert (config["name"], config["settings"]) == ("Our hook", {"sharedSecret": "••••••"})
    assert "sealed" in run("secrets", "rotate").output
    run("destinations", "rm", "hook", "--yes")
    for row in as_json(run("history", "--json"))["items"]:
        assert SECRET not in json.dumps(row)


@pytest.mark.parametrize("noun", ["sources", "tokens", "alerts", "regulations", "suppressions", "dead"])
def test_a_noun_alone_lists(run: Run, noun: str) -> None:
    assert as_json(run(noun, "--json")) == as_json(run(noun, "list", "--json"))
    assert f"{noun} list [OPTIONS]" in run(noun, "--nonsense", "1", code=2).output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("sources", "add", "no/slug"), "slug: letters, digits"),
        (("sources", "add", "website"), "the slug 'website' is taken"),
        (("sources", "add", "other", "-k", "shop-key"), "source shop has one of them"),
        (("sources", "rm", "website", "-y"), "is declared in"),
        (("sources", "rm", "shop", "-y"), "source shop still has destinations: archive;"),
        (("sources", "rm-key", "shop", "shop-key", "-y"), "the last write key"),
        (("sources", "set", "nowhere", "--name", "x"), 'no source "nowhere"'),
        (("destinations", "add", "filee", "-s", "shop"), "did you mean 'file'"),
        (("destinations", "add", "file", "-s", "shop"), "settings: "),
        (("destinations", "add", "file", "-s", "shop", "--set", "paht=x"), 'did you mean "path"'),
        (("destinations", "set", "archive"), "say what to change"),
        (("destinations", "set", "archive", "--rate-limit", "0"), "rate_limit: a number above 0"),
        (("mappings", "add", "archive", "All", "-a", "write"), "a mapping 'All' already"),
        (("mappings", "add", "archive", "x", "-a", "wirte"), 'did you mean "write"'),
        (("mappings", "add", "archive", "x", "-a", "write", "-t", "event ="), "trigger: "),
        (("mappings", "add", "archive", "x", "-a", "write", "-f", 'data={"@nope": 1}'), "fields: "),
        (("mappings", "add", "archive", "x", "-a", "write", "-f", "data"), "expected KEY=VALUE"),
        (("filters", "add", "archive", "x" * 65, "--if", "all", "--drop"), "title: from 1 to 64"),
        (("filters", "add", "archive", "x", "--if", "(", "--drop"), "if: expected a field"),
        (("filters", "add", "archive", "x", "--if", "all"), "say what it does"),
        (("filters", "rm", "archive", "99", "-y"), "has no filter 99"),
    ],
)
def test_wrong_input_is_told_and_changes_nothing(
    run: Run, archive: Path, arguments: tuple[str, ...], told: str
) -> None:
    before = as_json(run("history", "-n", "1", "--json"))["items"][0]["id"]
    usage = ("say what", "expected KEY")
    assert told in run(*arguments, code=2 if told.startswith(usage) else 1).output
    assert as_json(run("history", "-n", "1", "--json"))["items"][0]["id"] == before


def test_a_disabled_destination_may_lack_settings_and_a_disabled_mapping_fields(run: Run, archive: Path) -> None:
    run("destinations", "add", "file", "-s", "shop", "--slug", "draft", "--disabled", "--no-presets")
    assert "'path'" in run("destinations", "enable", "draft", code=1).output
    later = as_json(run("mappings", "add", "draft", "Later", "-a", "write", "-f", "enable_batching=false", "--json"))
    assert later["fields"] == {"enable_batching": False}
    assert "requires" in run("mappings", "enable", "draft", "Later", code=1).output
    run("destinations", "set", "draft", "--set", f"path={archive}.2")
    run("destinations", "enable", "draft")
    run("destinations", "rm", "draft", "-y")


def test_automatic_presets_become_disabled_mappings(run: Run, archive: Path) -> None:
    made = as_json(run("destinations", "add", "amplitude", "-s", "shop", "--slug", "other", "--disabled", "--json"))
    assert made["mappings"]
    assert not any(each["enabled"] for each in made["mappings"])
    run("destinations", "rm", "other", "-y")


def test_limits_are_kept(run: Run, archive: Path) -> None:
    for number in range(49):
        run("mappings", "add", "archive", f"m{number}", "-a", "write")
    assert "50 mappings already" in run("mappings", "add", "archive", "more", "-a", "write", code=1).output
    for number in range(10):
        run("filters", "add", "archive", f"f{number}", "--if", 'event = "none"', "--drop")
    assert "10 filters already" in run("filters", "add", "archive", "more", "--if", "all", "--drop", code=1).output


def test_config_as_code_from_the_shell(daemon: Daemon, run: Run, archive: Path, tmp_path: Path) -> None:
    folder = tmp_path / "config"
    exported = run("export", f"{folder}/").output
    assert f"wrote {folder}/sources.toml" in exported
    assert run("plan", str(folder)).output == "nothing to change\n"
    run("export", str(tmp_path / "whole.toml"))
    assert run("plan", str(tmp_path / "whole.toml")).output == "nothing to change\n"
    assert run("export").output == (tmp_path / "whole.toml").read_text()
    file = folder / "destination-archive.toml"
    file.write_text(file.read_text().replace('type = \\"track\\"', 'event = \\"Tested\\"'))
    shown = run("plan", str(folder)).output
    assert "~ mapping archive / All" in shown
    assert 'trigger: type = "track" -> event = "Tested"' in shown
    assert as_json(run("plan", str(folder), "--json"))["items"][0]["verb"] == "change"
    assert "done" in run("apply", str(folder), "--yes").output
    assert as_json(run("mappings", "archive", "--json"))[0]["trigger"] == 'event = "Tested"'
    file.write_text(file.read_text().replace("definition", "defintion"))
    assert f"{file}:" in run("apply", str(folder), "--yes", code=1).output
    run("plan", str(tmp_path / "nowhere"), code=2)
