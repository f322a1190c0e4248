"""How JavaScript sees a JSON value: its text, its truth, its order of keys, its UTF-16 strings.

Mappings and destinations were written against engines in JavaScript, and what they send depends on that language's
values: `5.0` prints as `5`, an object prints as `[object Object]`, a string's length counts UTF-16 units. All of it
lives here, so that the rest of the code can read as if it were natural.

Values are what a JSON decoder gives (`None`, `bool`, `int`, `float`, `str`, `list`, `dict`) and `UNDEFINED`.
An `int` beyond 2^53 counts as the nearest double, as it would after JavaScript's `JSON.parse`.

    >>> string(5.0), string([1, [None, "a"]]), string({})
    ('5', '1,,a', '[object Object]')
    >>> stringify({"b": 1e21, "10": None, "9": True})
    '{"9":true,"10":null,"b":1e+21}'
"""

import json
import math
import re
from collections.abc import Callable
from enum import Enum
from json.encoder import encode_basestring
from typing import Any, Final, Literal

import msgspec

from actionsd.sdk.arrayindex import array_index as array_index
from actionsd.sdk.scan import is_plain

_SAFE_INTEGER = 2**53
_SMALL = 1e-5  # msgspec and JavaScript write smaller numbers differently
WHITESPACE = "\t\n\v\f\r \xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000\ufeff"
"""What `trim` and `\\s` take for blank: white space and line ends."""
_MAX_TEXT = 2**26  # characters that `replace` may make; V8 stops at 2^29, more than an event should ever cost
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_RADIX = re.compile(r"0(?:[xX][0-9a-fA-F]+|[oO][0-7]+|[bB][01]+)")
_SURROGATE = re.compile("[\ud800-\udfff]")
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
_DOLLAR = re.compile(r"\$([$&`'])")


class Undefined(Enum):
    """The type of `UNDEFINED`."""

    UNDEFINED = object()  # msgspec refuses to write this; a text would be sent

    def __bool__(self) -> Literal[False]:
        return False

    def __repr__(self) -> str:
        return "UNDEFINED"


UNDEFINED: Final = Undefined.UNDEFINED
"""JavaScript's `undefined`: a value that is not there. `None` is JavaScript's `null`."""


_SCALARS: Final = frozenset({str, int, float, bool, type(None), Undefined})


# Types and truth


def type_name(value: object) -> str:
    """`typeof`, with `null` and `array` told apart: `undefined null boolean number string array object`.

    >>> type_name(None), type_name([]), type_name(1.5)
    ('null', 'array', 'number')
    """
    if value is UNDEFINED:
        return "undefined"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


def truthy(value: object) -> bool:
    """`Boolean(value)`: every object and every array is true, also an empty one.

    >>> truthy([]), truthy("0"), truthy(0.0), truthy(float("nan"))
    (True, True, False, False)
    """
    if isinstance(value, dict | list):
        return True
    return bool(value) and value == value


def equals_empty(value: object) -> bool:
    """`value == ""`, the loose comparison: also `0`, `false` and an array that prints as nothing.

    >>> [equals_empty(x) for x in ("", 0, False, [], [[None]], None, " ", [0], {})]
    [True, True, True, True, True, False, False, False, False]
    """
    if isinstance(value, list):
        return string(value) == ""
    return value == "" or (isinstance(value, int | float) and value == 0)


def strict_equals(left: object, right: object) -> bool:
    """`left === right`: no conversion; objects and arrays are equal only to themselves.

    >>> strict_equals(1, 1.0), strict_equals(1, True), strict_equals([], [])
    (True, False, False)
    """
    if isinstance(left, dict | list) or isinstance(right, dict | list):
        return left is right
    return type_name(left) == type_name(right) and left == right


def less_than(left: object, right: object) -> bool:
    """`left < right`: two strings by their UTF-16 units, anything else as numbers.

    >>> less_than("10", "9"), less_than("10", 9), less_than(None, 1), less_than(UNDEFINED, 1)
    (True, False, True, False)
    """
    left, right = _primitive(left), _primitive(right)
    if isinstance(left, str) and isinstance(right, str):
        return split_surrogates(left) < split_surrogates(right)
    return to_number(left) < to_number(right)


def at_most(left: object, right: object) -> bool:
    """`left <= right`, as `less_than`."""
    left, right = _primitive(left), _primitive(right)
    if isinstance(left, str) and isinstance(right, str):
        return split_surrogates(left) <= split_surrogates(right)
    return to_number(left) <= to_number(right)


def _primitive(value: object) -> object:
    return string(value) if isinstance(value, dict | list) else value


# Text and numbers


def number_text(number: int | float) -> str:
    """`String(number)`.

    >>> number_text(1e21), number_text(1e20), number_text(1e-7), number_text(-0.0), number_text(2**64)
    ('1e+21', '100000000000000000000', '1e-7', '0', '18446744073709552000')
    """
    if -_SAFE_INTEGER <= number <= _SAFE_INTEGER and number == (whole := int(number)):
        return str(whole)
    double = to_double(number)
    if double != double:
        return "NaN"
    if math.isinf(double):
        return "Infinity" if double > 0 else "-Infinity"
    sign, digits, exponent = _decimal_digits(double)
    return sign + _place_point(digits, exponent)


def to_double(number: int | float) -> float:
    """The double nearest to `number`, infinite where an integer is too large for one."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def _decimal_digits(double: float) -> tuple[str, str, int]:
    """Sign, shortest digits d and exponent n, so that the number is 0.d × 10^n."""
    mantissa, _, exponent = repr(abs(double)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    leading = len(whole) if whole != "0" else len(digits) - len(fraction)
    return ("-" if double < 0 else ""), digits.rstrip("0"), leading + int(exponent or 0)


def _place_point(digits: str, n: int) -> str:
    """The layout of ECMA-262 Number::toString for digits d and exponent n (0.d × 10^n)."""
    count = len(digits)
    if count <= n <= 21:
        return digits + "0" * (n - count)
    if 0 < n <= 21:
        return f"{digits[:n]}.{digits[n:]}"
    if -6 < n <= 0:
        return f"0.{'0' * -n}{digits}"
    fraction = f".{digits[1:]}" if count > 1 else ""
    return f"{digits[0]}{fraction}e{n - 1:+d}"


def string(value: object) -> str:
    """`String(value)`: `undefined`, `null` and booleans by name, an array's items joined with commas."""
    if isinstance(value, str):
        return value
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, int | float):
        return number_text(value)
    if isinstance(value, list):
        return join_surrogates(",".join("" if x is None or x is UNDEFINED else string(x) for x in value))
    if value is None:
        return "null"
    return "undefined" if value is UNDEFINED else "[object Object]"


def to_number(value: object) -> float | int:
    """`Number(value)`: NaN where the text is no number. An `int` stays an `int`.

    >>> to_number(" 12.50 "), to_number(""), to_number("0x1F"), to_number("1_000"), to_number(None), to_number([7])
    (12.5, 0, 31, nan, 0, 7)
    """
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return value
    if value is None:
        return 0
    if isinstance(value, str):
        return _text_to_number(trim(value))
    return _text_to_number(trim(string(value))) if isinstance(value, list) else math.nan


def _text_to_number(text: str) -> float | int:
    if not text:
        return 0
    if _DECIMAL.fullmatch(text):
        return int(text) if text.isdigit() and len(text) < 16 else float(text)
    if _RADIX.fullmatch(text):
        return int(text, 0)
    if text.lstrip("+-") == "Infinity" and len(text) <= len("+Infinity"):
        return float(text)
    return math.nan


# Objects and JSON


def ordered(members: dict[str, Any]) -> dict[str, Any]:
    """The object with its members in JavaScript's order: array indexes first, ascending; then as inserted.

    Returns `members` itself where no key is an index.

    >>> list(ordered({"b": 1, "10": 2, "9": 3, "007": 4}))
    ['9', '10', 'b', '007']
    """
    if not members or min(members) >= ":":  # no key starts with a digit: the cheapest test for the usual object
        return members
    indexes = [(index, key) for key in members if key[:1].isdigit() and (index := array_index(key)) is not None]
    if not indexes:
        return members
    return {key: members[key] for _, key in sorted(indexes)} | members


def spread(value: Any) -> dict[str, Any]:
    """`{...value}`: the members of an object, the items of an array or the UTF-16 units of a string; else none.

    >>> spread("ab"), spread(None)
    ({'0': 'a', '1': 'b'}, {})
    """
    if isinstance(value, dict):
        return ordered(value)
    items = split_surrogates(value) if isinstance(value, str) else value if isinstance(value, list) else ()
    return {str(index): item for index, item in enumerate(items)}


def stringify(value: object) -> str | Undefined:
    """`JSON.stringify(value)`: `UNDEFINED` for `UNDEFINED`; members that are undefined are left out.

    Raises `RecursionError` for a value nested deeper than Python's stack allows.
    """
    if value is UNDEFINED:
        return UNDEFINED
    parts: list[str] = []
    _write(value, parts.append)
    return "".join(parts)


def stringify_bytes(value: Any) -> bytes:
    """`JSON.stringify(value)` in UTF-8, as it is sent in a request's body; `UNDEFINED` is `null`.

    Structs become objects of their members, those that are `UNSET` are left out. msgspec writes the same bytes ten
    times faster than JavaScript's rules can be followed here, so these are only followed where something would differ.

    >>> stringify_bytes({"b": [1.0, {"c": "1.0"}], "10": 1e21})
    b'{"10":1e+21,"b":[1,{"c":"1.0"}]}'
    """
    if value.__class__ in _SCALARS:
        return str(stringify(None if value is UNDEFINED else value)).encode()
    try:
        encoded = msgspec.json.encode(value)
        if is_plain(encoded):
            return encoded
    except (TypeError, UnicodeEncodeError, OverflowError):  # UNDEFINED or half of a surrogate pair is in it
        pass
    respelled = _respelled(value)
    try:
        return msgspec.json.encode(respelled)
    except UnicodeEncodeError:  # half of a surrogate pair is in a key
        return str(stringify(respelled)).encode()


def _respelled(value: Any) -> Any:
    """The value as msgspec must get it: members in JavaScript's order, and as text what it would write otherwise."""
    kind = value.__class__
    if kind is str:
        return value if value.isascii() or not _SURROGATE.search(value) else msgspec.Raw(_quote(value).encode())
    if kind is dict:
        return {
            key: member if member.__class__ is str and member.isascii() else _respelled(member)
            for key, member in ordered(value).items()
            if member is not UNDEFINED and member is not msgspec.UNSET
        }
    if kind is list or kind is tuple:
        return [*map(_respelled, value)]
    if kind is int or kind is float:
        if -_SAFE_INTEGER <= value <= _SAFE_INTEGER and (kind is int or (value % 1 and abs(value) > _SMALL)):
            return value
        return msgspec.Raw(number_text(value).encode()) if math.isfinite(to_double(value)) else None
    if value is None or value is UNDEFINED:
        return None
    if kind is bool:
        return value
    if isinstance(value, msgspec.Struct):
        return _respelled(msgspec.to_builtins(value))
    raise TypeError(f"not a JSON value: {value!r}")


def _write(value: Any, put: Callable[[str], None]) -> None:
    kind = value.__class__
    if kind is str:
        put(_quote(value))
    elif kind is dict:
        separator = "{"
        for key, member in ordered(value).items():
            if member is not UNDEFINED:
                put(f"{separator}{_quote(key)}:")
                separator = ","
                _write(member, put)
        put("}" if separator == "," else "{}")
    elif kind is list:
        separator = "["
        for item in value:
            put(separator)
            separator = ","
            _write(item, put)
        put("]" if value else "[]")
    elif value is True or value is False:
        put("true" if value else "false")
    elif kind is int or kind is float:
        put(number_text(value) if math.isfinite(to_double(value)) else "null")
    elif value is None or value is UNDEFINED:
        put("null")
    elif kind is msgspec.Raw:
        put(bytes(value).decode())
    else:
        raise TypeError(f"not a JSON value: {value!r}")


def _quote(text: str) -> str:
    quoted = encode_basestring(text)
    if quoted.isascii() or not _SURROGATE.search(quoted):
        return quoted
    return _SURROGATE.sub(lambda half: f"\\u{ord(half[0]):x}", join_surrogates(quoted))


def parse(text: str) -> Any:
    """`JSON.parse(text)`. Raises `ValueError` where it is not JSON, and `RecursionError` as `stringify` does."""
    return _DECODER.decode(text)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _parse_int(digits: str) -> int | float:
    return int(digits) if len(digits) < 16 else float(digits)


_DECODER = json.JSONDecoder(parse_int=_parse_int, parse_constant=_no_constant)


# Strings of UTF-16 units


def join_surrogates(text: str) -> str:
    """`text` with each high half followed by a low half made one character, as two JavaScript strings join."""
    if text.isascii() or not _SURROGATE.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def split_surrogates(text: str) -> str:
    """`text` with one character for each UTF-16 unit, the inverse of `join_surrogates`."""
    if text.isascii():
        return text
    return _ASTRAL.sub(lambda astral: _halves(ord(astral[0])), text)


def _halves(code: int) -> str:
    offset = code - 0x10000
    return chr(0xD800 + (offset >> 10)) + chr(0xDC00 + (offset & 0x3FF))


def length(text: str) -> int:
    """`text.length`: UTF-16 units.

    >>> length("h😀i")
    4
    """
    return len(text) if text.isascii() else len(split_surrogates(text))


def slice_text(text: str, start: int, end: int | None = None) -> str:
    """`text.slice(start, end)` in UTF-16 units; may cut a character in halves."""
    if text.isascii():
        return text[start:end]
    return join_surrogates(split_surrogates(text)[start:end])


def trim(text: str) -> str:
    """`text.trim()`: JavaScript's blanks and line ends, which are not quite Python's."""
    return text.strip(WHITESPACE)


def upper(text: str) -> str:
    """`text.toUpperCase()`, the full Unicode mapping.

    >>> upper("straße")
    'STRASSE'
    """
    return text.upper()


def lower(text: str) -> str:
    """`text.toLowerCase()`, with the final sigma."""
    return text.lower()


def member(value: Any, key: str) -> Any:
    """`value[key]` for the keys that data has: members of an object, indexes and `length` of an array or a string.

    `UNDEFINED` for anything else.

    >>> member([7, 8], "1"), member("abc", "length"), member({"a": 1}, "b")
    (8, 3, UNDEFINED)
    """
    if isinstance(value, dict):
        return value.get(key, UNDEFINED)
    if not isinstance(value, list | str):
        return UNDEFINED
    units = split_surrogates(value) if isinstance(value, str) else value
    if key == "length":
        return len(units)
    index = array_index(key)
    return units[index] if index is not None and index < len(units) else UNDEFINED


def replace(text: str, pattern: str, replacement: str, *, ignore_case: bool = False, every: bool = True) -> str:
    """`text.replace()` of the literal `pattern`, by a regular expression without the `u` flag.

    `$$`, `$&`, `` $` `` and `$'` in `replacement` are live. Cases fold unit by unit, and never join an ASCII letter
    with another one (ECMA-262, Canonicalize). An empty pattern matches between all units.

    >>> replace("a+B", "+b", "[$&]", ignore_case=True)
    'a[+B]'
    """
    count = -1 if every else 1
    if not ignore_case and "$" not in replacement and pattern and not _SURROGATE.search(pattern):
        return text.replace(pattern, replacement, count)
    units, wanted = split_surrogates(text), split_surrogates(pattern)
    haystack, needle = (units.translate(_FOLDED), wanted.translate(_FOLDED)) if ignore_case else (units, wanted)
    pieces: list[str] = []
    end = size = 0
    found = haystack.find(needle)
    while found >= 0:
        pieces += units[end:found], _expand(replacement, units, found, found + len(needle))
        size += len(pieces[-1])
        if size > _MAX_TEXT:
            raise OverflowError("Invalid string length")
        end = found + len(needle)
        found = haystack.find(needle, end if needle else end + 1) if every else -1
    return join_surrogates("".join(pieces) + units[end:])


def _expand(replacement: str, units: str, start: int, end: int) -> str:
    if "$" not in replacement:
        return replacement
    values = {"$": "$", "&": units[start:end], "`": units[:start], "'": units[end:]}
    return _DOLLAR.sub(lambda sign: values[sign[1]], replacement)


class _Folding(dict[int, int]):
    """A table for `str.translate`: each UTF-16 unit by the one that it is compared as, filled as units are met."""

    def __missing__(self, code: int) -> int:
        folded = chr(code).upper()
        same = len(folded) != 1 or ord(folded) > 0xFFFF or (code > 127 and ord(folded) < 128)
        self[code] = code if same else ord(folded)
        return self[code]


_FOLDED = _Folding()
