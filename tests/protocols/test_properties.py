"""What holds for all plans and transformations: no event is changed, compiled equals plain, stricter blocks more."""

import copy
from typing import Any

from hypothesis import given, reject
from hypothesis import strategies as st

from actionsd.protocols import (
    Enforcement,
    ProtocolsError,
    Verdict,
    compile_plan,
    compile_transformations,
    read_filters,
    read_settings,
)
from support import protocols_interpreter as plain

NAMES = st.sampled_from(("a", "b", "c"))
SCALARS = st.none() | st.booleans() | st.sampled_from((0, 1, 2.5)) | st.text("xy", max_size=2)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=6
)
MEMBERS = st.dictionaries(NAMES, VALUES, max_size=3)
EVENT_NAMES = st.sampled_from(("E", "F"))
CONTEXTS = st.fixed_dictionaries(
    {}, optional={"a": SCALARS, "protocols": st.fixed_dictionaries({}, optional={"event_version": st.integers(0, 3)})}
)
EVENTS = st.one_of(
    st.fixed_dictionaries(
        {"type": st.just("track"), "event": EVENT_NAMES}, optional={"properties": MEMBERS, "context": CONTEXTS}
    ),
    st.fixed_dictionaries(
        {"type": st.sampled_from(("page", "screen")), "name": EVENT_NAMES}, optional={"properties": MEMBERS}
    ),
    st.fixed_dictionaries(
        {"type": st.sampled_from(("identify", "group"))}, optional={"traits": MEMBERS, "context": CONTEXTS}
    ),
)


def schemas(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(("object", "array", "string", "number", "integer", "boolean", "null")),
            "enum": st.lists(st.sampled_from(("x", 2.5, None)), min_size=1, unique=True),
            "minimum": st.integers(0, 2),
            "maxLength": st.integers(0, 1),
            "properties": st.dictionaries(NAMES, inner, max_size=2),
            "required": st.lists(NAMES, max_size=2, unique=True),
            "additionalProperties": st.booleans(),
            "items": inner,
            "allOf": st.lists(inner.filter(lambda schema: "allOf" not in schema), min_size=1, max_size=2),
        },
    )


SCHEMAS = st.recursive(st.just({}), schemas, max_leaves=5)
RULE_SCHEMAS = st.fixed_dictionaries(
    {},
    optional={
        "properties": st.fixed_dictionaries({}, optional={"properties": SCHEMAS, "traits": SCHEMAS}),
        "required": st.lists(st.sampled_from(("properties", "traits", "context")), max_size=1),
    },
)
RULES = st.lists(
    st.builds(
        lambda what, version, schema: {"type": what[0], "key": what[1], "version": version, "jsonSchema": schema},
        st.sampled_from(
            (("TRACK", "E"), ("TRACK", "E"), ("PAGE", "E"), ("PAGE", None), ("IDENTIFY", None), ("COMMON", None))
        ),
        st.integers(0, 2),
        RULE_SCHEMAS,
    ),
    max_size=4,
    unique_by=lambda rule: (rule["type"], rule["key"], rule["version"]),
)


def _settings(booleans: list[str], omit: str) -> st.SearchStrategy[dict[str, Any]]:
    common = st.sampled_from(("ALLOW", "BLOCK", omit))
    return st.fixed_dictionaries(
        {}, optional=dict.fromkeys(booleans, st.booleans()) | {"commonEventOnViolations": common}
    )


TRACK = [
    "allowUnplannedEvents",
    "allowUnplannedEventProperties",
    "allowEventOnViolations",
    "allowPropertiesOnViolations",
]
TRAITS = _settings(["allowUnplannedTraits", "allowTraitsOnViolations"], "OMIT_TRAITS")
SETTINGS = st.fixed_dictionaries(
    {}, optional={"track": _settings(TRACK, "OMIT_PROPERTIES"), "identify": TRAITS, "group": TRAITS}
)
FILTERS = st.fixed_dictionaries(
    {}, optional={"track": st.lists(st.just("F")), "page": st.lists(EVENT_NAMES), "identifyTraits": st.lists(NAMES)}
)


def judged(settings: Any, filters: Any, rules: Any, event: Any) -> Verdict:
    return Enforcement(read_settings(settings), read_filters(filters), compile_plan(rules))(event)


def without_note(event: dict[str, Any] | None, original: dict[str, Any]) -> dict[str, Any] | None:
    """The event with ``context`` as it was, as the interpreter writes no notes there."""
    if event is None or event.get("context") == original.get("context"):
        return event
    assert "sourceId" in event["context"]["protocols"]
    rest = {key: value for key, value in event.items() if key != "context"}
    return rest | ({"context": original["context"]} if "context" in original else {})


@given(SETTINGS, FILTERS, RULES, EVENTS)
def test_enforcement_does_what_the_interpreter_does_and_changes_no_event(
    settings: Any, filters: Any, rules: Any, event: Any
) -> None:
    before = copy.deepcopy(event)
    verdict = judged(settings, filters, rules, event)
    assert event == before
    expected, reason, found = plain.enforce(settings, filters, rules, event)
    assert (without_note(verdict.event, event), verdict.reason) == (expected, reason)
    assert {(violation.path, violation.keyword) for violation in verdict.violations} == found
    assert (verdict.event is None) == bool(verdict.reason)


@given(SETTINGS, RULES, EVENTS, st.sampled_from(("allowUnplannedEvents", "allowEventOnViolations")))
def test_what_is_blocked_stays_blocked_under_a_stricter_setting(
    settings: Any, rules: Any, event: Any, setting: str
) -> None:
    stricter = settings | {"track": settings.get("track", {}) | {setting: False}}
    if judged(settings, {}, rules, event).event is None:
        assert judged(stricter, {}, rules, event).event is None


@given(SETTINGS, FILTERS, RULES, EVENTS)
def test_omitting_adds_nothing(settings: Any, filters: Any, rules: Any, event: Any) -> None:
    verdict = judged(settings, filters, rules, event)
    if verdict.event is not None:
        for part in ("properties", "traits"):
            _check_within(verdict.event.get(part), event.get(part))


def _check_within(smaller: Any, larger: Any) -> None:
    if isinstance(smaller, dict):
        for name, member in smaller.items():
            _check_within(member, larger[name])
    elif isinstance(smaller, list):
        assert len(smaller) == len(larger)
        for item, other in zip(smaller, larger, strict=True):
            _check_within(item, other)
    else:
        assert smaller == larger


PATHS = st.one_of(
    st.lists(NAMES, min_size=1, max_size=3).map(".".join),
    st.builds(lambda root, name: f"{root}.{name}", st.sampled_from(("context", "traits", "properties")), NAMES),
)
OBJECTS = st.recursive(SCALARS, lambda inner: st.dictionaries(NAMES, inner, max_size=3), max_leaves=6)
"""Without lists, whose indexes the interpreter does not know."""
PLAIN_EVENTS = st.fixed_dictionaries(
    {"type": st.sampled_from(("track", "identify", "page"))},
    optional={
        "event": EVENT_NAMES,
        "properties": st.dictionaries(NAMES, OBJECTS, max_size=3),
        "traits": st.dictionaries(NAMES, OBJECTS, max_size=3),
        "context": st.dictionaries(NAMES, OBJECTS, max_size=3),
    },
)
CONDITIONS = st.sampled_from(("all", "event = 'E'", "type = 'identify'", "'x' in properties.a", "properties.a = 1"))
TRANSFORMATIONS = st.lists(
    st.fixed_dictionaries(
        {"if": CONDITIONS},
        optional={
            "drop": st.sampled_from((False, False, True)),
            "newEventName": st.just("G"),
            "propertyRenames": st.lists(
                st.builds(lambda old, new: {"oldName": old, "newName": new}, PATHS, PATHS),
                max_size=2,
            ),
            "propertyValueTransformations": st.lists(
                st.builds(lambda path, value: {"propertyPaths": [path], "propertyValue": value}, PATHS, st.just("v")),
                max_size=1,
            ),
            "fqlDefinedProperties": st.lists(
                st.builds(
                    lambda fql, path: {"fql": fql, "propertyName": path},
                    st.sampled_from(("lowercase(properties.a)", "properties.b", "length(event)")),
                    PATHS,
                ),
                max_size=1,
            ),
            "allowProperties": st.lists(PATHS, max_size=2),
        },
    ),
    max_size=3,
)


@given(TRANSFORMATIONS, PLAIN_EVENTS)
def test_transformations_do_what_the_interpreter_does_and_change_no_event(transformations: Any, event: Any) -> None:
    try:
        transform = compile_transformations(transformations)
    except ProtocolsError:
        reject()  # a path is named twice
    before = copy.deepcopy(event)
    result = transform(event)
    assert event == before
    assert result == plain.transform(transformations, event)
