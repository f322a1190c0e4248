"""The event on its way: accepted by ingest, a row of the journal, decoded once for the lanes.

The journal keeps what the client sent byte for byte (``body``) and beside it what the server added (``added``: JSON of
the normaliser's version, receivedAt, corrected timestamp, ip, merged batch context ...). Decoding is a pure function of
these two (RULES R22), so an event reads the same live, in a test and in a replay.
"""

from typing import Any, NamedTuple

import msgspec

type_letters = {"t": "track", "i": "identify", "p": "page", "s": "screen", "g": "group", "a": "alias"}

_decode_object = msgspec.json.Decoder(dict[str, Any]).decode


class Accepted(NamedTuple):
    """One event that ingest has checked, on its way into the journal.

    ``message_id`` is at most 100 characters; ``body`` the client's JSON object as sent (bytes, UTF-8);
    ``added`` the JSON object of what the server adds, see :func:`decode`.
    """

    message_id: str
    body: bytes
    added: bytes


class Entry:
    """One row of the journal. ``event`` decodes on first use and is shared by all lanes: nobody may change it."""

    __slots__ = ("_event", "added", "body", "message_id", "position", "received_at", "source")

    def __init__(
        self, position: int, source: int, received_at: int, message_id: str, body: bytes, added: bytes
    ) -> None:
        self.position = position
        self.source = source
        self.received_at = received_at
        self.message_id = message_id
        self.body = body
        self.added = added
        self._event: dict[str, Any] | None = None

    @property
    def event(self) -> dict[str, Any]:
        """The event as mappings, triggers and filters see it.

        Raises:
            msgspec.DecodeError: the row cannot be read (RULES R26: dead letter ``undecodable``).
        """
        if self._event is None:
            self._event = decode(self.body, self.added)
        return self._event


def decode(body: bytes, added: bytes) -> dict[str, Any]:
    """Body and server's additions as one event; what the server set wins, ``context`` and ``integrations`` of the batch
    are merged under the event's own (FEATURES F003: the item's value wins).

    >>> decode(b'{"event":"E","context":{"a":1}}', b'{"type":"track","context":{"a":0,"b":2}}')
    {'event': 'E', 'context': {'a': 1, 'b': 2}, 'type': 'track'}
    """
    event = _decode_object(body)
    for key, value in _decode_object(added).items():
        own = event.get(key)
        if isinstance(own, dict) and isinstance(value, dict):
            event[key] = value | own
        else:
            event[key] = value
    return event
