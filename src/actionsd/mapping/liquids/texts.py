"""Filters on text. Every value is taken as the text that it prints."""

import base64
import hashlib
import hmac
import math
import re
import string
import unicodedata
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from actionsd.mapping.liquids.failure import LiquidFailure
from actionsd.mapping.liquids.limits import Rendering
from actionsd.mapping.liquids.numbers import number
from actionsd.mapping.liquids.values import plain, text
from actionsd.sdk import js
from actionsd.sdk.js import UNDEFINED

_BLANKS = re.compile(f"[{js.WHITESPACE}]+")
_CJK = "\u4e00-\u9fff\uf900-\ufaff\u3400-\u4dbf\u3040-\u309f\u30a0-\u30ff\uac00-\ud7af"
_CJK_CHARACTER = re.compile(f"[{_CJK}]")
_OTHER_WORD = re.compile(f"[^{_CJK}{js.WHITESPACE}]+")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;"}
_UNESCAPES = {escaped: character for character, escaped in _ESCAPES.items()}
_MARKUP = (("<script", "</script>"), ("<style", "</style>"), ("<!--", "-->"), ("<", ">"))
_PERCENT = re.compile(r"%(?![0-9a-fA-F]{2})")
_ACCENTS = str.maketrans(
    {accented: plain for plain, group in {
        "a": "àáâãäå", "ae": "æ", "c": "ç", "e": "èéêë", "i": "ìíîï", "d": "ð", "n": "ñ", "o": "òóôõöø", "u": "ùúûü",
        "y": "ýÿ", "ss": "ß", "oe": "œ", "th": "þ", "SS": "ẞ", "OE": "Œ", "TH": "Þ",
    }.items() for accented in group}
)  # fmt: skip


def append(value: Any, *others: Any) -> str:
    return js.join_surrogates(text(value) + text(_only(others, "append")))


def prepend(value: Any, *others: Any) -> str:
    return js.join_surrogates(text(_only(others, "prepend")) + text(value))


def _only(arguments: tuple[Any, ...], name: str) -> Any:
    if len(arguments) != 1:
        raise LiquidFailure(f"{name} expect 2 arguments")
    return arguments[0]


def upcase(value: Any) -> str:
    return js.upper(text(value))


def downcase(value: Any) -> str:
    return js.lower(text(value))


def capitalize(value: Any) -> str:
    units = js.split_surrogates(text(value))
    return js.join_surrogates(js.upper(units[:1]) + js.lower(js.join_surrogates(units[1:])))


def strip(value: Any, characters: Any = UNDEFINED) -> str:
    return text(value).strip(_stripped(characters))


def lstrip(value: Any, characters: Any = UNDEFINED) -> str:
    return text(value).lstrip(_stripped(characters))


def rstrip(value: Any, characters: Any = UNDEFINED) -> str:
    return text(value).rstrip(_stripped(characters))


def _stripped(characters: Any) -> str:
    return text(characters) if js.truthy(characters) else js.WHITESPACE


def strip_newlines(value: Any) -> str:
    return re.sub(r"\r?\n", "", text(value))


def squish(value: Any) -> str:
    return js.trim(_BLANKS.sub(" ", text(value)))


def normalize_whitespace(value: Any) -> str:
    return _BLANKS.sub(" ", text(value))


def replace(context: Rendering, value: Any, pattern: Any = UNDEFINED, replacement: Any = UNDEFINED) -> str:
    pieces, new = _split(text(value), text(pattern)), text(replacement)
    context.charge(sum(map(len, pieces)) + len(new) * len(pieces))
    return js.join_surrogates(new.join(pieces))


def replace_first(value: Any, pattern: Any = UNDEFINED, replacement: Any = UNDEFINED) -> str:
    return text(value).replace(text(pattern), text(replacement), 1)


def replace_last(value: Any, pattern: Any = UNDEFINED, replacement: Any = UNDEFINED) -> str:
    before, found, after = text(value).rpartition(text(pattern)) if text(pattern) else (text(value), "-", "")
    return before + text(replacement) + after if found else after


def remove(context: Rendering, value: Any, pattern: Any = UNDEFINED) -> str:
    return replace(context, value, pattern)


def remove_first(value: Any, pattern: Any = UNDEFINED) -> str:
    return replace_first(value, pattern)


def remove_last(value: Any, pattern: Any = UNDEFINED) -> str:
    return replace_last(value, pattern)


def split(value: Any, separator: Any = UNDEFINED) -> list[str]:
    """The pieces between separators, or the UTF-16 units if there is none; without empty pieces at the end."""
    pieces = _split(text(value), text(separator))
    while pieces and not pieces[-1]:
        pieces.pop()
    return pieces


def _split(whole: str, separator: str) -> list[str]:
    return whole.split(separator) if separator else list(js.split_surrogates(whole))


def truncate(value: Any, length: Any = 50, ellipsis: Any = "...") -> Any:
    """At most so many characters (code points) with the ellipsis; a value that is short enough stays as it is."""
    whole, end, limit = js.join_surrogates(text(value)), js.join_surrogates(text(ellipsis)), number(length)
    if len(whole) <= limit:
        return value
    return whole[: max(math.ceil(limit - len(end)), 0)] + end


def truncatewords(value: Any, count: Any = 15, ellipsis: Any = "...") -> str:
    words = _BLANKS.split(text(value).lstrip(js.WHITESPACE))
    wanted = js.to_number(plain(count))
    if math.isnan(wanted):
        return ""
    limit = max(int(wanted), 1)
    return " ".join(words[:limit]) + (text(ellipsis) if len(words) >= limit else "")


def number_of_words(value: Any, mode: Any = UNDEFINED) -> int:
    """The words between blanks; by the modes `cjk` and `auto` each CJK character counts as one."""
    whole = js.trim(text(value))
    characters = len(_CJK_CHARACTER.findall(whole))
    if mode == "cjk" or (mode == "auto" and characters):
        return characters + len(_OTHER_WORD.findall(whole))
    return len(_BLANKS.split(whole)) if whole else 0


def escape(value: Any) -> str:
    return re.sub("[&<>\"']", lambda found: _ESCAPES[found[0]], text(value))


def escape_once(value: Any) -> str:
    return escape(re.sub("&(?:amp|lt|gt|#34|#39);", lambda found: _UNESCAPES[found[0]], text(value)))


def strip_html(value: Any) -> str:
    """Without scripts, styles, comments and tags; what is not closed stays."""
    source, kept, place, openers = text(value), [], 0, dict(_MARKUP)
    while (found := source.find("<", place)) >= 0:
        kept.append(source[place:found])
        place = found
        for opener in [opener for opener in openers if source.startswith(opener, found)]:
            end = source.find(openers[opener], found + len(opener))
            if end >= 0:
                place = end + len(openers[opener])
                break
            del openers[opener]  # nothing closes it from here on, so that this stays linear
        if place == found:
            break
    return "".join(kept) + source[place:]


def url_encode(value: Any) -> str:
    return _encoded(text(value), "-_.!~*'()").replace("%20", "+")


def cgi_escape(value: Any) -> str:
    return _encoded(text(value), "-_.~").replace("%20", "+")


def uri_escape(value: Any) -> str:
    return _encoded(text(value), "-_.!~*'();/?:@&=+$,#[]")


def url_decode(value: Any) -> str:
    encoded = text(value).replace("+", " ")
    try:
        if _PERCENT.search(encoded):
            raise ValueError
        return unquote_to_bytes(encoded).decode()
    except ValueError:
        raise LiquidFailure("URI malformed") from None


def _encoded(whole: str, safe: str) -> str:
    try:
        return quote(whole, safe=safe)
    except UnicodeEncodeError:
        raise LiquidFailure("URI malformed") from None


def slugify(value: Any, mode: Any = "default", cased: Any = False) -> str:
    """Runs of what the mode does not allow as one dash, none at the ends; in lower case unless `cased`."""
    whole = text(value)
    if mode == "raw":
        whole = re.sub("^-|-$", "", _BLANKS.sub("-", whole))
    elif isinstance(mode, str) and mode in _SLUG_TABLES:
        dashed = (whole.translate(_ACCENTS) if mode == "latin" else whole).translate(_SLUG_TABLES[mode])
        whole = re.sub("^-|-$", "", re.sub("\0+", "-", dashed))
    return whole if js.truthy(cased) else js.lower(whole)


class _SlugTable(dict[int, int]):
    """For `str.translate`: a character that a slug keeps by itself, any other by NUL; filled as they are met."""

    def __init__(self, *, letters: bool, others: str) -> None:
        super().__init__(zip(map(ord, others), map(ord, others), strict=True))
        self._letters = letters

    def __missing__(self, code: int) -> int:
        category = unicodedata.category(chr(code))
        self[code] = code if self._letters and (category[0] in "LM" or category == "Nd") else 0
        return self[code]


_SLUG_TABLES = {
    "default": _SlugTable(letters=True, others=""),
    "latin": _SlugTable(letters=True, others=""),
    "pretty": _SlugTable(letters=True, others="._~!$&'()+,;=@"),
    "ascii": _SlugTable(letters=False, others=string.ascii_letters + string.digits),
}


def base64_encode(value: Any) -> str:
    return base64.b64encode(_utf8(value)).decode()


def base64_decode(value: Any) -> str:
    encoded = re.sub("[\t\n\f\r ]", "", text(value))
    digits = re.sub("==?$", "", encoded) if len(encoded) % 4 == 0 else encoded
    if len(digits) % 4 == 1 or not re.fullmatch("[A-Za-z0-9+/]*", digits):
        raise LiquidFailure("invalid base64 provided to base64_decode")
    return base64.b64decode(digits + "=" * (-len(digits) % 4)).decode(errors="replace")


def sha256(value: Any) -> str:
    return hashlib.sha256(_utf8(value)).hexdigest()


def hmac_sha256(value: Any, key: Any = UNDEFINED) -> str:
    return hmac.new(_utf8(key), _utf8(value), "sha256").hexdigest()


def _utf8(value: Any) -> bytes:
    """The text in UTF-8, with a replacement character for half a surrogate pair."""
    return js.join_surrogates(text(value)).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


FILTERS: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        append, prepend, upcase, downcase, capitalize, strip, lstrip, rstrip, strip_newlines, squish,
        normalize_whitespace, replace, replace_first, replace_last, remove, remove_first, remove_last, split, truncate,
        truncatewords, number_of_words, escape, escape_once, strip_html, url_encode, cgi_escape, uri_escape,
        url_decode, slugify, base64_encode, base64_decode, sha256, hmac_sha256,
    )
} | {"xml_escape": escape}  # fmt: skip
