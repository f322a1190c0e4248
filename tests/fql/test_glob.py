import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionsd.fql.glob import MAX_PIECE, compile_glob


@pytest.mark.parametrize(
    ("glob", "matching", "others"),
    [
        ("", ["", ], ["a"]),
        ("*", ["", "a\nb"], []),
        ("a*d", ["ad", "abcd", "add"], ["abcde", "Abcd"]),
        ("a*b*c", ["abc", "axbxbxc"], ["acb", "ab"]),
        ("a*a", ["aa", "aba"], ["a"]),
        ("?", ["a", "\n", "😀"], ["", "ab"]),
        ("*?*", ["a", "ab"], [""]),
        ("[abc]x", ["ax", "cx"], ["dx", "x"]),
        ("[a-cx]", ["b", "x"], ["-", "d"]),
        ("[^a-c]", ["d", "^"], ["a", ""]),
        ("[!a]", ["!", "a"], ["b"]),
        (r"\*\?\[\\", [r"*?[\ "[:-1]], ["ab[c"]),
        (r"[\]\-]", ["]", "-"], ["\\"]),
        ("[z-a]", [], ["a", "z", "-"]),
        ("a]", ["a]"], ["a"]),
        (".+(x|y)", [".+(x|y)"], ["ax"]),
    ],
)  # fmt: skip
def test_globs(glob: str, matching: list[str], others: list[str]) -> None:
    matches = compile_glob(glob)
    assert [text for text in matching if not matches(text)] == []
    assert [text for text in others if matches(text)] == []


@pytest.mark.parametrize("glob", ["[", "[]", "[]a]", "[^]", "[a", "a[b-]", "[-x]", "[a-b-c]", "\\", "[\\", "*[", "[a-"])
def test_malformed_globs_match_nothing(glob: str) -> None:
    assert [text for text in ("", "a", "b", "-", "]", glob) if compile_glob(glob)(text)] == []


@given(st.text("ab*?", max_size=8), st.text("ab", max_size=10))
def test_globs_equal_the_obvious_regular_expression(glob: str, text: str) -> None:
    obvious = re.fullmatch(re.sub(r"\*+", ".*", glob).replace("?", "."), text)
    assert compile_glob(glob)(text) == (obvious is not None)


def test_no_glob_is_catastrophic() -> None:
    assert not compile_glob("*a" * 500 + "b")("a" * 1_000_000)
    assert not compile_glob("*[ab]?" * 100 + "*c")("ab" * 50_000)
    assert compile_glob("*" * 10_000 + "b")("a" * 100_000 + "b")
    assert compile_glob("*" + "a" * 5_000 + "*")("a" * 1_000_000)


def test_long_pieces_are_limited_where_they_are_no_plain_text() -> None:
    assert compile_glob("?" * MAX_PIECE)("a" * MAX_PIECE)
    assert not compile_glob("?" * (MAX_PIECE + 1))("a" * (MAX_PIECE + 1))
