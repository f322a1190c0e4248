"""Discovery: every plugin is guarded on its own, and what is wrong with one is said."""

import sys
import warnings
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType

import pytest

from actionsd.catalog import Catalog, Plugin, definitions_of, load
from actionsd.sdk import hooks

PLUGIN = """
from typing import Annotated
from actionsd.sdk import Action, Definition, Field, Payload, hookimpl
actionsd_contract = {contract}

class {kind}(Payload):
    id: Annotated[str, Field("Id")]

async def perform(call): ...

@hookimpl
def {hook}():
    return [Definition(slug, name=slug.title(), id="id-" + slug,
            actions=[Action("a", title="A", payload={kind}, perform=perform)]) for slug in {slugs}]
"""


@pytest.fixture
def plugins(tmp_path: Path) -> Iterator[Path]:
    """A directory whose modules can be imported during the test."""
    sys.path.insert(0, str(tmp_path))
    before = set(sys.modules)
    yield tmp_path
    sys.path.remove(str(tmp_path))
    for name in set(sys.modules) - before:
        del sys.modules[name]


def write(
    directory: Path, name: str, slugs: list[str], *, contract: str = "1", hook: str = "actionsd_definitions"
) -> EntryPoint:
    source = PLUGIN.format(contract=contract, hook=hook, slugs=slugs, kind="Ping")
    (directory / f"{name}.py").write_text(source, encoding="utf-8")
    return EntryPoint(name, name, "actionsd")


def error_of(catalog: Catalog, name: str) -> str:
    return next(plugin.error for plugin in catalog.plugins if plugin.name == name)


def test_one_broken_plugin_does_not_touch_the_others(plugins: Path) -> None:
    (plugins / "crashing.py").write_text("raise RuntimeError('no such luck')", encoding="utf-8")
    catalog = load([EntryPoint("crashing", "crashing", "actionsd"), write(plugins, "good", ["good"])])
    assert list(catalog.definitions) == ["good"]
    assert error_of(catalog, "crashing") == "RuntimeError: no such luck"
    assert error_of(catalog, "good") == ""


def test_a_module_that_does_not_exist_is_quarantined() -> None:
    assert "No module named 'nowhere'" in error_of(load([EntryPoint("gone", "nowhere", "actionsd")]), "gone")


@pytest.mark.parametrize(("contract", "said"), [("2", "says 2"), ("None", "says nothing")])
def test_c7_a_wrong_or_missing_contract_version_quarantines(plugins: Path, contract: str, said: str) -> None:
    catalog = load([write(plugins, "future", ["future"], contract=contract)])
    assert catalog.definitions == {}
    assert f"actionsd_contract: future {said}, this daemon speaks 1" in error_of(catalog, "future")


@pytest.mark.parametrize("contract", ["'1'", "1.5", "0"])
def test_c7_what_is_no_version_quarantines(plugins: Path, contract: str) -> None:
    catalog = load([write(plugins, "odd", ["odd"], contract=contract)])
    assert f"odd says {contract}, this daemon speaks 1" in error_of(catalog, "odd")


def test_an_older_contract_is_spoken_and_warns(plugins: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "OLDEST_CONTRACT", 2)
    monkeypatch.setattr(hooks, "CONTRACT", 3)
    points = [write(plugins, f"of{version}", [f"of{version}"], contract=str(version)) for version in (1, 2, 3, 4)]
    catalog = load(points)
    assert list(catalog.definitions) == ["of2", "of3"]
    assert "of1 says 1, this daemon speaks 2 to 3" in error_of(catalog, "of1")
    assert "of4 says 4, this daemon speaks 2 to 3" in error_of(catalog, "of4")
    told = {plugin.name: plugin.deprecations for plugin in catalog.plugins if plugin.deprecations}
    assert told == {"of2": ("of2 is written for version 2 of the contract; 3 is the current one",)}


def test_deprecations_are_collected_and_other_warnings_are_not(plugins: Path) -> None:
    source = PLUGIN.format(contract=1, hook="actionsd_definitions", slugs=["old"], kind="Ping")
    source += "\nimport warnings\nfrom actionsd.sdk import ContractDeprecationWarning\n"
    source += "for _ in range(2):\n    warnings.warn('x goes with contract 2', ContractDeprecationWarning)\n"
    (plugins / "old.py").write_text(source + "warnings.warn('of something else', UserWarning)\n")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        with pytest.warns(UserWarning, match="of something else") as others:
            (plugin,) = load([EntryPoint("old", "old", "actionsd")]).plugins
    assert plugin.deprecations == ("x goes with contract 2",)
    assert len(others) == 1


def test_a_plugin_that_wants_to_end_the_process_is_quarantined(plugins: Path) -> None:
    (plugins / "leaving.py").write_text("import sys\nsys.exit('goodbye')")
    assert error_of(load([EntryPoint("leaving", "leaving", "actionsd")]), "leaving") == "SystemExit: goodbye"


def test_a_misspelt_hook_is_an_error(plugins: Path) -> None:
    catalog = load([write(plugins, "typo", ["typo"], hook="actionsd_definition")])
    assert "unknown hook 'actionsd_definition'" in error_of(catalog, "typo")


def test_a_plugin_without_a_hook_is_an_error() -> None:
    module = ModuleType("empty")
    module.actionsd_contract = 1  # type: ignore[attr-defined]
    with pytest.raises(TypeError, match="empty offers no definitions"):
        definitions_of(module)


def test_a_slug_that_is_taken_quarantines_the_later_plugin(plugins: Path) -> None:
    points = [write(plugins, "zeta", ["shared", "own"]), write(plugins, "alpha", ["shared"])]
    catalog = load(points)
    assert list(catalog.definitions) == ["shared"]
    assert error_of(catalog, "zeta") == "the slug 'shared' is taken by alpha"


def test_one_plugin_may_not_bring_a_slug_twice(plugins: Path) -> None:
    assert "the slug 'twice' is taken by" in error_of(load([write(plugins, "twin", ["twice", "twice"])]), "twin")


def test_c9_definitions_are_found_by_slug_name_id_and_segments_slug(plugins: Path) -> None:
    catalog = load([write(plugins, "good", ["acme"])])
    assert {catalog.find(key).slug for key in ("acme", "Acme", "id-acme", "actions-acme")} == {"acme"}
    assert catalog.plugin_of("acme").name == "good"


def test_what_is_not_found_names_the_nearest_or_the_quarantine(plugins: Path) -> None:
    catalog = load([write(plugins, "good", ["acme"]), write(plugins, "bad", ["bad"], contract="7")])
    with pytest.raises(LookupError, match="no definition 'acne' is installed; did you mean 'acme'"):
        catalog.find("acne")
    with pytest.raises(LookupError, match=r"definition 'bad': its plugin bad  ?is quarantined: TypeError"):
        catalog.find("bad")
    with pytest.raises(LookupError, match="installed: none"):
        Catalog([Plugin("p", "p", "1", error="broken")]).plugin_of("x")


def test_what_is_installed_loads() -> None:
    assert [plugin for plugin in load().plugins if plugin.error] == []


def test_only_the_plugin_that_is_asked_for_is_loaded_until_all_are_needed(plugins: Path) -> None:
    for name in ("first", "second"):
        write(plugins, name, [name])
    touch = f"import pathlib\npathlib.Path({str(plugins / 'seen')!r}).touch()\n"
    (plugins / "third.py").write_text(touch + (plugins / "second.py").read_text())
    points = [EntryPoint(name, name, "actionsd") for name in ("first", "third")]
    catalog = load(points)
    assert catalog.find("first").slug == "first"
    assert not (plugins / "seen").exists()
    assert catalog.find("second").slug == "second"  # of a plugin with another name
    assert (plugins / "seen").exists()


def test_two_plugins_of_one_name_are_both_loaded_and_the_second_of_a_slug_is_quarantined(plugins: Path) -> None:
    write(plugins, "one", ["acme"])
    write(plugins, "two", ["acme"])
    catalog = load([EntryPoint("acme", "one", "actionsd"), EntryPoint("acme", "two", "actionsd")])
    assert catalog.find("acme").slug == "acme"
    assert [plugin.error for plugin in catalog.plugins] == ["", "the slug 'acme' is taken by one"]


def test_definitions_are_in_order_however_they_came_to_be_loaded(plugins: Path) -> None:
    catalog = load([write(plugins, "one", ["one"]), write(plugins, "two", ["two"])])
    assert [catalog.find("two").slug, catalog.find("one").slug] == ["two", "one"]
    assert [*catalog.definitions] == ["one", "two"]
