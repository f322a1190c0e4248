"""The text formats that a field may ask for (FEATURES F060), read as ajv-formats does where that differs from RFCs."""

import re
from calendar import monthrange
from collections.abc import Callable
from functools import cache, lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address

FORMAT_NAMES = {
    "date-time": "date and time", "email": "email address", "ipv4": "IPv4 address", "ipv6": "IPv6 address",
    "uri": "URI", "uri-reference": "URI reference", "uri-template": "URI template", "json-pointer": "JSON Pointer",
    "regex": "regular expression", "uuid": "UUID",
}  # fmt: skip
"""How an error names a format; the others are named by themselves."""

_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
_TIME = re.compile(r"(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:z|[+-]\d\d(?::?\d\d)?)?", re.ASCII | re.IGNORECASE)
_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_SHORT_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_URI_CHARS = r"(?:[A-Za-z0-9\-._~:/?\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})"
_PATTERNS = {
    "email": rf"(?i:{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+{_LABEL})",
    "hostname": rf"(?i:(?=.{{1,253}}\.?$){_SHORT_LABEL}(?:\.{_SHORT_LABEL})*\.?)",
    "uri": rf"[A-Za-z][A-Za-z0-9+\-.]*:{_URI_CHARS}*(?:#{_URI_CHARS}*)?",
    "uri-reference": rf"{_URI_CHARS}*(?:#{_URI_CHARS}*)?",
    "uri-template": r"(?:[^\x00-\x20\"'<>%\\^`{|}]|%[0-9A-Fa-f]{2}|\{[^{}\s]+\})*",
    "uuid": r"(?i:(?:urn:uuid:)?[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})",
    "json-pointer": r"(?:/(?:[^~/]|~[01])*)*",
    "duration": r"P(?!$)(?:(?:\d+Y)?(?:\d+M)?(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+S)?)?|(?:\d+W)?)",
}


@cache
def format_test(name: str) -> Callable[[str], object]:
    """A function that is true for texts of the format; one that is not known (``text``, ``password``) takes all.

    >>> bool(format_test("email")("a@b.co")), format_test("date")("2023-02-29")
    (True, False)
    """
    if name not in _PATTERNS:
        return _TESTS.get(name, _anything)
    test = re.compile(_PATTERNS[name]).fullmatch  # now, for all of them would take a hundredth of a start
    return lru_cache(maxsize=256)(test) if name == "uri" else test  # few mappings take it from the event


def _anything(text: str) -> bool:
    return True


def _is_date(text: str) -> bool:
    match = _DATE.fullmatch(text)
    if match is None:
        return False
    year, month, day = map(int, match.groups())
    if year == 0:
        return 1 <= month <= 12 and 1 <= day <= monthrange(4, month)[1]
    return 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]


def _is_time(text: str) -> bool:
    match = _TIME.fullmatch(text)
    if match is None:
        return False
    hour, minute, second = map(int, match.groups())
    return (hour <= 23 and minute <= 59 and second <= 59) or (hour, minute, second) == (23, 59, 60)


def _is_date_time(text: str) -> bool:
    parts = re.split(r"[tT\s]", text)
    return len(parts) == 2 and _is_date(parts[0]) and _is_time(parts[1])


def _is_ipv4(text: str) -> bool:
    try:
        IPv4Address(text)
    except AddressValueError:
        return False
    return True


def _is_ipv6(text: str) -> bool:
    try:
        return IPv6Address(text).scope_id is None
    except AddressValueError:
        return False


def _is_regex(text: str) -> bool:
    try:
        re.compile(text)
    except re.error:
        return False
    return True


_TESTS: dict[str, Callable[[str], object]] = {
    "date": _is_date, "time": _is_time, "date-time": _is_date_time, "ipv4": _is_ipv4, "ipv6": _is_ipv6,
    "regex": _is_regex,
}  # fmt: skip
