import pytest

from actionsd.fql.errors import FQLError
from actionsd.fql.lexer import MAX_TEXT, Kind, lex


def spelled(text: str, *, trigger: bool = False) -> list[str]:
    return [f"{token.kind.name} {token.text}" for token in lex(text, trigger=trigger)[:-1]]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        (r"properties.product\ 1.price >= 4.50", ["PATH properties.product 1.price", "OPERATOR >=", "NUMBER 4.50"]),
        ("a=b", ["PATH a", "OPERATOR =", "PATH b"]),
        ("a >=5", ["PATH a", "OPERATOR >", "OPERATOR =", "NUMBER 5"]),  # no blank behind it
        ("!f(a,'x')", ["OPERATOR !", "PATH f", "OPEN (", "PATH a", "COMMA ,", "STRING 'x'", "CLOSE )"]),
        (r"properties.\0 . a", ["PATH properties.0.a"]),
        ("null nullable and android", ["NULL null", "PATH nullable", "CONNECTIVE and", "PATH android"]),
        ('"a"b"', ['STRING "a"', 'STRING "b"']),  # a quote ends a string only before a blank and the like
        ("[-1, +2]", ["OPEN_LIST [", "NUMBER -1", "COMMA ,", "NUMBER +2", "CLOSE_LIST ]"]),
        ("\\😀", ["PATH 😀"]),
        ("\\\ud83d\\\ude00", ["PATH 😀"]),  # as Segment's printer escapes it, half by half
    ],
)  # fmt: skip
def test_tokens(text: str, tokens: list[str]) -> None:
    assert spelled(text) == tokens


@pytest.mark.parametrize(
    ("text", "condition", "trigger"),
    [
        ("a.0", ["PATH a.0"], ["PATH a", "DOT .", "NUMBER 0"]),
        ("a.1.b", ["PATH a.1.b"], None),
        ("a.2nd.-x", ["PATH a.2nd.-x"], ["PATH a", "DOT .", "NUMBER 2", "PATH nd", "DOT .", "NUMBER -", "PATH x"]),
        ("a.or = b.null", ["PATH a.or", "OPERATOR =", "PATH b.null"], None),
        ("a. 0", ["PATH a", "DOT .", "NUMBER 0"], ["PATH a", "DOT .", "NUMBER 0"]),
        ("5 .0", ["NUMBER 5", "DOT .", "NUMBER 0"], ["NUMBER 5", "DOT .", "NUMBER 0"]),
    ],
)
def test_names_behind_a_dot(text: str, condition: list[str], trigger: list[str] | None) -> None:
    assert spelled(text) == condition
    if trigger is not None:
        assert spelled(text, trigger=True) == trigger


@pytest.mark.parametrize(
    ("word", "kept"),
    [
        ("an", "a"),
        ("a1", "a"),
        ("no", "n"),
        ("nul", "n"),
        ("null", "null"),
        ("and", "and"),
        ("ant", "ant"),
        ("or", "or"),
    ],
)
def test_the_end_of_a_trigger_loses_letters_as_in_segment(word: str, kept: str) -> None:
    assert lex(f"type = {word}", trigger=True)[-2].text == kept
    assert lex(f"type = {word}")[-2].text == word
    assert lex(f"type = {word} ", trigger=True)[-2].text == word


def test_tokens_know_their_place_and_their_names() -> None:
    path, dot, number, end = lex(r" a.b\.c .5")
    assert (path.position, path.end, path.names) == (1, 7, ("a", "b.c"))
    assert (dot.kind, number.position, end.kind, end.position) == (Kind.DOT, 9, Kind.END, 10)


@pytest.mark.parametrize(
    ("text", "position", "reason"),
    [
        ("type!= 'x' & y", 11, "expected a field, a value or an operator, found '&'"),
        ("type !='x'", 5, "expected '= ' after '!'"),
        ("a = 'x", 4, "expected a closing '"),
        ("a = 1.", 4, "digits behind one decimal point"),
        ("a = 1.2.3", 4, "digits behind one decimal point"),
        ("a>5", 1, "expected a blank"),
        ("properties.items.$.price = 5", 17, "array paths"),
        ("type = “track”", 7, "found '“'"),
        ("a\\", 1, "backslash"),
        ("a = b\r", 5, r"found '\\r'"),
    ],
)
def test_errors(text: str, position: int, reason: str) -> None:
    with pytest.raises(FQLError, match=reason) as raised:
        lex(text)
    assert (raised.value.text, raised.value.position) == (text, position)


def test_text_is_bounded() -> None:
    assert len(lex("a" * MAX_TEXT)) == 2
    with pytest.raises(FQLError, match="too long"):
        lex("a" * (MAX_TEXT + 1))
