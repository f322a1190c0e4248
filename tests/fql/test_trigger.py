import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionsd.fql import FQLError, check_trigger, compile_trigger, compile_triggers, from_ast, parse
from actionsd.fql.nodes import Condition, Group
from actionsd.sdk.js import UNDEFINED
from support.fql_trees import events, fql_like

EVENT = {
    "type": "track",
    "event": "Order Completed",
    "properties": {"price": 10, "text": "10", "none": None, "vip": True, "l": [{"sku": "a"}], "0": "zero"},
    "integrations": {"All": False},
}


def fires(trigger: str, event: Any = EVENT) -> bool:
    return compile_trigger(trigger)(event)


@pytest.mark.parametrize(
    ("trigger", "fired"),
    [
        ("properties.price = 10.0", True),
        ('properties.price = "10"', False),
        ("properties.text > 5", False),
        ('properties.price > "5"', True),  # a quoted number is a number on the right
        ("properties.vip = true", True),
        ("properties.price = true", False),
        ('properties.vip != true', True),  # compared with a text, as the next one
        ('properties.none != "x"', True),
        ("properties.missing != 5", False),
        ('!contains(properties.missing, "x")', False),
        ('!match(properties.price, "x*")', False),
        ("properties.none = null and properties.missing = null", True),
        ("event != null", True),  # another text than "null"
        (r'properties.l\[0\].sku = "a"', True),
        (r'properties.\0 = "zero"', True),
        ('properties.0 = "zero"', False),  # `properties`, the operator `.` and the value 0
        ('properties.text.length = 2', True),
        ("type = track", True),
    ],
)  # fmt: skip
def test_strict_types_and_missing_values(trigger: str, fired: bool) -> None:
    assert fires(trigger) is fired


@pytest.mark.parametrize(
    ("trigger", "fired"),
    [
        ("type = 'track' and event = 'Order Completed'", True),
        ('type = "track" or type = "page" and event = "x"', True),  # `and` binds tighter
        ('(type = "page" or (type = "track" and properties.price > 5))', True),
        ('!(type = "track" and event = "x")', True),
        ('!type = "track"', False),
        ('type in ["page", "track"]', True),
        ('(contains(event, "Order") or type = "page") and properties.price = 1', False),
        ('type = "page" OR type = "track"', True),
        ('match(event, "*d?r*C*")', True),
        ('!match(event, "*nope*")', True),
        ('match(type, "tr*")', True),
        ('integrations.All = false and messageId = null', True),
        ('lowercase(event) = "order completed" and length(event) > 3', True),
        ('!properties.none and "a" in properties.missing', False),
    ],
)  # fmt: skip
def test_the_documented_language_where_segment_misreads_it(trigger: str, fired: bool) -> None:
    assert fires(trigger) is fired


@pytest.mark.parametrize("event", [None, UNDEFINED])
def test_c12_an_absent_event_fires_nothing(event: Any) -> None:
    assert not fires('type != "page"', event)
    assert compile_triggers([("k", 'type != "page"')])(event) == ()


@pytest.mark.parametrize(
    "trigger", ["", "type", "properties.vip", '"track" = type', 'contains("track", type)', "()", "type = “track”"]
)
def test_c12_a_text_without_a_condition_is_an_error(trigger: str) -> None:
    with pytest.raises(FQLError):
        compile_trigger(trigger)
    with pytest.raises(FQLError):
        compile_triggers([("good", 'type = "track"'), ("bad", trigger)])


@pytest.mark.parametrize("trigger", [r'properties.l.\$.sku = "a"', r'type = "x" or contains(traits.\$, "a")'])
def test_f094_array_paths_are_refused(trigger: str) -> None:
    for refuse in (compile_trigger, check_trigger):
        with pytest.raises(FQLError, match="cannot look into arrays"):
            refuse(trigger)


def test_what_cannot_be_decided_does_not_fire() -> None:
    for trigger in ('"a" in type', '!("a" in type)', 'type = "page" or "a" in type'):
        assert not fires(trigger)
        assert compile_triggers([("k", trigger)])(EVENT) == ()
    assert fires('type = "track" or "a" in type')


def test_a_condition_of_an_unknown_operator_never_holds() -> None:
    unknown = Condition("event", UNDEFINED, "resembles", "Order Completed")
    assert not compile_trigger(unknown)(EVENT)
    assert not compile_trigger(Group("xor", (parse('type = "track"'),)))(EVENT)


def test_values_reach_the_code_through_the_namespace_only() -> None:
    hostile = '\\"); raise SystemExit #'
    ast = {"type": "event-property", "name": f"a{hostile}.b", "operator": "=", "value": f"'{hostile}\n"}
    fired = compile_trigger(from_ast({"type": "group", "operator": "and", "children": [ast]}))
    assert fired({"properties": {f"a{hostile}": {"b": f"'{hostile}\n"}}})


@given(st.lists(fql_like, max_size=6), events)
def test_merged_triggers_are_the_single_ones(texts: list[str], event: dict[str, Any]) -> None:
    single = []
    for text in ['type = "track"', "properties.a = 5 or event != null", 'type = "track"', *texts]:
        try:
            single.append((text, compile_trigger(text)))
        except FQLError:
            continue
    before = json.dumps(event)
    expected = tuple(text for text, fires_ in single if fires_(event))
    assert compile_triggers([(text, text) for text, _ in single])(event) == expected
    assert json.dumps(event) == before


def test_thousands_of_triggers_make_one_function() -> None:
    matching = compile_triggers([(n, f'type = "track" and properties.price = {n}') for n in range(3_000)])
    assert matching(EVENT) == (10,)
    assert matching({"properties": {f"k{n}": n for n in range(10_000)} | {"price": 7}, "type": "track"}) == (7,)
