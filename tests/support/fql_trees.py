"""Syntax trees, texts and events for the property tests of FQL."""

from typing import Any

from hypothesis import strategies as st

from actionsd.fql.functions import FUNCTIONS
from actionsd.fql.nodes import Call, Compare, Group, Items, Node, Not, Path, Value

names = st.sampled_from(("a", "an", "and", "null", "in", "AND", "0", "-x", "a.b", "x y", "né", "n", "\\")) | st.text(
    min_size=1, max_size=5
)
paths = st.lists(names, min_size=1, max_size=3).map(tuple).filter(lambda path: path not in {("true",), ("false",)})
numbers = st.integers(-(10**15) + 1, 10**15 - 1) | st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(max_size=8).filter(lambda text: not ('"' in text and "'" in text))
scalars = st.none() | st.booleans() | numbers | texts
operands = st.recursive(
    paths.map(Path) | scalars.map(Value),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: Items(tuple(items)))
        | st.sampled_from(sorted(FUNCTIONS)).flatmap(
            lambda name: st.tuples(*[inner] * FUNCTIONS[name].arity).map(lambda arguments: Call(name, arguments))
        )
    ),
    max_leaves=4,
)
comparisons = st.builds(Compare, st.sampled_from(("=", "!=", "<", "<=", ">", ">=")), operands, operands)
memberships = st.builds(
    Compare, st.just("in"), operands, operands.filter(lambda node: isinstance(node, Path | Items | Call))
)
trees: st.SearchStrategy[Node] = st.recursive(
    comparisons | memberships | operands,
    lambda inner: (
        inner.map(Not)
        | st.builds(Group, st.sampled_from(("and", "or")), st.lists(inner, min_size=2, max_size=3).map(tuple))
    ),
    max_leaves=6,
)

_PIECES = (
    *("type", "event", "properties.a", "traits.b\\ c", "context.app.name", "userId", "integrations.All", "an", "nu"),
    *(
        "=",
        "!=",
        "<",
        "<=",
        ">",
        ">=",
        "in",
        "and",
        "or",
        "AND",
        "!",
        "(",
        ")",
        "[",
        "]",
        ",",
        ".",
        "'",
        '"',
        "\\",
        "$",
    ),
    *('"track"', "'x'", '"a*"', '"*b"', '"x?"', "5", "-1.5", ".5", "1.", "null", "true", "false", "&", "é", "😀"),
    *("'", '"', "\\", "$", "contains(", "match(", "length(", "lowercase("),
)
fql_like = st.lists(st.sampled_from(_PIECES), max_size=14).flatmap(
    lambda pieces: st.sampled_from((" ", "")).map(lambda glue: glue.join(pieces))
)

json_values: st.SearchStrategy[Any] = st.recursive(
    st.sampled_from((None, True, False, 0, 5, -1.5, 2**60, "", "track", "ax", "5", "a😀")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(("a", "b c", "app", "name", "0")), inner, max_size=3)
    ),
    max_leaves=6,
)
events = st.dictionaries(
    st.sampled_from(("type", "event", "properties", "traits", "context", "userId", "name", "integrations")),
    json_values,
    max_size=6,
)
