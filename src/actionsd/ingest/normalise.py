"""What the server adds to an event: the ``added`` part of its journal row.

    {"v":1, "receivedAt":"…", "version":2,
     "type":"…", "messageId":"…", "sentAt":"…", "timestamp":"…", "channel":"…", "context":{…}, "integrations":{…}}

Each member of the second line only where the event needs it. ``v`` is the version of this format. The text is put
together from ready pieces, because a batch does this up to 2,500 times; :func:`actionsd.event.decode` reads it.
"""

import json
from collections.abc import Callable
from typing import NamedTuple

from msgspec import UNSET

from actionsd.event import Facet
from actionsd.ingest import times
from actionsd.ingest.split import Context, Envelope, Head, context_of, members, write

max_properties = 10_000  # kept of an event's properties and traits each (F027)
tracking_version = 2  # what Segment's own API puts into ``version`` (F046)

smallest_excess = max_properties * len('"":1,')  # bytes; a shorter event cannot have more
_channels = frozenset({"server", "browser", "mobile"})
_browser_library = "analytics.js"
_mobile_libraries = (
    "analytics-ios",
    "analytics-swift",
    "analytics-android",
    "analytics-kotlin",
    "analytics-react-native",
    "@segment/analytics-react-native",
    "analytics-flutter",
    "analytics_flutter",
)
_no_context = Context()


class Ending(NamedTuple):
    """The members after ``timestamp``, which many events of a request share; ``alone`` is ``added`` of an event that
    needs no others."""

    text: str
    alone: bytes


class Arrival:
    """What the events of one request have in common: when they came, from where, and what their batch says for all."""

    def __init__(
        self,
        received_at: int,
        client_ip: Callable[[], str],
        *,
        envelope: Envelope | None = None,
        channel: str | None = None,
    ) -> None:
        """``client_ip`` gives "" where there is no address to tell; ``channel`` is what the endpoint implies."""
        self._received_at = received_at
        self._client_ip = client_ip
        self._start = f'{{"v":1,"receivedAt":"{times.to_text(received_at)}","version":{tracking_version}'
        self._sent_at: int | None = None
        self._sent_at_text = ""
        self._hints = _no_context
        self._context = self._integrations = ""
        self._endings: dict[tuple[str, bool, bool], Ending] = {}
        if envelope is not None:
            self._take(envelope)
        self._channel = self._hints.channel if _is_channel(self._hints.channel) else channel
        self._library = self._hints.library.name if self._hints.library is not None else None

    def _take(self, envelope: Envelope) -> None:
        self._sent_at = times.from_client(envelope.sent_at)
        if self._sent_at is not None:
            self._sent_at_text = f',"sentAt":{json.dumps(envelope.sent_at)}'
        context, integrations = bytes(envelope.context), bytes(envelope.integrations)
        if context.startswith(b"{"):
            self._hints = context_of(members(context))
            self._context = f',"context":{context.decode()}'
        if integrations.startswith(b"{"):
            self._integrations = f',"integrations":{integrations.decode()}'

    @property
    def shared_bytes(self) -> int:
        """How many bytes each event gets from its batch."""
        return len(self._context) + len(self._integrations)

    def added(self, head: Head, type: str, message_id: str) -> bytes:
        """The journal row's ``added`` for an event that is valid as this type; ``message_id`` is the one it goes by."""
        text = ""
        if head.type != type:
            text = f',"type":"{type}"'
        if head.message_id != message_id:
            text += f',"messageId":{json.dumps(message_id)}'
        if head.sent_at is None:
            sent_at = self._sent_at
            text += self._sent_at_text
        else:
            sent_at = times.from_client(head.sent_at)
        timestamp = times.corrected(head.timestamp, sent_at, self._received_at)
        if timestamp is not None:
            text += f',"timestamp":"{timestamp}"'
        ending = self._ending(head, head.context or _no_context)
        return f"{self._start}{text}{ending.text}".encode() if text else ending.alone

    def _ending(self, head: Head, context: Context) -> Ending:
        channel = self._channel_of(head, context)
        wants_ip = context.ip is UNSET and (channel != "server" or context.direct is True or self._hints.direct is True)
        key = (channel, head.channel is None, wants_ip)
        ending = self._endings.get(key)
        if ending is None:
            text = f',"channel":"{channel}"' if head.channel is None else ""
            text += f"{self._with_ip() if wants_ip else self._context}{self._integrations}}}"
            ending = self._endings[key] = Ending(text, f"{self._start}{text}".encode())
        return ending

    def facet(self, head: Head, type: str) -> Facet:
        """What the event is counted by (FEATURES F169)."""
        name = head.event if type == "track" else head.name if type in ("page", "screen") else None
        context = head.context
        app = self._hints.app if context is None or context.app is UNSET else context.app
        version = app.version if app else None
        return type, name or "", "" if version is None else str(version)

    def _channel_of(self, head: Head, context: Context) -> str:
        """Where the call was made (F046): as the client says, else by the endpoint or its library."""
        if head.channel is not None or context.channel is not None:
            for channel in (head.channel, context.channel):
                if _is_channel(channel):
                    return str(channel)
        if self._channel:
            return self._channel
        library = context.library.name if context.library is not None else None
        return _channel_by(library or self._library)

    def _with_ip(self) -> str:
        """The batch's context with the client's address, unless it brings one. Browsers and phones do not know theirs;
        a server's own would say nothing of the user (F020)."""
        ip = self._client_ip() if self._hints.ip is UNSET else ""
        if not ip:
            return self._context
        rest = self._context.removeprefix(',"context":{').lstrip()
        comma = "" if rest in ("", "}") else ","
        return f',"context":{{"ip":"{ip}"{comma}{rest or "}"}'


def _is_channel(value: object) -> bool:
    return isinstance(value, str) and value in _channels


def _channel_by(library: str | None) -> str:
    if not library:
        return "server"
    if library == _browser_library:
        return "browser"
    return "mobile" if library.startswith(_mobile_libraries) else "server"


def without_excess(event: bytes) -> bytes:
    """The event with at most ``max_properties`` of its properties and traits; the rest is dropped (F027).

    Raises:
        BadRequest: it has to be written anew and holds what JSON cannot.
    """
    whole = members(event)
    parts = {name: part for name in ("properties", "traits") if isinstance(part := whole.get(name), dict)}
    cut = {
        name: dict(list(part.items())[:max_properties]) for name, part in parts.items() if len(part) > max_properties
    }
    return write(whole | cut) if cut else event
