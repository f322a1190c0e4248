"""What holds for every mapping: compiled code equals the interpreter, and compiling refuses or succeeds, no more."""

import copy
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actionsd import mapping
from actionsd.mapping import UNDEFINED, MappingError
from actionsd.sdk import js
from support.mapping_interpreter import NotAnObject, interpret

KEYS = st.sampled_from(["a", "b", "c", "0", "1", "length", "10"])
TEXTS = st.sampled_from(["", "a", "1", "ab A", "é", "😀", "{x}", '{"a":[1.0]}', "null", " "])
SCALARS = st.one_of(st.none(), st.booleans(), st.sampled_from([0, 1, -2, 1.5, 5.0, 1e21, 1e-7]), TEXTS)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3))
EVENTS = st.dictionaries(KEYS, VALUES, max_size=5)
PATHS = st.lists(KEYS, max_size=4).map(lambda keys: "$." + ".".join(keys))
TEMPLATES = st.lists(st.one_of(st.sampled_from(["", "x ", "😀"]), KEYS.map(lambda key: f"{{{{{key}}}}}"))).map("".join)


def directives(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    objects = st.dictionaries(KEYS, inner, max_size=3)
    text = st.one_of(PATHS.map(lambda path: {"@path": path}), TEXTS.filter(bool))
    value = inner.filter(js.truthy)
    return st.one_of(
        PATHS.map(lambda path: {"@path": path}),
        TEMPLATES.map(lambda template: {"@template": template}),
        st.builds(lambda e, t, o: {"@if": {"exists": e, "then": t, "else": o}}, value, inner, inner),
        st.builds(lambda e, o: {"@if": {"exists": e, "then": e, "else": o}}, value, inner),
        st.builds(lambda b, t: {"@if": {"blank": b, "then": t}}, value, inner),
        st.builds(lambda o, v: {"@case": {"operator": o, "value": v}}, st.sampled_from(["lower", "upper"]), text),
        st.builds(
            lambda p, r, i, v: {"@replace": {"pattern": p, "replacement": r, "ignorecase": i, "value": v}},
            st.sampled_from(["a", "A", "1", "😀"]), st.sampled_from(["", "$&$$", "x"]), st.booleans(), text,
        ),
        st.builds(lambda root, shape: {"@arrayPath": [root, shape]}, PATHS, objects.filter(bool)),
        st.builds(
            lambda o, d: {"@merge": {"objects": o, "direction": d}},
            st.lists(objects | PATHS.map(lambda path: {"@path": path}), max_size=3), st.sampled_from(["left", "right"]),
        ),
        st.builds(lambda a, m: {"@transform": {"apply": a, "mapping": m}}, objects, objects),
        st.builds(lambda v: {"@flatten": {"separator": ".", "value": v}}, inner),
        st.builds(lambda m, v: {"@json": {"mode": m, "value": v}}, st.sampled_from(["encode", "decode"]), value),
        inner.map(lambda value: {"@literal": value}),
        inner.map(lambda value: {"@excludeWhenNull": value}),
    )  # fmt: skip


MAPPINGS = st.dictionaries(
    KEYS,
    st.recursive(
        SCALARS | directives(SCALARS),
        lambda inner: directives(inner) | st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=3),
        max_leaves=12,
    ),
    max_size=4,
)
ANY_JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from([*mapping.validation.CHECKS, "@nope", "a", "value", "objects", "exists", "_metadata", ""]),
        inner, max_size=3,
    ),
    max_leaves=20,
)  # fmt: skip


@given(MAPPINGS, EVENTS)
@settings(max_examples=400, deadline=None)
def test_a_compiled_mapping_equals_the_interpreter(fields: Any, event: Any) -> None:
    before = copy.deepcopy(event)
    to_payload = mapping.compile_mapping(fields)
    try:
        expected = interpret(fields, event)
    except NotAnObject:
        with pytest.raises(MappingError, match="data must be an object"):
            to_payload(event)
        return
    compiled = to_payload(event)
    assert (compiled is UNDEFINED) == (expected is UNDEFINED)
    assert js.stringify(compiled) == js.stringify(expected)
    assert event == before


@given(ANY_JSON, EVENTS)
@settings(max_examples=300, deadline=None)
def test_any_json_compiles_or_is_refused_with_its_errors(fields: Any, event: Any) -> None:
    errors: tuple[mapping.Problem, ...] = ()
    payload = UNDEFINED
    try:
        payload = mapping.compile_mapping(fields)(event)
    except MappingError as error:
        errors = error.errors
    assert all(problem.path.startswith("/") and problem.message for problem in errors)
    assert payload is UNDEFINED or isinstance(js.stringify(payload), str)


@given(MAPPINGS, st.lists(EVENTS, max_size=3))
@settings(max_examples=50, deadline=None)
def test_a_batch_equals_its_events_one_by_one(fields: Any, events: Any) -> None:
    to_payload = mapping.compile_mapping(fields)
    try:
        one_by_one = [to_payload(event) for event in events]
    except MappingError as error:
        with pytest.raises(MappingError, match=re.escape(str(error))):
            mapping.apply_batch(fields, events)
    else:
        assert js.stringify(mapping.apply_batch(fields, events)) == js.stringify(one_by_one)
