"""What a mapping may not be, told all at once."""

from typing import Any

import pytest

from actionsd import mapping
from actionsd.mapping import MappingError
from actionsd.mapping.validation import MAX_DEPTH


def problems(fields: Any) -> list[tuple[str, str]]:
    with pytest.raises(MappingError) as caught:
        mapping.compile_mapping(fields)
    assert str(caught.value) == "\n".join(problem.message for problem in caught.value.errors)
    return [(problem.path, problem.message) for problem in caught.value.errors]


def test_all_problems_are_found_each_with_its_path() -> None:
    found = problems({
        "a": {"@path": 1},
        "b": {"c": {"@nope": 1}},
        "d": {"@replace": {"pattern": "x" * 11, "value": 7, "global": "no"}},
        "e": {"@path": "$.x", "z": 1, "_metadata": {}},
    })  # fmt: skip
    assert [path for path, _ in found] == [
        "/a/@path", "/b/c", "/d/@replace/pattern", "/d/@replace/value", "/d/@replace/global", "/e",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"@if": []}, "/@if should be an object but it is an array."),
        ({"@if": {"exists": {"@oops": {}}}}, "/@if/exists has an invalid directive: @oops."),
        ({"a": {"@case": {"operator": 1}}}, "/a/@case/operator should be a string but it is a number."),
        ({"@json": {"mode": "both", "value": 1}}, '/@json/mode should be one of encode, decode but it is "both".'),
        ({"@merge": {}}, '/@merge should have field "objects" but it doesn\'t.'),
        ({"@replace": {"pattern": "", "value": "x"}}, "/@replace/pattern should be a string of length 1 or greater."),
        ({"@path": "$.a", "@case": {}}, "/ should only have one @-prefixed key but it has 2 keys."),
        ({"@liquid": {"@path": "a"}}, "/@liquid should be a string but it is a directive."),
        ({"@arrayPath": []}, "/@arrayPath should be a string or a mapping directive but it is an undefined."),
    ],
)
def test_one_problem(fields: Any, message: str) -> None:
    assert [text for _, text in problems(fields)] == [message]


def test_a_problem_in_a_merged_object_has_its_whole_path() -> None:
    [(path, message)] = problems({"a": {"@merge": {"objects": [{}, {"b": {"@path": 3}}, 1]}}})
    assert path == "/a/@merge/objects/1/b/@path"
    assert message == "/b/@path should be a string or a mapping directive but it is a number."


def test_lengths_are_counted_in_utf_16_units() -> None:
    emoji = {"@replace": {"pattern": "😀" * 5, "value": "x"}}
    mapping.validate(emoji)
    [(path, _)] = problems({"@replace": {"pattern": "😀" * 6, "value": "x"}})
    assert path == "/@replace/pattern"


@pytest.mark.parametrize("fields", [{"a": [{"@nope": 1}]}, {"a": {"@literal": {"x": {"@nope": 1}}}}])
def test_arrays_and_literals_are_looked_into_only_when_they_are_needed(fields: Any) -> None:
    mapping.validate(fields)
    with pytest.raises(MappingError, match="@nope is not a valid directive, got undefined"):
        mapping.compile_mapping(fields)({})


@pytest.mark.parametrize(
    ("root", "message"),
    [({}, "must be an object"), ({"@transform": "x"}, "must be an object"), ("x", "must be an object"),
     ({"@transform": {}, "@merge": {}}, "a single directive")],
)  # fmt: skip
def test_the_root_directive(root: Any, message: str) -> None:
    assert message in problems({"__segment_internal_directive": root, "a": 1})[0][1]


def test_a_mapping_may_be_deep_but_not_without_end() -> None:
    def nested(levels: int) -> Any:
        value: Any = {"@path": "$.x"}
        for _ in range(levels):
            value = {"a": value}
        return value

    payload = mapping.compile_mapping(nested(MAX_DEPTH - 2))({"x": 1})
    for _ in range(MAX_DEPTH - 2):
        payload = payload["a"]
    assert payload == 1
    assert "at most 256 levels" in problems(nested(100_000))[0][1]
