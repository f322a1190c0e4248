from typing import Any

import pytest
from hypothesis import given

from actionsd.fql import FQLError, compile_condition, compile_expression
from support.fql_trees import events, fql_like

EVENT = {
    "type": "track",
    "userId": None,
    "properties": {"n": 5, "s": "Pro Plan", "l": ["x", 1, None], "t": True, "o": {"b": 1, "a": 2}, "a.b": 1, "2nd": 2},
}


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("properties.n = 5.0", True),
        ("properties.n = '5'", False),
        ("properties.t = 1", False),
        ("properties.l = ['x', 1, null]", True),
        ("properties.l = ['x', 1]", False),
        ("properties.o = properties.o", True),
        ("properties.s < 'Z'", False),  # order is for numbers
        ("userId = null and properties.none = null", True),
        ("null in properties.l and !(2 in properties.l)", True),
        ("'x' in properties.none", False),
        ("properties.n in [1, properties.n]", True),
        ("properties.t and !properties.n", True),
        ("properties.n", False),  # only true is true
        (r"properties.a\.b = 1 and properties.\2nd = 2", True),
        ("properties.s.length = 8", False),  # objects are looked into, nothing else
        ("length(properties.n) = 0 or length(properties.n) != 0", True),
        ("contains(userId, '') or match(userId, '*')", False),
        ("type = 'track' or 'a' in type", True),  # decided before the part that cannot be
    ],
)
def test_conditions(condition: str, holds: bool) -> None:
    assert compile_condition(condition)(EVENT) is holds


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("length('ア')", 3),
        ("length(properties.l)", 3),
        ("lowercase(properties.s)", "pro plan"),
        ("uppercase(properties.n)", None),
        ("snakecase(properties.s)", "Pro_Plan"),
        ("kebabcase(properties.s)", "Pro-Plan"),
        ("titlecase('a good plan')", "A Good Plan"),
        ("typeof(properties.o)", "object"),
        ("typeof(properties.none)", "null"),
        ("bool(0) or bool('') or bool([]) or bool(null)", False),
        ("bool('x') and bool([0]) and bool(-1)", True),
        ("string(5.0)", "5"),
        ("string(['a', 1])", "a,1"),
        ("string(null)", None),
        ("number('1.50')", 1.5),
        ("number('x')", None),
        ("number(true)", None),
        ("semver('1.10', '>', '1.9.3')", True),
        ("semver('1.x', '=', '1.x')", False),
    ],
)
def test_values(expression: str, value: Any) -> None:
    found = compile_expression(expression)(EVENT)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize("condition", ["'a' in type", "5 in properties.n", "1 in properties.o"])
def test_f137_what_cannot_be_decided_raises(condition: str) -> None:
    with pytest.raises(FQLError, match="needs a list"):
        compile_condition(condition)(EVENT)


@pytest.mark.parametrize("event", [None, [], "text", 5, {"type": ["track"]}, {"properties": "text"}])
def test_any_event_is_decided(event: Any) -> None:
    assert compile_condition("type = 'track' or properties.a.b = 1 or contains(type, 'x')")(event) is False


@given(fql_like, events)
def test_a_condition_is_true_or_false_or_undecidable(text: str, event: dict[str, Any]) -> None:
    try:
        outcome = compile_condition(text)(event)
    except FQLError:
        return
    assert outcome is True or outcome is False


def test_large_events_are_no_trouble() -> None:
    keys = {f"k{number}": "x" * 100 for number in range(10_000)}
    event = {"properties": keys | {"l": [*range(10_000)], "s": "a" * 1_000_000}}
    condition = "properties.k9999 != null and 9999 in properties.l and match(properties.s, '*a*a')"
    assert compile_condition(condition)(event)


SWITCH = "2023-04-21T19:55:00.933Z"


@pytest.mark.parametrize(
    "received_at",
    ["2023-04-21T19:55:00.932Z", SWITCH, "2023-04-21T19:55:00.934Z", "2023-04-21T21:55:00.933+02:00", "2023-04-21"],
)
@pytest.mark.parametrize("key", ["receivedAt", "received_at"])
def test_f056_paired_filters_split_events_by_the_time_they_were_received(received_at: str, key: str) -> None:
    before = compile_condition(f"(received_at < '{SWITCH}')")
    after = compile_condition(f"(received_at >= '{SWITCH}')")
    assert before({key: received_at}) != after({key: received_at})
    assert after({key: received_at}) == (compile_condition(f"'{SWITCH}' <= received_at")({key: received_at}))


def test_f056_what_is_no_time_is_refused() -> None:
    with pytest.raises(FQLError, match="compared with times"):
        compile_condition("received_at < 'tomorrow'")
    with pytest.raises(FQLError, match="compared with times"):
        compile_condition(f"received_at < '{SWITCH}'")({"receivedAt": "soon"})
    assert not compile_condition(f"received_at < '{SWITCH}'")({})
    assert not compile_condition(f"properties.received_at < '{SWITCH}'")({"properties": {"received_at": "2020"}})
