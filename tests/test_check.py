"""The config against what is installed: every problem at once, and what passes is ready for the store."""

from pathlib import Path

import pytest

from actionsd import catalog, check, settings
from actionsd.errors import ConfigError

HEAD = """
[[sources]]
slug = "website"
write_keys = ["k"]
[[destinations]]
slug = "hook"
source = "website"
definition = "webhook"
"""
MAPPING = """
[[destinations.mappings]]
name = "All"
action = "send"
trigger = 'type = "track"'
fields = { url = "https://example.test", method = "POST" }
"""


@pytest.fixture(scope="module")
def installed() -> catalog.Catalog:
    return catalog.load()


def prepared(tmp_path: Path, installed: catalog.Catalog, text: str) -> settings.DestinationDecl:
    path = tmp_path / "actionsd.toml"
    path.write_text(text)
    (made,) = check.prepare(settings.load(path), installed, path).destinations
    return made


def problems(tmp_path: Path, installed: catalog.Catalog, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        prepared(tmp_path, installed, text)
    return [problem.removeprefix(str(tmp_path / "actionsd.toml")) for problem in caught.value.problems]


def test_what_is_fine_passes_as_it_is(tmp_path: Path, installed: catalog.Catalog) -> None:
    (mapping,) = prepared(tmp_path, installed, HEAD + MAPPING).mappings
    assert mapping.trigger == 'type = "track"'
    assert mapping.fields == {"url": "https://example.test", "method": "POST"}


def test_omitted_trigger_and_fields_are_the_actions_defaults(tmp_path: Path, installed: catalog.Catalog) -> None:
    text = HEAD.replace('"webhook"', '"file"\nsettings = { path = "x" }')
    (mapping,) = prepared(tmp_path, installed, text + '[[destinations.mappings]]\nname="m"\naction="write"').mappings
    action = installed.find("file").actions["write"]
    assert mapping.trigger == action.trigger
    assert mapping.fields == action.default_mapping


def test_f119_dotted_field_keys_are_expanded_once(tmp_path: Path, installed: catalog.Catalog) -> None:
    text = MAPPING.replace('method = "POST"', 'method = "POST", "data.a.b" = 1, "data.\\"c.d\\"" = 2')
    (mapping,) = prepared(tmp_path, installed, HEAD + text).mappings
    assert mapping.fields is not None
    assert mapping.fields["data"] == {"a": {"b": 1}, "c.d": 2}


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            'source = "website"',
            'source = "web"',
            ':7: destinations[0].source: no source "web"; did you mean "website"?',
        ),
        (
            '"webhook"',
            '"webhok"',
            ":8: destinations[0].definition: no definition 'webhok' is installed; did you mean 'webhook'?",
        ),
        (
            '"webhook"',
            '"webhook"\nsettings = { sharedScret = "x" }',
            ':9: destinations[0].settings: webhook has no setting "sharedScret"; did you mean "sharedSecret"?',
        ),
        (
            'action = "send"',
            'action = "sned"',
            ':12: destinations[0].mappings[0].action: webhook has no action "sned"; did you mean "send"?',
        ),
        (
            'fields = { url = "https://example.test", ',
            "fields = { ",
            ':14: destinations[0].mappings[0].fields: send requires the field "url" (URL)',
        ),
        ('"https://example.test"', '{ "@path" = 5 }', None),
        ("'type = \"track\"'", "'type ='", None),
        (
            'name = "All"',
            'name = "All"\nsync_mode = "add"',
            ":12: destinations[0].mappings[0].sync_mode: send knows none",
        ),
        ('"webhook"', '"webhook"\nfilters = [{ if = "type =", actions = [{ type = "drop" }] }]', None),
    ],
)
def test_a_problem_is_named_with_its_place(
    tmp_path: Path, installed: catalog.Catalog, old: str, new: str, problem: str | None
) -> None:
    found = problems(tmp_path, installed, (HEAD + MAPPING).replace(old, new, 1))
    assert len(found) == 1
    assert found[0].startswith(":")
    assert "destinations[0]." in found[0]
    assert problem is None or found == [problem]


def test_r21_all_problems_come_at_once(tmp_path: Path, installed: catalog.Catalog) -> None:
    wrong = MAPPING.replace('"send"', '"sned"') + MAPPING.replace('"All"', '"Two"').replace(
        "'type = \"track\"'", "'type ='"
    )
    found = problems(tmp_path, installed, HEAD.replace('source = "website"', 'source = "x"') + wrong)
    assert [problem.split(": ")[1] for problem in found] == [
        "destinations[0].source",
        "destinations[0].mappings[0].action",
        "destinations[0].mappings[1].trigger",
    ]


def test_a_source_that_the_file_does_not_declare_may_be_known(tmp_path: Path, installed: catalog.Catalog) -> None:
    path = tmp_path / "actionsd.toml"
    path.write_text(HEAD.replace('source = "website"', 'source = "made-elsewhere"') + MAPPING)
    made = check.prepare(settings.load(path), installed, path, sources=["made-elsewhere"])
    assert made.destinations[0].source == "made-elsewhere"
