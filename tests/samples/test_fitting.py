"""Events made for a trigger: the trigger itself says that they fit."""

import pytest
from hypothesis import given

from actionsd.event import types
from actionsd.fql import FQLError, compile_trigger, parse, to_text
from actionsd.fql.nodes import Node
from actionsd.ingest.validate import examine
from actionsd.samples import Unsatisfied, all_types, fitting
from support.fql_trees import trees


@pytest.mark.parametrize(
    "trigger",
    [
        'type = "identify"',
        'type = "track" and event = "Order Completed"',
        'type = "track" and (event = "A" or event = "B") and properties.total > 100 and properties.total <= 101.5',
        'type = "track" and !(event = "Test Event")',
        'event != "Test Event"',
        "properties.a.b = true and traits.c = null",
        "properties.vip != null and context.app.version = '1.2.3'",
        'contains(event, "Order") and match(event, "*d") and match(event, "C*")',
        'match(properties.plan, "pro-[abc]?")',
        '!contains(properties.plan, "free") and userId = null',
        'type = "page" and name = "Pricing"',
        "integrations.All = false",
        "properties.discount = 5 or properties.discount = 6",
        "length(properties.items) > 2",
        'lowercase(properties.plan) = "pro"',
        'properties.plan in ["pro", "team"]',
        "number(properties.total) >= 10",
        'typeof(properties.total) = "number"',
        "properties.a < 3 and properties.a > 2",
        '!(properties.a = "x" or properties.b = "y")',
    ],
)
def test_an_event_is_made_that_the_trigger_takes_and_ingest_too(trigger: str) -> None:
    event = fitting(trigger)
    assert compile_trigger(trigger)(event)
    if "userId = null" not in trigger:
        assert examine(event, event["type"]) is None


@pytest.mark.parametrize(
    "trigger",
    ['type = "track" and type = "page"', "properties.a > 1 and properties.a < 1", "", "properties.a < length(event)"],
)
def test_what_holds_for_no_event_is_said(trigger: str) -> None:
    with pytest.raises(Unsatisfied, match=r"no event could be made|cannot be read"):
        fitting(trigger)


@given(trees)
def test_what_is_made_fits_whatever_the_trigger(tree: Node) -> None:
    text = to_text(tree)
    try:
        event = fitting(text)
    except Unsatisfied:
        return
    assert compile_trigger(parse(text))(event) or compile_trigger(text)(event)


def test_there_is_a_sample_of_each_type() -> None:
    assert {event["type"] for event in all_types()} == types
    assert [examine(event, event["type"]) for event in all_types()] == [None] * 6
    with pytest.raises(FQLError):
        compile_trigger("")
