"""Validation: the quick way through msgspec and the walk agree on every value; structure survives."""

from contextlib import suppress
from typing import Any
from unittest import mock

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionsd.sdk import PayloadValidationError, payload_type, plain, validate, walk

KINDS = ("string", "number", "integer", "boolean", "datetime", "object", "text")
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.sampled_from([0.0, 5.5, 1e21, -2.0]),
    st.sampled_from(["", "a", "5", " 5 ", "true", "0x10", "2024-05-14", "2024-05-14T10:20:30.456Z", "x@y.zz"]),
)  # fmt: skip
KEYS = ("a", "b", "c")


@st.composite
def specs(draw: st.DrawFn, depth: int = 0) -> dict[str, Any]:
    """A field in the catalogue's form."""
    spec: dict[str, Any] = {"type": draw(st.sampled_from(KINDS)), "label": draw(st.sampled_from(["", "Label"]))}
    for option in ("multiple", "required", "allowNull"):
        if draw(st.integers(0, 3)) == 0:
            spec[option] = True
    if spec["type"] == "object" and depth < 2 and draw(st.booleans()):
        spec["properties"] = draw(st.dictionaries(st.sampled_from(KEYS), specs(depth=depth + 1), min_size=1))
        spec["additionalProperties"] = draw(st.booleans())
    elif spec["type"] == "string" and draw(st.integers(0, 3)) == 0:
        spec |= draw(st.sampled_from([{"choices": ["a", "5"]}, {"format": "email"}, {"minimum": 2, "maximum": 3}]))
    elif spec["type"] == "number" and draw(st.integers(0, 3)) == 0:
        spec |= {"minimum": 2, "maximum": 5}
    return spec


VALUES = st.dictionaries(
    st.sampled_from((*KEYS, "undeclared")),
    st.recursive(
        SCALARS,
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner, max_size=3)),
        max_leaves=6,
    ),
)


def outcome(check: walk.ObjectWalk, value: Any) -> Any:
    errors: list[str] = []
    result = check(value, "", "", errors)
    return errors or msgspec.json.encode(result)


@given(
    fields=st.dictionaries(st.sampled_from(KEYS), specs(), min_size=1),
    values=st.lists(VALUES, min_size=1, max_size=3),
    batch=st.booleans(),
)
def test_the_quick_way_and_the_walk_agree(fields: dict[str, Any], values: list[dict[str, Any]], batch: bool) -> None:
    """The quick way learns which fields are given other types, so one check sees several values."""
    struct = payload_type(fields)
    with mock.patch.object(walk.ObjectWalk, "_first", return_value=None):
        slow = [outcome(walk.ObjectWalk(struct, root=True, drop_empty=not batch), value) for value in values]
    quick = walk.ObjectWalk(struct, root=True, drop_empty=not batch)
    assert [outcome(quick, value) for value in [*values, *values]] == [*slow, *slow]


@given(fields=st.dictionaries(st.sampled_from(KEYS), specs(), min_size=1), value=VALUES)
def test_validation_never_changes_its_argument_and_is_stable(fields: dict[str, Any], value: dict[str, Any]) -> None:
    struct = payload_type(fields)
    before = msgspec.json.encode(value)
    with suppress(PayloadValidationError):
        first = plain(validate(struct, value))
        assert plain(validate(struct, first, batch=True)) == first  # alone, a "" made of [None] would go
    assert msgspec.json.encode(value) == before


def test_c3_numbers_stay_what_they_are() -> None:
    struct = payload_type({"n": {"type": "number"}, "t": {"type": "datetime"}})
    made: Any = validate(struct, {"n": 5, "t": "2024-05-14"})
    assert (made.n, type(made.n), made.t) == (5, int, "2024-05-14")


def test_nested_requirements_of_an_object_with_conditions_are_dropped_as_upstream() -> None:
    condition = {"conditions": [{"fieldKey": "o.m", "operator": "is", "value": "x"}]}
    inner = {"k": {"type": "string", "required": condition}, "m": {"type": "string", "required": True}}
    struct = payload_type({"o": {"type": "object", "properties": inner}})
    assert plain(validate(struct, {"o": {}})) == {"o": {}}


def test_a_value_that_is_no_object_is_named() -> None:
    with pytest.raises(PayloadValidationError, match="The root value must be an object but it was a string"):
        validate(payload_type({"a": {"type": "string"}}), "text")
