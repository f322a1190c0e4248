"""JavaScript's values, as node prints and compares them."""

import json
import math
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionsd.sdk import UNSET, Field, Payload, UnsetType, js
from actionsd.sdk.js import UNDEFINED

HIGH, LOW = "\ud83d", "\ude00"  # the halves of 😀


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"), (-0.0, "0"), (5.0, "5"), (-1.5, "-1.5"), (0.1, "0.1"), (1e-6, "0.000001"), (1e-7, "1e-7"),
        (1.25e-7, "1.25e-7"), (1e20, "100000000000000000000"), (1e21, "1e+21"), (1.5e300, "1.5e+300"),
        (123456.789, "123456.789"), (2**53, "9007199254740992"), (2**53 + 1, "9007199254740992"),
        (12345678901234567890, "12345678901234567000"), (10**400, "Infinity"), (-(10**400), "-Infinity"),
        (math.nan, "NaN"), (5e-324, "5e-324"), (1.7976931348623157e308, "1.7976931348623157e+308"), (-1e-7, "-1e-7"),
    ],
)  # fmt: skip
def test_the_text_of_numbers(number: float, text: str) -> None:
    assert js.number_text(number) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_the_text_of_a_number_reads_back_as_that_number(number: float) -> None:
    assert float(js.number_text(number)) == number


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"), (UNDEFINED, "undefined"), (True, "true"), (False, "false"), ({}, "[object Object]"), ([], ""),
        ([1, None, ["a", [UNDEFINED, 2.0]], {}], "1,,a,,2,[object Object]"), ([HIGH], HIGH),
    ],
)  # fmt: skip
def test_the_text_of_values(value: Any, text: str) -> None:
    assert js.string(value) == text


@pytest.mark.parametrize("value", [None, UNDEFINED, False, 0, 0.0, -0.0, math.nan, ""])
def test_what_is_false(value: Any) -> None:
    assert not js.truthy(value)


@pytest.mark.parametrize("value", [[], {}, "0", " ", 1, -1, True])
def test_what_is_true(value: Any) -> None:
    assert js.truthy(value)


@pytest.mark.parametrize("value", ["", 0, -0.0, False, [], [""], [None], [[]]])
def test_what_equals_empty_text(value: Any) -> None:
    assert js.equals_empty(value)


@pytest.mark.parametrize("value", [None, UNDEFINED, " ", "0", [0], [[], []], {}, True, math.nan])
def test_what_does_not_equal_empty_text(value: Any) -> None:
    assert not js.equals_empty(value)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("", 0), (" \t\n\ufeff", 0), ("12", 12), ("+5.", 5), (".5", 0.5), ("1e3", 1000), ("-0x1", None), ("0x1F", 31),
        ("0b11", 3), ("0o17", 15), ("Infinity", math.inf), ("-Infinity", -math.inf), ("infinity", None),
        ("1_000", None),
        ("1,5", None), ("12px", None), ("٣", None), ("1 2", None),
    ],
)  # fmt: skip
def test_text_as_a_number(text: str, number: float | None) -> None:
    converted = js.to_number(text)
    assert math.isnan(converted) if number is None else converted == number


def test_other_values_as_numbers() -> None:
    assert [js.to_number(value) for value in (None, True, [], ["7"], 2.5)] == [0, 1, 0, 7, 2.5]
    assert all(math.isnan(js.to_number(value)) for value in ({}, [1, 2], UNDEFINED))


@pytest.mark.parametrize(
    ("left", "right", "less"),
    [("10", "9", True), ("10", 9, False), (None, 1, True), (UNDEFINED, 1, False), ("a", 1, False), ([2], "10", False),
     ("\uffff", "😀", False), (False, True, True), ("b", {}, False)],
)  # fmt: skip
def test_less_than(left: Any, right: Any, less: bool) -> None:
    assert js.less_than(left, right) is less


def test_keys_that_are_array_indexes_come_first() -> None:
    members = dict.fromkeys(["b", "10", "007", "9", "-1", "1.5", "4294967295", "4294967294", "", "0"])
    assert list(js.ordered(members)) == ["0", "9", "10", "4294967294", "b", "007", "-1", "1.5", "4294967295", ""]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1.0, "10": [None, UNDEFINED], "c": UNDEFINED}, '{"10":[null,null],"b":1}'),
        ([math.nan, math.inf, 10**400], "[null,null,null]"),
        ('"\\\n\x01\x7f\u2028é/', '"\\"\\\\\\n\\u0001\x7f\u2028é/"'),
        (HIGH + "x" + LOW, '"\\ud83dx\\ude00"'), (HIGH + LOW, '"😀"'), ({}, "{}"), ([], "[]"), (True, "true"),
        ({LOW: 1}, '{"\\ude00":1}'),
    ],
)  # fmt: skip
def test_stringify(value: Any, text: str) -> None:
    assert js.stringify(value) == text


class Item(Payload):
    sku: Annotated[str, Field("SKU")]
    note: Annotated[str | None, Field("Note")] = None
    plan: Annotated[str | UnsetType | None, Field("Plan")] = UNSET


ODD = st.sampled_from([UNDEFINED, HIGH, "x" + LOW])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | ODD
KEYS = st.text() | st.integers(0, 2**33).map(str)


@given(st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner)))
def test_c5_bodies_are_what_json_stringify_writes(value: Any) -> None:
    assert js.stringify_bytes(value) == str(js.stringify(None if value is UNDEFINED else value)).encode()


@given(st.floats() | st.integers() | st.floats(-1, 1).map(lambda x: x * 1e-5) | st.integers().map(float))
def test_c5_numbers_are_javascripts_wherever_they_stand(number: float | int) -> None:
    text = str(js.stringify(number)).encode()
    assert js.stringify_bytes({"a": number, "b": [number, number], "s": "x"}) == (
        b'{"a":%b,"b":[%b,%b],"s":"x"}' % (text, text, text)
    )


@pytest.mark.parametrize("digits", ["1", "-1.5", "9007199254740993", "123.25"])
def test_c5_numbers_of_every_size_are_javascripts(digits: str) -> None:
    for exponent in range(-320, 290):
        number = float(f"{digits}e{exponent}")
        assert js.stringify_bytes({"n": [number]}) == f'{{"n":[{js.number_text(number)}]}}'.encode()
    for zeros in range(30):
        number = int(f"{digits.partition('.')[0]}{'0' * zeros}")
        assert js.stringify_bytes({"n": number}) == f'{{"n":{js.number_text(number)}}}'.encode()


def test_c5_payloads_leave_out_what_is_absent_and_send_null_where_it_is_meant() -> None:
    assert js.stringify_bytes({"items": [Item(sku="a"), Item(sku="1.0", plan=None)], "x": UNSET}) == (
        b'{"items":[{"sku":"a"},{"sku":"1.0","plan":null}]}'
    )
    assert js.stringify_bytes([Item(sku="a"), 5.0]) == b'[{"sku":"a"},5]'


def test_stringify_of_undefined_and_of_what_is_no_json() -> None:
    assert js.stringify(UNDEFINED) is UNDEFINED
    assert js.stringify_bytes(UNDEFINED) == b"null"
    assert js.stringify_bytes({"é": [1.0]}) == '{"é":[1]}'.encode()
    with pytest.raises(TypeError, match="not a JSON value"):
        js.stringify({"a": {1, 2}})


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON_VALUES)
def test_stringify_and_parse_are_inverse(value: Any) -> None:
    text = js.stringify(value)
    assert isinstance(text, str)
    assert js.parse(text) == value == json.loads(text)


@pytest.mark.parametrize(
    "text", ["NaN", "Infinity", "-Infinity", "\ufeff1", "\xa01", "01", "1.", "'a'", '"\n"', "", "{a:1}"]
)
def test_parse_refuses_what_is_no_json(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        js.parse(text)


def test_parse_makes_doubles_of_large_integers() -> None:
    assert js.stringify(js.parse("[12345678901234567890, 1e400, -0]")) == "[12345678901234567000,null,0]"


def test_strings_are_utf_16_units() -> None:
    assert js.length("h😀i") == 4
    assert js.slice_text("h😀i", 1, 2) == HIGH
    assert js.slice_text("h😀i", 1, 3) == "😀"
    assert js.join_surrogates(HIGH + LOW) == "😀"
    assert js.split_surrogates("a😀") == "a" + HIGH + LOW


@given(st.text())
def test_splitting_and_joining_surrogates_are_inverse(text: str) -> None:
    assert js.join_surrogates(js.split_surrogates(text)) == text
    assert js.length(text) == len(text.encode("utf-16-le")) // 2


def test_cases() -> None:
    assert [js.upper(text) for text in ("straße", "ŉ", "ﬁn", "ǆ")] == ["STRASSE", "ʼN", "FIN", "Ǆ"]
    assert [js.lower(text) for text in ("ΑΣ", "İ", "ΑΣΑ")] == ["ας", "i̇", "ασα"]


@pytest.mark.parametrize(
    ("text", "pattern", "replacement", "options", "result"),
    [
        ("a.b.c", ".", "-", {}, "a-b-c"), ("a.b.c", ".", "-", {"every": False}, "a-b.c"),
        ("abc", "b", "[$&$$$`$'$1$<n>\\1]", {}, "a[b$ac$1$<n>\\1]c"), ("AbaB", "ab", "x", {"ignore_case": True}, "xx"),
        ("kK\u212a", "k", "_", {"ignore_case": True}, "__\u212a"),
        ("s\u017f", "S", "_", {"ignore_case": True}, "_\u017f"),
        ("iIıİ", "i", "_", {"ignore_case": True}, "__ıİ"), ("µ\u039c", "\u03bc", "_", {"ignore_case": True}, "__"),
        ("x😀y", HIGH, "_", {}, "x_" + LOW + "y"), ("ab", "", "-", {}, "-a-b-"), ("😀", "😀", "$&$&", {}, "😀😀"),
        ("𐐀", "𐐨", "_", {"ignore_case": True}, "𐐀"),
    ],
)  # fmt: skip
def test_replace(text: str, pattern: str, replacement: str, options: dict[str, bool], result: str) -> None:
    assert js.replace(text, pattern, replacement, **options) == result


def test_replace_stops_before_it_makes_gigabytes() -> None:
    with pytest.raises(OverflowError):
        js.replace("a" * 1_000_000, "a", "$`$`$`")


@pytest.mark.parametrize(
    ("value", "key", "found"),
    [
        ([7, 8], "1", 8), ([7], "1", UNDEFINED), ([7], "-1", UNDEFINED), ([7], "00", UNDEFINED), ("h😀", "1", HIGH),
        ("h😀", "length", 3), ([], "length", 0),
        ({"length": "x"}, "length", "x"), (5, "a", UNDEFINED), ([1], "a", UNDEFINED),
    ],
)  # fmt: skip
def test_members(value: Any, key: str, found: Any) -> None:
    assert js.member(value, key) == found
