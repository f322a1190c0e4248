import copy
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionsd.filters import Decision, FilterError, compile_filters
from actionsd.fql import FQLError

EVENT = {
    "type": "track",
    "messageId": "m1",
    "userId": "u1",
    "context": {"ip": "1.2.3.4", "page": {"url": "u", "title": "t"}},
    "properties": {
        "plan": "pro",
        "b": {"c": 1, "d": 2},
        "items": [{"sku": 1, "price": 2}, "text", {"sku": 3}],
        "x.y": 1,
    },
}


def rule(*actions: dict[str, Any], condition: str = "all", **members: Any) -> dict[str, Any]:
    return {"if": condition, "actions": list(actions), **members}


def fields(kind: str, **paths: list[str]) -> dict[str, Any]:
    return {
        "type": f"{kind}_PROPERTIES",
        "fields": {"" if path == "top" else path: keys for path, keys in paths.items()},
    }


DROP = {"type": "DROP"}


def sample(percent: float, **path: str) -> dict[str, Any]:
    return {"type": "SAMPLE", "percent": percent, **path}


def test_a_filter_acts_on_the_events_that_its_condition_holds_for() -> None:
    filters = compile_filters([rule(DROP, condition="type = 'page'"), rule(fields("DROP", top=["userId"]))])
    assert filters({"type": "page"}) is None
    assert filters({"type": "track", "userId": "u"}) == {"type": "track"}
    assert compile_filters([])(EVENT) is EVENT
    assert compile_filters([rule({"type": "drop"})])(EVENT) is None


def test_a_disabled_filter_does_nothing_and_keeps_its_index() -> None:
    filters = compile_filters([rule(DROP, enabled=False), rule(DROP, condition="type = 'page'", enabled=True)])
    assert filters(EVENT) is EVENT
    assert filters.decide({"type": "page"}) == Decision(None, "dropped", 1)


@pytest.mark.parametrize(
    ("action", "changed"),
    [
        (fields("DROP", top=["userId", "nope"], context=["page"]), {"userId": ..., "context": {"ip": "1.2.3.4"}}),
        (fields("DROP", properties=["plan", "b.c", "items", "x.y"]), {"properties": {"b": {"d": 2}}}),
        (fields("ALLOW", properties=["plan", "b.c"]), {"properties": {"plan": "pro", "b": {"c": 1}}}),
        (fields("ALLOW", properties=["b", "b.c", "x.y"]), {"properties": {"b": {"c": 1, "d": 2}, "x.y": 1}}),
        (fields("ALLOW", context=["page.url"]), {"context": {"page": {"url": "u"}}}),
        (fields("DROP", missing=["a"], userId=["a"]), {}),
    ],
)  # fmt: skip
def test_fields(action: dict[str, Any], changed: dict[str, Any]) -> None:
    expected = {key: member for key, member in (EVENT | changed).items() if member is not ...}
    assert compile_filters([rule(action)])(EVENT) == expected


@pytest.mark.parametrize(
    ("action", "items"),
    [
        ({"type": "DROP_PROPERTIES", "fields": {"properties.items": ["sku"]}}, [{"price": 2}, "text", {}]),
        (fields("DROP", properties=["items.sku"]), [{"price": 2}, "text", {}]),
        ({"type": "ALLOW_PROPERTIES", "fields": {"properties.items": ["sku"]}}, [{"sku": 1}, "text", {"sku": 3}]),
    ],
)
def test_f136_in_an_array_the_keys_of_all_objects_are_meant(action: dict[str, Any], items: list[Any]) -> None:
    filtered = compile_filters([rule(action)])(EVENT)
    assert filtered is not None
    assert filtered["properties"]["items"] == items


def test_f130_samples_come_first_whatever_the_order() -> None:
    drop = rule(DROP, condition="userId = 'u1'")
    edits = rule(fields("ALLOW", properties=["plan"]), fields("DROP", properties=["plan"]))
    assert compile_filters([drop, rule(sample(0))]).decide(EVENT) == Decision(None, "sampled", 1)
    assert compile_filters([edits, drop]).decide(EVENT) == Decision(None, "dropped", 1)
    kept = compile_filters([edits]).decide(EVENT)
    assert kept.reason == "kept"
    assert kept.event is not None
    assert kept.event["properties"] == {}


def test_f130_conditions_see_the_event_as_it_came() -> None:
    filters = compile_filters([rule(fields("DROP", top=["userId"])), rule(DROP, condition="userId = 'u1'")])
    assert filters(EVENT) is None


def test_f137_what_cannot_be_decided_is_dropped() -> None:
    filters = compile_filters([rule(sample(1)), rule(fields("DROP", top=["userId"]), condition="'x' in userId")])
    assert filters.decide(EVENT) == Decision(None, "undecidable", 1)
    assert filters({"userId": ["y"]}) == {"userId": ["y"]}


def test_f137_values_nested_too_deeply_are_undecidable() -> None:
    deep: list[Any] = []
    for _ in range(5_000):
        deep = [deep]
    for filter_ in (rule(sample(0.5, path="deep")), rule(DROP, condition="deep = deep")):
        assert compile_filters([filter_]).decide({"deep": deep}) == Decision(None, "undecidable", 0)
    assert compile_filters([rule(fields("DROP", deep=["a"]))])({"deep": deep}) is not None


def test_f132_the_size_of_a_condition_is_limited() -> None:
    long = "type = '" + "é" * 2_600 + "'"
    with pytest.raises(FQLError, match="filter f1: the condition is longer than 5120 bytes"):
        compile_filters([rule(DROP, condition=long, id="f1")])
    assert compile_filters([rule(DROP, condition=long)], max_fql=6_000)(EVENT) is EVENT


@pytest.mark.parametrize(
    ("filter_", "reason"),
    [
        (rule(DROP, condition="userId = oops\""), "filter 0: expected a blank"),
        ({"actions": [DROP]}, "filter 0: expected FQL or 'all' at if, found None"),
        (rule(), "filter 0: expected a list of actions, found \\[\\]"),
        (rule({"type": "HASH"}), "expected an action of type SAMPLE, DROP, .*ALLOW_PROPERTIES, found 'HASH'"),
        (rule(sample(1.5)), "SAMPLE: expected percent from 0 to 1, found 1.5"),
        (rule({"type": "SAMPLE"}), "SAMPLE: expected percent from 0 to 1, found None"),
        (rule({"type": "SAMPLE", "percent": 0.5, "path": 5}), "expected a text at path, found 5"),
        (rule({"type": "DROP_PROPERTIES"}), "expected an object at fields, found None"),
        (rule(fields("ALLOW", a="b")), "expected a list of keys at fields\\['a'\\], found 'b'"),
    ],
)  # fmt: skip
def test_errors_name_the_filter(filter_: dict[str, Any], reason: str) -> None:
    with pytest.raises((FilterError, FQLError), match=reason):
        compile_filters([filter_])


def test_r22_a_sample_without_a_path_follows_the_message_and_the_filter() -> None:
    events = [{"messageId": f"m{number}"} for number in range(2_000)]
    kept = [compile_filters([rule(sample(0.5), id=id)]) for id in ("f1", "f1", "f2")]
    first, again, other = ([filters(event) is not None for event in events] for filters in kept)
    assert first == again
    assert Counter(zip(first, other, strict=True)).most_common()[-1][1] > 400, "filters share their samples"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("ab.", max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(("a", "b", "a.b", "")), inner, max_size=3)
    ),
    max_leaves=10,
)
PATHS = st.sampled_from(("", "a", "a.b", "a.b.a", "b.0", "."))
FIELDS = st.dictionaries(PATHS, st.lists(PATHS, max_size=3), max_size=3)


@given(st.dictionaries(st.sampled_from(("a", "b")), JSON, max_size=2), st.sampled_from(("DROP", "ALLOW")), FIELDS)
def test_filters_change_no_event_and_settle(event: dict[str, Any], kind: str, rules: dict[str, list[str]]) -> None:
    before = copy.deepcopy(event)
    filters = compile_filters([rule({"type": f"{kind}_PROPERTIES", "fields": rules})])
    filtered = filters(event)
    assert event == before
    assert filtered is not None
    assert filters(filtered) == filtered
