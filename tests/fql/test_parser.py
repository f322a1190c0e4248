import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionsd.fql import FQLError, check_trigger, compile_condition, compile_trigger, parse, parse_strict
from actionsd.fql.nodes import Compare, Group, Not, Path, Value
from actionsd.fql.parser import MAX_DEPTH
from support.fql_trees import fql_like

A, B, C = Path(("a",)), Path(("b",)), Path(("c",))


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a or b and c", Group("or", (A, Group("and", (B, C))))),
        ("a and b or c", Group("or", (Group("and", (A, B)), C))),
        ("(a or b) and c", Group("and", (Group("or", (A, B)), C))),
        ("a AND b", Group("and", (A, B))),
        ("(a)or(b)", Group("or", (A, B))),
        ("((a))", A),
        ("!a and b", Group("and", (Not(A), B))),
        ("!(a and b)", Not(Group("and", (A, B)))),
        ("!a = 5", Not(Compare("=", A, Value(5)))),
        ("a = null", Compare("=", A, Value(None))),
        ("true = false", Compare("=", Value(True), Value(False))),
    ],
)
def test_trees(text: str, tree: object) -> None:
    assert parse_strict(text) == tree


@pytest.mark.parametrize(
    ("text", "position", "reason"),
    [
        ("", 0, "expected a field, a value or '\\(', found the end"),
        ("a =", 3, "expected a value or a field, found the end"),
        ("a = = 5", 4, "found ="),
        ("a b", 2, "expected 'and', 'or' or the end, found b"),
        ("(a", 2, "expected 'and', 'or' or '\\)', found the end"),
        ("a and", 5, "found the end"),
        ("a in 5", 5, "expected a list or a field, found 5"),
        ("[1, 2", 5, "expected ',' or ']'"),
        ("length(a, b) = 1", 0, "length\\(\\) takes 1 arguments, not 2"),
        ("len(a) = 1", 0, "unknown function 'len', expected one of bool, contains"),
        ("a = -", 4, "expected a number"),
        ("a = " + "9" * 400, 4, "expected a number"),
        ("userId = oops\"", 13, "expected a blank"),
    ],
)  # fmt: skip
def test_errors_say_where_and_what(text: str, position: int, reason: str) -> None:
    with pytest.raises(FQLError, match=reason) as raised:
        parse_strict(text)
    assert raised.value.position == position


def test_errors_have_a_caret_line() -> None:
    with pytest.raises(FQLError) as raised:
        parse_strict('type = "track"\nand event == "x"')
    lines = str(raised.value).split("\n")
    assert lines[0] == "expected a value or a field, found = (line 2, column 12)"
    assert lines[1:] == ['  and event == "x"', "             ^"]


def test_the_caret_line_of_a_long_line_is_short() -> None:
    with pytest.raises(FQLError) as raised:
        parse_strict("a = 1 and " * 500 + "= " + "or b = 2 " * 500)
    _, shown, caret = str(raised.value).split("\n")
    assert len(shown) < 130
    assert shown[caret.index("^")] == "="


@pytest.mark.parametrize(
    ("opening", "closing", "levels"), [("(", ")", 1), ("!(", ")", 2), ("[", "]", 1), ("length(", ")", 1)]
)
def test_nesting_is_bounded(opening: str, closing: str, levels: int) -> None:
    count = MAX_DEPTH // levels
    assert parse_strict(opening * count + "a" + closing * count)
    with pytest.raises(FQLError, match="levels of nesting"):
        parse_strict(opening * 10_000)


def test_a_long_chain_is_no_nesting() -> None:
    tree = parse_strict(" and ".join(["a"] * 10_000))
    assert isinstance(tree, Group)
    assert len(tree.children) == 10_000
    assert compile_condition(" or ".join(["a"] * 10_000 + ["b"]))({"b": True})


@pytest.mark.parametrize(
    "text",
    [
        "a." * 13_000 + "a = 1",
        '"' * 30_000,
        '"a' * 15_000,
        "1 " * 15_000,
        "1" * 30_000,
        "." * 30_000,
        "contains(" + "a," * 13_000 + "a)",
        "(a = 1 " * 10_000,
        "type = " * 10_000,
        "\\" * 30_000,
        "x" * 1_000_000,
    ],
    ids=lambda text: text[:9],
)
def test_hostile_text_is_read_or_refused_shortly(text: str) -> None:
    for read in (compile_condition, compile_trigger, check_trigger):
        try:
            read(text)
            said = ""
        except FQLError as error:
            said = str(error)
        assert len(said) < 400


@given(fql_like | st.text())
def test_nothing_but_fql_errors_for_any_text(text: str) -> None:
    for read in (parse, parse_strict, compile_condition, compile_trigger, check_trigger):
        reason = "read"
        try:
            read(text)
        except FQLError as error:
            reason = error.reason
        assert reason
