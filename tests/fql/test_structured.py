from typing import Any

import pytest

from actionsd.fql import FQLError, check_structured, compile_trigger, from_ast, parse, to_ast, to_text


def condition(
    kind: str = "event-property", name: str | None = "plan", operator: str = "=", **value: Any
) -> dict[str, Any]:
    named = {} if name is None else {"name": name}
    return {"type": kind, **named, "operator": operator, **value}


def group(*children: dict[str, Any], operator: str = "and") -> dict[str, Any]:
    return {"type": "group", "operator": operator, "children": list(children)}


EVENT_IS = condition("event", None, "=", value="Signed Up")
GOOD = [
    EVENT_IS,
    condition(value="pro"),
    condition(operator="not_ends_with", value="x"),
    condition(operator="matches", value="a?c"),
    condition("event-trait", "a.b_c-d", "number_equals", value=5),
    condition("event-context", "app.name", "<=", value=1.5),
    condition("userId", None, "exists"),
    condition(operator="is_false"),
    condition("event-field", "integrations.All", "is_true"),
]


@pytest.mark.parametrize("good", GOOD)
def test_documented_operators_go_to_fql_and_back(good: dict[str, Any]) -> None:
    ast = group(good, EVENT_IS, operator="or")
    assert check_structured(ast) is None
    assert to_ast(parse(to_text(from_ast(ast)))) == ast


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (condition(value='a "b"'), 'cannot hold the characters " and ~'),
        (condition(value="~"), 'cannot hold the characters " and ~'),
        (condition(name="2x", value="a"), "start with a letter or _"),
        (condition(name="a.-b", value="a"), "start with a letter or _"),
        (condition(name="a.or", value="a"), "cannot be 'and', 'or' or 'null'"),
        (condition(name="products.$.price", value="a"), "array paths"),
        (condition(name=None, value="a"), "a name is needed"),
        (condition(operator="like", value="a"), "unknown operator 'like'"),
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


def test_nesting_is_bounded() -> None:
    ast = group(EVENT_IS)
    for _ in range(500):
        ast = group(ast, EVENT_IS)
    with pytest.raises(FQLError, match="levels of groups"):
        from_ast(ast)


@pytest.mark.parametrize(
    "text", ["!(type = 'a' and event = 'b')", "type in ['a']", "length(event) > 3", "properties.vip"]
)
def test_what_the_form_has_no_words_for_is_an_error(text: str) -> None:
    with pytest.raises(FQLError, match="only ALL or ANY over conditions can be structured"):
        to_ast(parse(text))


def test_a_form_means_what_its_text_means() -> None:
    event = {"event": "Signed Up", "properties": {"plan": "pro", "price": 5}, "traits": {"a": {"b_c-d": 5}}}
    for good in GOOD:
        form = from_ast(group(good))
        assert compile_trigger(form)(event) == compile_trigger(to_text(form))(event), good
