"""Takes secrets out of texts by value, whatever way they are written (invariant I6).

Servers repeat what they were sent: in URLs, in JSON within JSON, in HTML, in base64 or hex of the whole request. A
secret is found where each of its characters stands in any of its spellings, or where its bytes begin at any of the
three places in a base64 group.
"""

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Collection
from functools import lru_cache
from urllib.parse import quote, quote_plus

from actionsd.sdk.payload import MASK

_BASIC = re.compile(r"(?i)\bbasic ([A-Za-z0-9+/=_-]+)")
_least_base64 = 8  # characters that the certain part of a secret in base64 has, else chance would find it everywhere
_parts = re.compile(r"\\*[^\\]|\\+\Z")
_percent = r"%(?:25){0,3}"
_backslash = rf"(?:\\|{_percent}5[cC])"
_named = {
    " ": [r"\+", f"{_percent}2[bB]"], "\n": ["n"], "\t": ["t"], "\r": ["r"], "\f": ["f"], "\b": ["b"],
    "&": ["&amp;"], "<": ["&lt;"], ">": ["&gt;"], '"': ["&quot;"], "'": ["&apos;"],
}  # fmt: skip
_to_url = str.maketrans("+/", "-_")


class Redactor:
    """Replaces secrets wherever they appear; of the credentials of the Basic scheme that hold one, all.

    >>> Redactor(["s3cret/key"])("https://u:s3cret%2Fkey@h/?k=s3cret/key")
    'https://u:••••••@h/?k=••••••'
    """

    def __init__(self, secrets: Collection[str]) -> None:
        self._secrets = tuple(sorted({secret for secret in secrets if secret}, key=lambda each: (-len(each), each)))
        self._pattern, self._encoded = _prepared(self._secrets)

    def __call__(self, text: str) -> str:
        """The text without secrets."""
        if not self._secrets:
            return text
        text = self._pattern.sub(MASK, _BASIC.sub(self._basic, text))
        for form in self._encoded:
            text = text.replace(form, MASK)
        return text

    def _basic(self, match: re.Match[str]) -> str:
        try:
            credentials = b64decode(match[1] + "==").decode(errors="replace")
        except ValueError:
            return match[0]
        return f"{match[0][:6]}{MASK}" if any(secret in credentials for secret in self._secrets) else match[0]


@lru_cache(maxsize=64)
def _prepared(secrets: tuple[str, ...]) -> tuple[re.Pattern[str], list[str]]:
    """What to look for: kept, because the same secrets are sent again and again and this takes a millisecond."""
    encoded = sorted({form for secret in secrets for form in _encoded(secret)}, key=len, reverse=True)
    return re.compile("|".join(map(_spelled, secrets))), encoded


def _spelled(secret: str) -> str:
    """A pattern for a secret as text: percent-encoded, JSON- or HTML-escaped, one in the other and up to three times
    over. A text can match it in hardly more than one way, so that none makes the search slow."""
    return "".join(map(_spellings, _parts.findall(secret)))


@lru_cache(maxsize=1024)
def _spellings(part: str) -> str:
    """One character with the backslashes before it, or those at the end."""
    char = part.lstrip("\\")
    backslashes = len(part) - len(char)
    if not char or (char.isascii() and char.isalnum()):
        return f"{_backslash}{{{backslashes},{8 * backslashes}}}{char}" if backslashes else char
    code = rf"&\#(?:{ord(char)}|x0*{_digits(f'{ord(char):x}')});"
    percent = "".join(_percent + _digits(f"{byte:02x}") for byte in char.encode("utf-8", "replace"))
    units = char.encode("utf-16-be", "replace").hex(" ", 2).split()
    escaped = rf"{_backslash}{{1,8}}".join(f"u{_digits(unit)}" for unit in units)
    ways = [re.escape(char), percent, escaped, code, *_named.get(char, ())]
    return f"{_backslash}{{{backslashes},{8 * backslashes + 7}}}(?:{'|'.join(ways)})"


def _digits(hex: str) -> str:
    """Hexadecimal digits in either case."""
    return "".join(f"[{digit}{digit.upper()}]" if digit.isalpha() else digit for digit in hex)


def _encoded(secret: str) -> set[str]:
    """A secret, as it is or as a body or URL has it, in hex, and in base64 of either alphabet, alone or anywhere in
    something longer."""
    escaped = (json.dumps(secret, ensure_ascii=ascii)[1:-1] for ascii in (False, True))
    texts = {secret, *escaped, quote(secret, safe="", errors="replace"), quote_plus(secret, errors="replace")}
    return {form for text in texts for form in _in_bytes(text.encode("utf-8", "replace"))}


def _in_bytes(raw: bytes) -> set[str]:
    alone = b64encode(raw).decode()
    within = {_certain(raw, before) for before in range(3)}
    forms = {alone, alone.rstrip("="), *(form for form in within if len(form) >= _least_base64)}
    return forms | {form.translate(_to_url) for form in forms} | {raw.hex(), raw.hex().upper()}


def _certain(raw: bytes, before: int) -> str:
    """The part of the base64 that these bytes alone decide, when ``before`` others begin their first group."""
    bits = 8 * (before + len(raw))
    first, last = -(-8 * before // 6), bits // 6
    return b64encode(b"\0" * before + raw).decode()[first:last]
