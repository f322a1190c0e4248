import pytest
from hypothesis import given

from actionsd.fql import FQLError, from_ast, parse, parse_strict, to_text
from actionsd.fql.nodes import Node, Path, Value
from support.fql_trees import fql_like, trees


@given(trees)
def test_text_reads_as_the_tree_that_it_was_printed_from(tree: Node) -> None:
    assert parse_strict(to_text(tree)) == tree
    assert parse(to_text(tree)) == tree


@given(fql_like)
def test_printing_settles_after_one_round(text: str) -> None:
    try:
        tree = parse_strict(text)
    except FQLError:
        return
    printed = to_text(tree)
    assert parse_strict(printed) == tree
    assert to_text(parse_strict(printed)) == printed


@pytest.mark.parametrize(
    ("node", "text"),
    [
        (Value("it's"), '"it\'s"'),
        (Value('say "hi"'), "'say \"hi\"'"),
        (Value(1e21), "1000000000000000000000"),
        (Value(1e-7), "0.0000001"),
        (Path(("properties", "2nd")), r"properties.\2nd"),
        (Path(("properties", "or")), r"properties.\or"),
        (Path(("properties", "no")), r"properties.\no"),  # a trigger's lexer would cut it to `properties.n`
        (Path(("a.b", "ü")), r"\a\.b.\ü".replace(r"\a", "a")),
    ],
)
def test_spelling(node: Node, text: str) -> None:
    assert to_text(node) == text


def test_text_with_both_kinds_of_quotes_is_refused() -> None:
    with pytest.raises(FQLError, match="both kinds of quotes"):
        to_text(Value("\"'"))


def test_conditions_print_as_segment_writes_them() -> None:
    ast = {"type": "group", "operator": "or", "children": [
        {"type": "event-property", "name": "product 1.price", "operator": "not_starts_with", "value": "x"},
        {"type": "group", "operator": "and", "children": [
            {"type": "event-field", "name": "integrations.All", "operator": "is_true"},
            {"type": "event", "operator": "matches", "value": "a*b"}]}]}  # fmt: skip
    text = r'!match(properties.product\ 1.price, "x*") or (integrations.All = true and match(event, "a*b"))'
    assert to_text(from_ast(ast)) == text
