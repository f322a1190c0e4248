import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionsd.filters import FilterError, compile_transformers
from actionsd.filters.edit import MAX_GAP

EVENT = {"a": {"b": 1, "n": None, "l": [{"x": 1}, {"x": 2}]}, "s": "text", "zero": 0}


def mapped(**fields: dict[str, Any]) -> Any:
    config = {path.replace("__", "."): actions for path, actions in fields.items()}
    return compile_transformers([{"type": "map_properties", "config": {"map": config}}])(EVENT)


@pytest.mark.parametrize(
    ("fields", "changed"),
    [
        ({"new": {"copy": "a.b"}}, {"new": 1}),
        ({"new": {"move": "s"}}, {"new": "text", "s": ...}),
        ({"new": {"move": "zero"}}, {"new": 0}),  # what is not truthy is left behind, as in Segment's library
        ({"new": {"copy": "missing"}}, {}),
        ({"new": {"set": None}}, {"new": None}),
        ({"a": {"set": 1}, "new": {"copy": "a"}}, {"a": 1, "new": EVENT["a"]}),  # read as it was before the map
        ({"zero": {"to_string": True}}, {"zero": "0"}),
        ({"missing": {"to_string": True}}, {"missing": "undefined"}),
        ({"a": {"to_string": True}}, {}),
        ({"s__deeper": {"set": 1}}, {}),
        ({"a__l__1__x": {"set": 5}}, {"a": {"b": 1, "n": None, "l": [{"x": 1}, {"x": 5}]}}),
        ({"a__l__2": {"copy": "s"}}, {"a": {"b": 1, "n": None, "l": [{"x": 1}, {"x": 2}, "text"]}}),
    ],
)
def test_maps(fields: dict[str, Any], changed: dict[str, Any]) -> None:
    before = copy.deepcopy(EVENT)
    expected = {key: member for key, member in (EVENT | changed).items() if member is not ...}
    assert mapped(**fields) == expected
    assert before == EVENT


def test_a_field_of_null_cannot_be_set() -> None:
    with pytest.raises(FilterError, match="cannot set 'x' of null"):
        mapped(a__n__x={"set": 1})


def test_an_index_far_behind_the_end_makes_no_huge_array() -> None:
    assert len(mapped(**{f"a__l__{MAX_GAP + 2}": {"set": 1}})["a"]["l"]) == MAX_GAP + 3
    assert mapped(a__l__4294967294={"set": 1}) == EVENT


@pytest.mark.parametrize(
    ("transformer", "reason"),
    [
        ({"type": "nope"}, "unknown type of transformer 'nope'"),
        ({}, "unknown type of transformer None"),
        ({"type": "drop_properties"}, "drop_properties: expected an object at config.drop, found None"),
        ({"type": "sample_event", "config": {"sample": {}}}, "expected a number at percent, found None"),
    ],
)
def test_malformed_transformers_are_refused(transformer: dict[str, Any], reason: str) -> None:
    with pytest.raises(FilterError, match=reason):
        compile_transformers([transformer])


JSON = st.recursive(
    st.none() | st.integers(-1, 2) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(("a", "b", "0")), inner, max_size=3),
    max_leaves=10,
)
PATHS = st.lists(st.sampled_from(("a", "b", "0", "1", "length")), min_size=1, max_size=3).map(".".join)
ACTIONS = st.fixed_dictionaries({}, optional={"copy": PATHS, "move": PATHS, "set": JSON, "to_string": st.booleans()})


@given(JSON, st.dictionaries(PATHS, ACTIONS, max_size=3))
def test_maps_change_no_event(event: Any, fields: dict[str, Any]) -> None:
    before = copy.deepcopy(event)
    transform = compile_transformers([{"type": "map_properties", "config": {"map": fields}}])
    problem = ""
    try:
        transform(event)
    except FilterError as error:
        problem = str(error)
    assert event == before
    assert "of null" in problem or not problem
