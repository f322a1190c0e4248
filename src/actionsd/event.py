"""The event on its way: accepted by ingest, a row of the journal, decoded once for the lanes.

The journal keeps what the client sent byte for byte (``body``) and beside it what the server added (``added``, a JSON
object that :mod:`actionsd.ingest.normalise` writes). Decoding is a pure function of these two (RULES R22), so an event
reads the same live, in a test and in a replay.
"""

import json
from typing import Any

import msgspec

type_letters = {"t": "track", "i": "identify", "p": "page", "s": "screen", "g": "group", "a": "alias"}
types = frozenset(type_letters.values())

_safe_integer = 2**53
_longest_integer = 400  # digits; more is beyond the range of a double


def _number(text: str) -> int | float:
    """A number as JavaScript prints it: 25.0 becomes 25, so that no body that is made of it needs a closer look."""
    number = float(text)
    return number if number % 1 or not -_safe_integer <= number <= _safe_integer else int(number)


_decode = msgspec.json.Decoder(float_hook=_number).decode


Facet = tuple[str, str, str]
"""What counters are broken down by: type, event name ("" where the type has none), app version (FEATURES F169)."""

no_facet: Facet = ("", "", "")


class Accepted(msgspec.Struct, frozen=True, gc=False):
    """One event that ingest has checked, on its way into the journal.

    ``message_id`` is at most 100 characters; ``body`` the client's JSON object as sent (bytes, UTF-8);
    ``added`` the JSON object of what the server adds, see :func:`decode`.
    """

    message_id: str
    body: bytes
    added: bytes
    facet: Facet = no_facet


class Entry(msgspec.Struct, gc=False):
    """One row of the journal. It is decoded on first use and shared by all lanes: nobody may change what it gives.
    ``facet`` is the store's number for the event's :data:`Facet`, 0 where it has none.

    Both properties raise ``msgspec.DecodeError`` when the row cannot be read (RULES R26: ``undecodable``).
    """

    position: int
    source: int
    received_at: int
    message_id: str
    body: bytes
    added: bytes
    facet: int = 0
    _event: dict[str, Any] | None = None
    _metadata: dict[str, Any] | None = None

    @property
    def event(self) -> dict[str, Any]:
        """The event as mappings, triggers and filters see it, see :func:`decode`."""
        if self._event is None:
            self._event, self._metadata = _read(self.body, self.added)
        return self._event

    @property
    def metadata(self) -> dict[str, Any]:
        """The SDK's own ``_metadata``, such as the lists ``bundled`` and ``unbundled`` (FEATURES F045)."""
        return (self._metadata or {}) if self.event else {}


def decode(body: bytes, added: bytes) -> dict[str, Any]:
    """Body and server's additions as one event; what the server set wins, ``context`` and ``integrations`` of the batch
    are merged under the event's own (FEATURES F003: the item's value wins). The client's ``timestamp`` is kept as
    ``originalTimestamp`` (F019). ``_metadata`` and ``writeKey`` are left out.

    Raises:
        msgspec.DecodeError: one of the two is not a JSON object.

    >>> decode(b'{"event":"E","context":{"a":1},"writeKey":"k"}', b'{"v":1,"type":"track","context":{"a":0,"b":2}}')
    {'event': 'E', 'context': {'a': 1, 'b': 2}, 'type': 'track'}
    """
    return _read(body, added)[0]


def parse(text: bytes) -> Any:
    """JSON as JavaScript's ``JSON.parse`` takes it: lone surrogates are kept, numbers beyond a double are infinite.

    Raises:
        msgspec.DecodeError: it is not JSON, not UTF-8, or nested too deeply.
    """
    try:
        return _decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _parse_rest(text)


def _parse_rest(text: bytes) -> Any:
    """What msgspec refuses and JavaScript takes goes through the standard library; so does what is really wrong."""
    try:
        return json.loads(text.decode(), parse_int=_integer, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise msgspec.DecodeError(str(error)) from None


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _longest_integer else float(digits)


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def _read(body: bytes, added: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """The event and its metadata."""
    try:
        event, additions = _decode(body), _decode(added)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        event, additions = parse(body), parse(added)
    if event.__class__ is not dict or additions.__class__ is not dict:
        kinds = f"{type(event).__name__} and {type(additions).__name__}"
        raise msgspec.DecodeError(f"expected two JSON objects, got {kinds}")
    metadata = event.pop("_metadata", None)
    event.pop("writeKey", None)
    additions.pop("v", None)
    additions.pop("transformed", None)  # for people who ask what became of the event
    if (timestamp := event.get("timestamp")) is not None:
        event["originalTimestamp"] = timestamp
    for key, value in additions.items():
        if value.__class__ is dict and (own := event.get(key)).__class__ is dict:
            value = value | own
        event[key] = value
    return event, metadata if isinstance(metadata, dict) else {}
