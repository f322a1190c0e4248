"""The Python that a mapping becomes."""

import ast
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionsd import mapping
from actionsd.mapping import UNDEFINED, MappingError, operations, program


def names_and_texts(source: str) -> tuple[set[str], set[str]]:
    nodes = list(ast.walk(ast.parse(source)))
    texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {node.id for node in nodes if isinstance(node, ast.Name)}, texts


@given(st.text(min_size=1).filter(lambda text: not text.startswith("@")))
def test_nothing_of_a_mapping_is_text_in_the_source(text: str) -> None:
    fields = {text: {"@path": text}, "t": {"@template": text + "{{a}}"}, "l": [text, {text: {"@literal": text}}]}
    _, texts = names_and_texts(mapping.source(fields))
    assert texts <= {""}
    assert isinstance(mapping.compile_mapping(fields)({}), dict)


@pytest.mark.parametrize(
    "key", ["c", "k_a", "c_1", "event", "v", "item", "item_1", "class", "fill", "text", "UNDEFINED", "None"]
)
def test_keys_can_not_hide_the_names_of_the_code(key: str) -> None:
    fields = {
        key: {"@path": f"$.{key}.{key}.a"},
        "n": None,
        "t": {"@template": f"{{{{{key}.b}}}}|{{{{{key}.{key}.a}}}}"},
    }
    fields["l"] = {"@arrayPath": [f"$.{key}.l", {key: {"@path": f"$.{key}.a"}, "one": 1}]}
    event = {key: {key: {"a": 5}, "b": "x", "l": [{key: {"a": 6}}]}}
    expected = {key: 5, "n": None, "t": "x|5", "l": [{key: 6, "one": 1}]}
    assert mapping.compile_mapping(fields)(event) == expected


def test_containers_are_read_once() -> None:
    source = mapping.source({"a": {"@path": "$.p.q.x"}, "b": {"@path": "$.p.q.y"}, "c": {"@template": "{{p.z}}"}})
    assert source.count(".get(k_p,") == source.count(".get(k_q,") == 1


def test_a_branch_that_is_not_taken_does_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    rendered: list[str] = []

    def record(template: str, payload: Any, where: str) -> str:
        rendered.append(template)
        return template

    monkeypatch.setitem(program.HELPERS, "liquid", record)
    fields = {"a": {"@if": {"exists": {"@path": "$.x"}, "then": {"@liquid": "then"}, "else": {"@liquid": "else"}}}}
    to_payload = mapping.compile_mapping(fields)
    assert to_payload({"x": 1}) == {"a": "then"}
    assert rendered == ["then"]


def test_two_payloads_share_nothing_of_the_mapping() -> None:
    to_payload = mapping.compile_mapping({"a": {"b": [1]}, "c": {"@literal": {"d": {}}}})
    first = to_payload({})
    first["a"]["b"].append(2)
    first["c"]["d"]["e"] = 3
    assert to_payload({}) == {"a": {"b": [1]}, "c": {"d": {}}}


def test_deep_parts_become_functions_of_their_own() -> None:
    value: Any = {"@path": "$.x"}
    for _ in range(100):
        value = {"@if": {"exists": {"@path": "$.no"}, "else": value}}
    assert mapping.compile_mapping({"a": value})({"x": 1}) == {"a": 1}
    assert "def part_1(part):" in mapping.source({"a": value})


@pytest.mark.parametrize(
    ("fields", "event", "payload"),
    [
        # The failing branch of a nested @if is reached only where its condition holds.
        ({"a": {"@if": {"exists": {"@path": "x"}, "then": [{"@if": {"exists": 0}}], "else": "e"}}}, {}, {"a": "e"}),
        # Gaps: an undefined member overwrites in a merge, an undefined item is null at the end.
        ({"@merge": {"direction": "right", "objects": [{"a": 1}, {"a": {"@path": "x"}}]}}, {}, {}),
        (
            {"@merge": {"direction": "left", "objects": [{"@excludeWhenNull": {"@path": ""}}, {"@path": ""}]}},
            {"a": None, "b": 1},
            {"b": 1},
        ),
        ({"a": [{"@path": "x"}, {"@path": "y"}]}, {"y": 2}, {"a": [None, 2]}),
        (
            {
                "@transform": {
                    "apply": {"l": [{"@path": "x"}, 1]},
                    "mapping": {"a": {"@path": "l[0]"}, "b": {"@path": "l"}},
                }
            },
            {},
            {"b": [None, 1]},
        ),
        ({"a": {"@arrayPath": ["l", {"@path": "x"}]}}, {"l": [{"x": 1}, {}]}, {"a": [1, None]}),
        (
            {"a": {"@excludeWhenNull": {"@if": {"exists": {"@path": "c.c.a"}, "then": None, "else": None}}}},
            {"c": None},
            {},
        ),
        (
            {"a": {"@transform": {"apply": {"@path": "x"}, "mapping": {"@template": "[{{.}}]"}}}},
            {},
            {"a": "[[object Object]]"},
        ),
    ],
)
def test_payloads(fields: Any, event: Any, payload: Any) -> None:
    assert mapping.compile_mapping(fields)(event) == payload


def test_an_undefined_result() -> None:
    assert mapping.compile_mapping({"@path": "$.x"})({}) is UNDEFINED
    assert mapping.apply_batch({"@path": "$.x"}, [{"x": 1}, {}]) == [1, None]


@pytest.mark.parametrize("event", [None, [], "x", 1, True])
def test_an_event_is_an_object(event: Any) -> None:
    with pytest.raises(MappingError, match="data must be an object, got"):
        mapping.compile_mapping({"a": 1})(event)
    assert mapping.apply_batch({"a": 1}, [event]) == [{"a": 1}]


def test_c12_an_absent_event_is_an_empty_one() -> None:
    fields = {
        "a": {"@path": "$.x.y"},
        "b": {"@path": ""},
        "c": {"@transform": {"apply": {"d": 1}, "mapping": {"@path": ""}}},
    }
    assert mapping.compile_mapping(fields)(UNDEFINED) == {"b": {}, "c": {"d": 1}}
    assert mapping.apply_batch(fields, UNDEFINED) == []
    assert mapping.get({"a": 1}, UNDEFINED) is UNDEFINED
    assert mapping.render("[{{a}}{{.}}]") == "[[object Object]]"


def test_helpers_are_pure() -> None:
    assert operations.copy({"a": [1]}) == {"a": [1]}
    assert program.HELPERS["__builtins__"] == {}
