"""A request built from options: pure, and what upstream's client sends (destinations/NOTES.md, "HTTP client").

Options are those of the call, merged over those of the definition's ``request``.
"""

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from actionsd.sdk import UNSET, RequestError, js
from actionsd.sdk.http import DEFAULT_TIMEOUT, USER_AGENT, Request, RequestOptions

_CLEAN_URL = re.compile(  # most URLs are what the parser would make of them
    r"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::(?!80/|443/)\d{2,5})?"
    r"/(?!\.)(?!.*/\.)[A-Za-z0-9/_~$&+,;=:@.-]*(?:\?[A-Za-z0-9/_~$&+,;=:@.%*-]+)?"
)
_ILLEGAL_HEADER = re.compile(r"[^\t\x20-\x7e\x80-\xff]")
_SAFE = re.compile(r"[A-Za-z0-9*_.-]*")  # as URLSearchParams leaves it
_ESCAPES = [(char.encode(), f"%{ord(char):02X}".encode()) for char in "!\"#$&'()+,/:;<=>?@[\\]^`{|}~"] + [(b" ", b"+")]
_UNPRINTABLE = re.compile(rb"[^\x20-\x7e]+")
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def build(method: str, url: str, options: Mapping[str, Any], shared: RequestOptions | None = None) -> Request:
    """The request that these options describe.

    Args:
        method: in any case.
        url: absolute.
        options: those given, as :class:`actionsd.sdk.Http` lists them.
        shared: the definition's options for all requests.

    Raises:
        RequestError: a URL that is not absolute, a body on GET or HEAD, or an illegal header value.
    """
    headers = {"user-agent": USER_AGENT}
    if shared:
        if shared_headers := shared.get("headers"):
            _add_headers(shared_headers, headers)
        options = merge({**shared, "headers": None}, options)
    if own_headers := options.get("headers"):
        _add_headers(own_headers, headers)
    body = _body(options, headers)
    method = method.upper()
    if body is not None and method in ("GET", "HEAD"):
        raise RequestError("Request with GET/HEAD method cannot have body")
    auth, params, timeout = options.get("auth"), options.get("params"), options.get("timeout")
    if auth and any(auth):
        headers["authorization"] = _basic(*auth)
    return Request(
        method, normal_url(url) if params is None else _with_query(normal_url(url), params), headers, body or b"",
        DEFAULT_TIMEOUT if timeout is None else timeout,
    )  # fmt: skip


def merge(shared: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """A call's options over the shared ones: objects merge, arrays concatenate, everything else is replaced.

    >>> merge({"params": {"k": 1}, "timeout": 5}, {"params": {"q": 2}})
    {'params': {'k': 1, 'q': 2}, 'timeout': 5}
    """
    merged = {**shared, **own}
    if len(merged) < len(shared) + len(own):
        for name, value in own.items():
            base = shared.get(name)
            if isinstance(base, dict) and isinstance(value, dict):
                merged[name] = merge(base, value)
            elif isinstance(base, list) and isinstance(value, list):
                merged[name] = base + value
    return merged


def _add_headers(given: Mapping[str, Any], headers: dict[str, str]) -> None:
    for name, value in given.items():
        if value.__class__ is str and value.isascii() and value.isprintable() and value != "undefined":
            headers[name.lower()] = value
        elif value is UNSET or value is js.UNDEFINED or value == "undefined":
            headers.pop(name.lower(), None)
        else:
            text = js.string(value)
            if _ILLEGAL_HEADER.search(text):
                raise RequestError(f"{text} is not a legal HTTP header value")
            headers[name.lower()] = text


def _body(options: Mapping[str, Any], headers: dict[str, str]) -> bytes | None:
    json = options.get("json", UNSET)
    if json is not UNSET and json is not js.UNDEFINED:
        headers["content-type"] = "application/json"
        return js.stringify_bytes(json)
    form = options.get("form")
    if form is not None:
        headers.setdefault("content-type", "application/x-www-form-urlencoded;charset=UTF-8")
        return urlencode(form).encode()
    data = options.get("data")
    if isinstance(data, str):
        headers.setdefault("content-type", "text/plain;charset=UTF-8")
        return data.encode()
    return data


@lru_cache(maxsize=256)
def _basic(user: str | None, password: str | None) -> str:
    token = b64encode(f"{user or ''}:{password or ''}".encode()).decode()
    return f"Basic {token}"


def urlencode(pairs: Mapping[str, Any] | Sequence[tuple[str, Any]]) -> str:
    """``application/x-www-form-urlencoded`` as ``URLSearchParams`` writes it.

    >>> urlencode({"a": 1, "b": "x y", "c": [1, 2], "d": "~*"})
    'a=1&b=x+y&c=1%2C2&d=%7E*'
    """
    items = pairs.items() if isinstance(pairs, Mapping) else pairs
    return "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in items)


def _quoted(value: Any) -> str:
    text = js.string(value)
    if _SAFE.fullmatch(text):
        return text
    quoted = _UNPRINTABLE.sub(_percent, text.encode("utf-8", "replace").replace(b"%", b"%25"))
    for char, escape in _ESCAPES:  # bytes are searched for one that is not there, as most, without looking at each
        quoted = quoted.replace(char, escape)
    return quoted.decode()


def _percent(part: re.Match[bytes]) -> bytes:
    return b"%" + part[0].hex("%").upper().encode()


def _with_query(url: str, params: Mapping[str, Any] | Sequence[tuple[str, Any]]) -> str:
    rest, hash_mark, fragment = url.partition("#")
    query = urlencode(params)
    return f"{rest.partition('?')[0]}{'?' if query else ''}{query}{hash_mark}{fragment}"


@lru_cache(maxsize=4096)
def normal_url(url: str) -> str:
    """An absolute http(s) URL as WHATWG's parser serialises it.

    Raises:
        RequestError: it is not absolute.

    >>> normal_url("HTTPS://EX.Test:443/A/../ü b?q=é")
    'https://ex.test/%C3%BC%20b?q=%C3%A9'
    """
    if _CLEAN_URL.fullmatch(url):
        return url
    try:
        parts = urlsplit(url.strip().replace("\\", "/"))
        scheme, host = parts.scheme.lower(), _host(parts.hostname or "")
        port = f":{parts.port}" if parts.port is not None else ""
    except (ValueError, UnicodeError):
        raise RequestError("Only absolute URLs are supported") from None
    if scheme not in ("http", "https") or not host:
        raise RequestError("Only absolute URLs are supported")
    user = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
    port = "" if port == _DEFAULT_PORTS[scheme] else port
    query = "?" + _escaped(parts.query, '<>"#') if parts.query else ""
    fragment = "#" + _escaped(parts.fragment, '<>"`') if parts.fragment else ""
    path = _escaped(_without_dots(parts.path), '<>"`{}?#^')
    return f"{scheme}://{user}{host}{port}{path}{query}{fragment}"


def _host(name: str) -> str:
    if ":" in name:
        return f"[{name}]"
    return name if name.isascii() else name.encode("idna").decode()


def _escaped(text: str, unsafe: str) -> str:
    """Percent-encodes what a URL may not hold; what is encoded already stays."""
    if text.isascii() and text.isalnum():
        return text
    return "".join(
        char if "!" <= char <= "~" and char not in unsafe else "".join(f"%{byte:02X}" for byte in char.encode())
        for char in text.encode("utf-8", "replace").decode()
    )


def _without_dots(path: str) -> str:
    segments: list[str] = []
    parts = path[1:].split("/")
    for index, part in enumerate(parts):
        bare = unquote_to_bytes(part) if "%2" in part else part.encode("utf-8", "replace")
        if bare in (b".", b".."):
            del segments[len(segments) - (bare == b"..") :]
            if index == len(parts) - 1:
                segments.append("")
        else:
            segments.append(part)
    return "/" + "/".join(segments)
