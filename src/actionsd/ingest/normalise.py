"""What the server adds to an event: the ``added`` part of its journal row.

    {"v":1, "receivedAt":"…", "version":2,
     "type":"…", "messageId":"…", "sentAt":"…", "timestamp":"…", "channel":"…", "context":{…}, "integrations":{…}}

Each member of the second line only where the event needs it. ``v`` is the version of this format. The text is put
together from ready pieces, because a batch does this up to 2,500 times; :func:`actionsd.event.decode` reads it.
"""

import json
from collections.abc import Callable

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
        self._channel = channel
        self._start = f'{{"v":1,"receivedAt":"{times.to_text(received_at)}","version":{tracking_version}'
        self._sent_at: int | None = None
        self._sent_at_text = ""
        self._hints = _no_context
        self._context = self._integrations = self._context_with_ip = ""
        if envelope is not None:
            self._take(envelope)

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
        text = self._start
        if head.type != type:
            text += f',"type":"{type}"'
        if head.message_id != message_id:
            text += f',"messageId":{json.dumps(message_id)}'
        sent_at = self._sent_at
        if head.sent_at is not None:
            sent_at = times.from_client(head.sent_at)
        else:
            text += self._sent_at_text
        timestamp = times.corrected(head.timestamp, sent_at, self._received_at)
        if timestamp is not None:
            text += f',"timestamp":"{timestamp}"'
        context = head.context or _no_context
        channel = self._channel_of(head, context)
        if head.channel is None:
            text += f',"channel":"{channel}"'
        wants_ip = context.ip is UNSET and (channel != "server" or context.direct is True or self._hints.direct is True)
        return f"{text}{self._with_ip() if wants_ip else self._context}{self._integrations}}}".encode()

    def facet(self, head: Head, type: str) -> Facet:
        """What the event is counted by (FEATURES F169)."""
        name = head.event if type == "track" else head.name if type in ("page", "screen") else None
        context = head.context
        app = self._hints.app if context is None or context.app is UNSET else context.app
        return type, name or "", "" if app is UNSET else app_version(app)

    def _channel_of(self, head: Head, context: Context) -> str:
        """Where the call was made (F046): as the client says, else by the endpoint or its library."""
        for channel in (head.channel, context.channel, self._hints.channel, self._channel):
            if isinstance(channel, str) and channel in _channels:
                return channel
        library = context.library_name or self._hints.library_name
        if library == _browser_library:
            return "browser"
        return "mobile" if library.startswith(_mobile_libraries) else "server"

    def _with_ip(self) -> str:
        """The batch's context with the client's address, unless it brings one. Browsers and phones do not know theirs;
        a server's own would say nothing of the user (F020)."""
        if not self._context_with_ip:
            ip = self._client_ip() if self._hints.ip is UNSET else ""
            rest = self._context.removeprefix(',"context":{').lstrip()
            comma = "" if rest in ("", "}") else ","
            self._context_with_ip = f',"context":{{"ip":"{ip}"{comma}{rest or "}"}' if ip else self._context
        return self._context_with_ip


def app_version(app: object) -> str:
    """``context.app.version``; "" when there is none.

    >>> app_version({"name": "Shop", "version": 2})
    '2'
    """
    version = app.get("version") if isinstance(app, dict) else None
    return str(version) if isinstance(version, str | int | float) else ""


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
