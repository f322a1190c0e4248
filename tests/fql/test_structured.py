from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionsd.fql import FQLError, check_structured, compile_trigger, from_ast, parse, to_ast, to_text
from actionsd.fql.structured import BARE_OPERATORS, FIELDS, GLOB_OPERATORS, NUMBER_OPERATORS, TEXT_OPERATORS
from support.fql_forms import EVENT_IS, condition, group

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


NAMED = st.sampled_from(("event-property", "event-trait", "event-context", "event-field"))
NAMES = st.sampled_from(("plan", "_a.b-c", "x y.ü", "android", "no.an", "nul"))
NUMBERS = st.floats(-1e15, 1e15).map(lambda number: round(number, 3)) | st.integers(-9, 9)
FIELD = st.fixed_dictionaries({"type": NAMED, "name": NAMES}) | st.sampled_from(
    [{"type": kind} for kind in FIELDS.values()]
)
TEST = (
    st.fixed_dictionaries({"operator": st.sampled_from(sorted(TEXT_OPERATORS | GLOB_OPERATORS)), "value": st.text()})
    | st.fixed_dictionaries({"operator": st.sampled_from(sorted(NUMBER_OPERATORS)), "value": NUMBERS})
    | st.fixed_dictionaries({"operator": st.sampled_from(sorted(BARE_OPERATORS))})
)


@given(FIELD, TEST)
def test_what_may_be_written_goes_to_fql_and_back(field: dict[str, Any], test: dict[str, Any]) -> None:
    ast = group({**field, **test})
    try:
        check_structured(ast)
    except FQLError:
        return
    assert to_ast(parse(to_text(from_ast(ast)))) == ast


@pytest.mark.parametrize("good", GOOD)
def test_documented_operators_go_to_fql_and_back(good: dict[str, Any]) -> None:
    ast = group(good, EVENT_IS, operator="or")
    assert check_structured(ast) is None
    assert to_ast(parse(to_text(from_ast(ast)))) == ast


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
