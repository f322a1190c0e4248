"""The three questions to JSON text, in C and without: both give the same answers, and no bytes confuse either."""

import importlib
import json
import re
import subprocess
import sys
from types import ModuleType
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actionsd.sdk import js, purescan, scan

compiled = importlib.import_module("actionsd.sdk._scan") if scan.COMPILED else None
needs_compiled = pytest.mark.skipif(compiled is None, reason="there was no C compiler when actionsd was installed")
both = pytest.mark.parametrize(
    "answers", [pytest.param(purescan, id="pure"), pytest.param(compiled, id="compiled", marks=needs_compiled)]
)

NUMBERS = (
    st.integers()
    | st.integers(2**53 - 3, 2**53 + 3)
    | st.integers(-(2**53) - 3, -(2**53) + 3)
    | st.integers().map(float)
    | st.floats()
    | st.floats(-1e-4, 1e-4)
    | st.floats(1e15, 1e22)
)
INDEXES = st.integers(0, 12).map(str) | st.integers(2**32 - 4, 2**32 + 2).map(str)
TEXTS = st.text('[]{}"\\,:.019e-\0é😀', max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(INDEXES | TEXTS | st.just("007"), inner, max_size=5),
    max_leaves=12,
)
BROKEN = st.binary(max_size=40) | st.lists(
    st.sampled_from([b'"', b"\\", b"{", b"}", b"[", b"]", b":", b",", b"0", b"1.0", b"9" * 17, b"\0", b"\xc3", b"e1"])
).map(b"".join)  # fmt: skip


def _levels(value: Any) -> int:
    if isinstance(value, dict | list):
        return 1 + max(map(_levels, value.values() if isinstance(value, dict) else value), default=0)
    return 0


@both
@given(BROKEN | st.text().map(str.encode) | st.text().map(lambda text: text.encode("utf-8", "surrogatepass")), BROKEN)
def test_utf8_is_what_python_decodes(answers: ModuleType, text: bytes, rest: bytes) -> None:
    for each in (text, text + rest, b"a" * 9 + rest + text, text[:-1]):
        try:
            each.decode()
        except UnicodeDecodeError:
            assert not answers.is_utf8(each)
        else:
            assert answers.is_utf8(each)


@both
def test_utf8_has_each_character_and_no_other(answers: ModuleType) -> None:
    seconds = (0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF)
    tails = (b"", b"\x80", b"\xbf", b"\x80\x80", b"\xbf\xbf", b"\x80\x41", b"\x41\x80", b"\x80\xc0", b"\x80\x80\x80")
    for first in range(0x80, 0x100):
        for text in [bytes([first]), *(bytes([first, second]) + tail for second in seconds for tail in tails)]:
            assert answers.is_utf8(text) == (text.decode("utf-8", "ignore").encode() == text), text


@both
def test_utf8_is_looked_at_to_its_end(answers: ModuleType) -> None:
    for size in (7, 8, 9, 16 * 1024 - 1, 16 * 1024, 40_000):
        assert answers.is_utf8(b"x" * size + "é".encode() + b"y" * size)
        assert not answers.is_utf8(b"x" * size + b"\xc3")
        assert not answers.is_utf8("é".encode() + b"x" * size + b"\xff" + b"y" * size)


@both
@given(VALUES, st.sampled_from([None, 1]))
def test_depth_is_that_of_the_value(answers: ModuleType, value: Any, indent: int | None) -> None:
    text = json.dumps({"first": [{}] * 3, "value": value}, indent=indent).encode()
    levels = max(3, 1 + _levels(value))
    assert not answers.is_deeper(text, levels)
    assert answers.is_deeper(text, levels - 1)


@both
@pytest.mark.parametrize(("open", "close"), [('{"a":', "}"), ("[", "]"), ('{"a":[', "]}")])
def test_depth_is_more_than_a_number_of_brackets(answers: ModuleType, open: str, close: str) -> None:
    def nested(levels: int) -> bytes:
        return (open * (levels // len(close)) + "1" + close * (levels // len(close))).encode()

    assert not answers.is_deeper(nested(100), 100)
    assert answers.is_deeper(nested(102), 100)
    assert answers.is_deeper(nested(10_000), 100)
    assert not answers.is_deeper(b'{"items":[' + b",".join([nested(90)] * 1000) + b"]}", 100)


@both
def test_what_is_not_closed_is_deep(answers: ModuleType) -> None:
    assert answers.is_deeper(b"[" * 32_768, 100)
    assert answers.is_deeper(b"]" * 200 + b"[" * 200, 100)
    assert answers.is_deeper(b'{"a":"' + b"x" * 50 + b'",' + b'"b":[' * 101 + b'"', 100)


@both
def test_depth_counts_no_bracket_in_a_text(answers: ModuleType) -> None:
    texts = ["[" * 300, '"' + "{" * 300, "\\" * 3 + "[" * 300, "\0[" * 300]
    assert not answers.is_deeper(json.dumps({text: [text] for text in texts}).encode(), 100)
    assert not answers.is_deeper(json.dumps(texts, ensure_ascii=False).replace("\\u0000", "\0").encode(), 1)


@both
@settings(max_examples=500)
@given(VALUES)
def test_c5_a_plain_text_is_what_javascript_writes(answers: ModuleType, value: Any) -> None:
    text = msgspec.json.encode([value])
    if answers.is_plain(text):
        assert str(js.stringify([value])).encode() == text


@needs_compiled
@settings(max_examples=500)
@given(VALUES)
def test_compiled_only_exponents_and_large_integers_may_be_false_alarms(value: Any) -> None:
    assert compiled is not None
    text = msgspec.json.encode(value)
    if str(js.stringify(value)).encode() == text:
        assert compiled.is_plain(text) or re.search(rb"\de-\d|\d{16}", text)
    else:
        assert not compiled.is_plain(text)


@both
@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (b'{"1":1,"2":2,"b":3}', True), (b'{"2":1,"10":2}', True), (b'{"10":1,"2":2}', False),
        (b'{"b":1,"2":2}', False), (b'{"b":{"2":1},"c":[{"1":2}]}', True), (b'{"b":1,"02":2,"4294967295":3}', True),
        (b'{"b":1,"4294967294":3}', False), (b'{"2":{"b":0},"3":1}', True), (b'{"":1,"0":2}', False),
        (b'{"a":8999999999999999}', True), (b'{"a":-9007199254740993}', False), (b"[0.5,10.25,1e-7]", False),
        (b'{"a":"1.0","b":"1e9","c":"99999999999999999"}', True), (b"[-0.0]", False), (b"[1.05,0.01]", True),
        (b'["' + b"\\" * 4 + b'",1.0]', False), (b'["\\"",1e16]', False), (b"1.0", False), (b"{}", True),
    ],
)  # fmt: skip
def test_c5_what_is_plain(answers: ModuleType, text: bytes, plain: bool) -> None:
    assert answers.is_plain(b"[%b]" % text) == plain
    assert answers.is_plain(b'{"member":%b}' % text) == plain


@needs_compiled
@settings(max_examples=500)
@given(BROKEN, st.integers(-1, 5))
def test_no_bytes_lead_the_compiled_one_astray(text: bytes, levels: int) -> None:
    assert compiled is not None
    for each in (text, b'"' + text, b'{"a":' + text, text * 50):
        assert {compiled.is_plain(each), compiled.is_deeper(each, levels), compiled.is_utf8(each)} <= {True, False}


@needs_compiled
def test_more_levels_than_the_compiled_one_keeps_are_not_plain() -> None:
    assert compiled is not None
    assert compiled.is_plain(b"[" * 1023 + b"]" * 1023)
    for levels in (1024, 100_000):
        assert not compiled.is_plain(b"[" * levels + b"]" * levels)
    assert compiled.is_plain(b"[]" * 5000 + b"]" * 5000)


@needs_compiled
def test_the_compiled_one_refuses_what_is_no_text() -> None:
    assert compiled is not None
    for function in (compiled.is_utf8, compiled.is_plain):
        with pytest.raises(TypeError, match="bytes"):
            function("{}")
    for arguments in ((b"{}",), (b"{}", "1"), ("{}", 1), (b"{}", 1, 2)):
        with pytest.raises(TypeError):
            compiled.is_deeper(*arguments)
    with pytest.raises(OverflowError):
        compiled.is_deeper(b"{}", 2**70)


def test_without_the_compiled_one_the_other_answers() -> None:
    code = (
        "import sys; sys.modules['actionsd.sdk._scan'] = None\n"
        "from actionsd.sdk import js, purescan, scan\n"
        "assert not scan.COMPILED and scan.is_plain is purescan.is_plain\n"
        "print(js.stringify_bytes({'b': 1.0, '1': 1e21}).decode())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == '{"1":1e+21,"b":1}\n'
