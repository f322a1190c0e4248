"""Two JSON values, field by field."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionsd.differences import ABSENT, Difference, differences

values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=1), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ({"a": {"b": [1, {"c": 2}]}}, {"a": {"b": [1, {"c": 3}]}}, [("a.b[1].c", 2, 3)]),
        ({"a": None}, {}, [("a", None, ABSENT)]),
        ([1], [1, 2], [("[1]", ABSENT, 2)]),
        (1, 1.0, []),
        (1, True, [("", 1, True)]),
        ({"a": 1}, [1], [("", {"a": 1}, [1])]),
    ],
)
def test_a_difference_is_told_at_its_deepest_place(before: Any, after: Any, found: list[Any]) -> None:
    assert [*differences(before, after)] == [Difference(*each) for each in found]


@given(values, values)
def test_equal_values_have_none_and_the_way_back_is_the_same(before: Any, after: Any) -> None:
    assert [*differences(before, before)] == []
    there, back = [*differences(before, after)], [*differences(after, before)]
    assert {each.path: (each.before, each.after) for each in there} == {
        each.path: (each.after, each.before) for each in back
    }
