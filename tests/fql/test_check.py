from typing import Any

import pytest

from actionsd.fql import FQLError, check_structured, check_trigger, compile_trigger
from support.fql_forms import EVENT_IS, condition, group


def test_check_trigger_accepts_what_is_well_formed() -> None:
    for trigger in (
        'type = "track"',
        "!(event = 'x') or receivedAt != null",
        "properties.l in [1]",
        "match(event, '?*')",
    ):
        assert check_trigger(trigger) is None


@pytest.mark.parametrize(
    "trigger",
    [
        'type == "track"',
        'type "track"',
        'properties.0 = "zero"',
        'type = "a" event = "b"',
        "properties.vip and type = 'x'",
    ],
)
def test_malformed_text_is_read_as_segment_does_but_not_written(trigger: str) -> None:
    assert compile_trigger(trigger)({"type": "track", "properties": {"0": "zero", "vip": True}}) is False
    with pytest.raises(FQLError, match="expected"):
        check_trigger(trigger)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (condition(value='a "b"'), 'cannot hold the characters " and ~'),
        (condition(value="~"), 'cannot hold the characters " and ~'),
        (condition(name="2x", value="a"), "start with a letter or _"),
        (condition(name="a.-b", value="a"), "start with a letter or _"),
        (condition(name="a.or", value="a"), "FQL would read another condition in properties.a.or = "),
        (condition(name="products.$.price", value="a"), "array paths"),
        (condition(name=None, value="a"), "a name is needed"),
        (condition(operator="like", value="a"), "unknown operator 'like'"),
        (condition("event", None, "exists"), "unknown operator 'exists', expected one of !=, =, contains"),
        (condition("userId", None, ">", value=5), "unknown operator '>'"),
        (condition(operator="starts_with", value="a*"), "FQL would read another condition"),
        (condition(value=5), "'=' needs a text, found 5"),
        (condition(operator="<", value="5"), "'<' needs a number, found '5'"),
        (condition(operator="<", value=True), "needs a number"),
        (condition(operator="exists", value=None), "takes no value"),
        (condition(operator="contains"), "needs a text, found UNDEFINED"),
        (condition("event-props", value="a"), "unknown type of condition 'event-props'"),
    ],
)
def test_f095_what_a_person_should_not_write_is_refused(bad: dict[str, Any], reason: str) -> None:
    with pytest.raises(FQLError, match=reason):
        check_structured(group(EVENT_IS, bad))


def test_the_error_names_the_condition() -> None:
    with pytest.raises(FQLError, match=r"^event-property 'plan': '=' needs a text, found 5$"):
        check_structured(group(condition(value=5)))


def test_f093_conditions_can_be_limited() -> None:
    three = group(EVENT_IS, group(EVENT_IS, EVENT_IS, operator="or"))
    assert check_structured(three) is None
    assert check_structured(three, max_conditions=3) is None
    with pytest.raises(FQLError, match="at most 2 conditions are allowed, found 3"):
        check_structured(three, max_conditions=2)


def test_f092_groups_in_groups_can_be_refused() -> None:
    with pytest.raises(FQLError, match="groups in groups"):
        check_structured(group(EVENT_IS, group(EVENT_IS)), nested=False)


@pytest.mark.parametrize(
    "ast", [group(), group(EVENT_IS, operator="xor"), {"type": "group"}, [], None, group(group(group()))]
)
def test_groups_need_a_connective_and_children(ast: Any) -> None:
    with pytest.raises(FQLError, match="group"):
        check_structured(ast)
