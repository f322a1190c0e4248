"""Field keys that nest, reserved keys, and the paths that fields use."""

from typing import Any

import pytest

from actionsd import mapping
from actionsd.mapping import MappingError, Reserved


@pytest.mark.parametrize(
    ("fields", "expanded"),
    [
        ({"info.name": 1, "info.age": 2}, {"info": {"name": 1, "age": 2}}),
        ({"info[0].email": "a", "info[1].email": "b"}, {"info": [{"email": "a"}, {"email": "b"}]}),
        ({'"user.email"': 1, 'a."b.c"': 2}, {"user.email": 1, "a": {"b.c": 2}}),
        ({"m[0][1]": "b", "m[0][0]": "a"}, {"m": [["a", "b"]]}),
        ({"info": {"a": 1}, "info.b": 2}, {"info": {"a": 1, "b": 2}}),
        (
            {"x": {"y.z": {"@path": "a.b"}}, "l": [{"p.q": 1}]},
            {"x": {"y": {"z": {"@path": "a.b"}}}, "l": [{"p": {"q": 1}}]},
        ),
        ({"@path": "a.b"}, {"@path": "a.b"}),
        ({"a..b": 1, "": 2, "[0]": 3, 'a"b': 4, "a[x]": 5}, {"a..b": 1, "": 2, "[0]": 3, 'a"b': 4, "a[x]": 5}),
    ],
)
def test_keys_with_dots_and_indexes_nest(fields: dict[str, Any], expanded: dict[str, Any]) -> None:
    before = repr(fields)
    assert mapping.expand_keys(fields) == expanded
    assert repr(fields) == before


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"a": 1, "a.b": 2}, "/a.b can't be built from its keys: another key gives it a value."),
        ({"a": {"@path": "x"}, "a.b": 2}, "another key gives it a value"),
        ({"a.b": 1, "a": {"b": 2}}, "two keys give it a value"),
        ({"a[0]": 1, "a.b": 2}, "both indexes and names"),
        ({"a[4294967295]": 1}, "from 0 without a gap"),
    ],
)
def test_keys_that_contradict_each_other(fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(MappingError, match=reason.replace("(", r"\(")) as caught:
        mapping.expand_keys(fields)
    assert caught.value.errors[0].path.startswith("/a")


def test_c08_reserved_keys_are_taken_out() -> None:
    fields = {"__segment_internal_sync_mode": "add", "__segment_internal_matching_key": "id", "batch_size": 5, "id": 1}
    assert mapping.split_reserved(fields) == ({"batch_size": 5, "id": 1}, Reserved("add", "id"))
    assert mapping.split_reserved({"id": 1}) == ({"id": 1}, Reserved())


def test_paths_that_fields_use() -> None:
    fields = {
        "a": {"@if": {"exists": {"@path": "$.x"}, "else": {"@template": "{{ y }}-{{{z}}}"}}},
        "b": {"@arrayPath": ["$.items", {"c": {"@path": "$.id"}}]},
        "d": [{"@liquid": "{{ properties.n | upcase }}{{ 'x' }}"}, "$.no"],
        "e": {"@merge": {"objects": [{"@path": "$.o"}], "direction": "left"}},
    }
    assert mapping.field_paths(fields) == ["$.x", "y", "z", "$.items", "$.id", "properties.n", "$.o"]
