"""Mappings and events made to hurt: they end in a payload or a MappingError, with bounded work."""

import contextlib
from typing import Any

import pytest

from actionsd import mapping
from actionsd.mapping import MappingError

MEGABYTE = 1_000_000


def nested(levels: int, wrap: Any) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = wrap(value)
    return value


@pytest.mark.parametrize(
    ("template", "event"),
    [
        ("{" * MEGABYTE, {}), ("{{{a" * (MEGABYTE // 4), {}), ("{{{x}}}", {"x": "{{a" * (MEGABYTE // 3)}),
        ("a{{x}}" * (MEGABYTE // 6), {"x": "é"}), ("}" * MEGABYTE, {}),
    ],
)  # fmt: skip
def test_large_templates(template: str, event: dict[str, Any]) -> None:
    assert isinstance(mapping.compile_mapping({"@template": template})(event), str)


@pytest.mark.parametrize(
    "path", ["a." * (MEGABYTE // 2), "[" * MEGABYTE, "['a']" * (MEGABYTE // 5), "$." * (MEGABYTE // 2)]
)
def test_large_paths(path: str) -> None:
    assert mapping.compile_mapping({"x": {"@path": path}})({"a": {}}) == {}


def test_ten_thousand_fields() -> None:
    same_prefix = "k" * 40
    fields = {f"{same_prefix}{index}": {"@path": f"$.p.{same_prefix}{index}"} for index in range(10_000)}
    payload = mapping.compile_mapping(fields)({"p": {f"{same_prefix}9999": 1}})
    assert payload == {f"{same_prefix}9999": 1}


def test_a_replacement_that_would_fill_the_memory() -> None:
    options = {"pattern": "a", "replacement": "$`$`$`$`$`", "value": {"@path": "x"}}
    with pytest.raises(MappingError, match="too long a text"):
        mapping.compile_mapping({"@replace": options})({"x": "a" * MEGABYTE})


DIRECTIVES = [
    {"@flatten": {"separator": ".", "value": {"@path": "x"}}}, {"@json": {"mode": "encode", "value": {"@path": "x"}}},
    {"@template": "{{x}}"}, {"@excludeWhenNull": {"@path": "x"}}, {"@liquid": "{{ x }}{{ x | json: 2 }}"},
    {"@merge": {"objects": [{"@path": "x"}], "direction": "left"}}, {"@if": {"blank": {"@path": "x"}, "then": 1}},
]  # fmt: skip


@pytest.mark.parametrize("directive", DIRECTIVES, ids=lambda directive: next(iter(directive)))
@pytest.mark.parametrize("wrap", [lambda value: [value], lambda value: {"a": value}], ids=["arrays", "objects"])
@pytest.mark.parametrize("levels", [200, 20_000])
def test_deep_events(directive: Any, wrap: Any, levels: int) -> None:
    to_payload = mapping.compile_mapping({"f": directive})
    event = {"x": nested(levels, wrap)}
    if levels == 200:
        assert set(to_payload(event)) <= {"f"}
    else:
        with contextlib.suppress(MappingError):
            assert set(to_payload(event)) <= {"f"}


def test_deep_json_text_stays_text() -> None:
    decode = {"@json": {"mode": "decode", "value": {"@path": "x"}}}
    with pytest.raises(MappingError, match="deep"):
        mapping.compile_mapping(decode)({"x": "[" * 100_000})


WRAPS = {
    "objects": lambda value: {"a": value},
    "arrays": lambda value: [value],
    "ifs": lambda value: {"@if": {"exists": value, "then": 1, "else": value}},
    "transforms": lambda value: {"@transform": {"apply": {"a": value}, "mapping": {"b": {"@path": "a"}}}},
    "merges": lambda value: {"@merge": {"objects": [{"a": value}], "direction": "left"}},
    "literals": lambda value: {"@literal": value},
}


@pytest.mark.parametrize("name", WRAPS)
@pytest.mark.parametrize("levels", [30, 5_000])
def test_deep_mappings(name: str, levels: int) -> None:
    levels = min(levels, 8) if name == "ifs" else levels  # it holds its part twice
    fields = {"x": nested(levels, WRAPS[name])}
    if levels > 100:
        with pytest.raises(MappingError, match="nested"):
            mapping.compile_mapping(fields)
    else:
        assert set(mapping.compile_mapping(fields)({})) == {"x"}
