"""The one argument that everything a plugin writes is called with; new facts become new attributes (RULES C6).

BaseCall            settings, auth, http, now, uuid(), random(), log: `request`, `test_authentication`, `refresh`
├── Call            + payload and the facts of the delivery: `perform`
├── BatchCall       + payloads: `perform_batch`
├── DeleteCall      + user_id, anonymous_id: `on_delete`
└── ChoicesCall     + field, payload, page, query: dynamic choices
"""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from actionsd.sdk.http import Http
from actionsd.sdk.payload import Settings

S = TypeVar("S", bound=Settings)
P = TypeVar("P")

Log = logging.Logger | logging.LoggerAdapter[logging.Logger]


class Auth(msgspec.Struct, frozen=True, omit_defaults=True):
    """OAuth credentials of a destination (FEATURES F200); None where there is none.

    Example:
        request=lambda call: {"headers": {"authorization": f"Bearer {call.auth.access_token}"}}
    """

    access_token: str | None = None
    refresh_token: str | None = None
    client_id: str | None = None
    client_secret: str | None = None
    refresh_url: str | None = None

    def __repr__(self) -> str:
        present = [name for name in self.__struct_fields__ if getattr(self, name) is not None]
        return f"Auth({', '.join(f'{name}=•••' for name in present)})"


class Tokens(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a ``refresh`` returns: ``Tokens(response.data["access_token"])``; None keeps the old refresh token."""

    access_token: str
    refresh_token: str | None = None


class Tools(Protocol):
    """What a call gives when it is asked; see there."""

    def uuid(self) -> str: ...

    def random(self) -> float: ...

    @property
    def log(self) -> Log: ...

    def keys(self) -> list[str]: ...


class BaseCall(msgspec.Struct, Generic[S], kw_only=True):
    """What every call knows. ``at_ms`` is the time of the call in milliseconds since the epoch, UTC.

    Example:
        async def test_authentication(call: BaseCall[AcmeSettings]) -> Response:
            return await call.http.get("https://api.acme.test/v1/me")
    """

    settings: S
    auth: Auth
    http: Http
    at_ms: int
    tools: Tools
    """Where ``uuid``, ``random``, ``log`` and the idempotency keys come from."""

    def uuid(self) -> str:
        """A new UUID, the same ones in the same order whenever this delivery is tried again (RULES R22)."""
        return self.tools.uuid()

    def random(self) -> float:
        """A number from 0 up to, but not including, 1."""
        return self.tools.random()

    @property
    def log(self) -> Log:
        """Where a plugin reports; never log payloads or secrets."""
        return self.tools.log

    @property
    def now(self) -> datetime:
        """The time of the call, aware, UTC."""
        return datetime.fromtimestamp(self.at_ms / 1000, UTC)


class _DeliveryCall(BaseCall[S], Generic[S], kw_only=True):
    """What a single delivery and a batch have in common."""

    attempt: int = 1
    """1 at the first try."""
    deadline: float | None = None
    """When the daemon gives up, on the event loop's clock (``asyncio.timeout_at``); None in tests."""
    sync_mode: str | None = None
    """``add``, ``update``, ``upsert``, ``delete`` or ``mirror`` where the mapping chose one."""
    matching_key: str | None = None
    """The field that matches records, where the mapping chose one."""
    transaction: dict[str, Any] = {}
    """Facts that the mappings of one event share at their first attempts, such as an id that one of them found. They
    run side by side, and a retry or a batch starts with an empty one: what is not there must be found otherwise."""


class Call(_DeliveryCall[S], Generic[S, P], kw_only=True):
    """``perform``'s argument: one payload of one event.

    Example:
        async def track(call: Call[AcmeSettings, TrackEvent]) -> Response:
            return await call.http.post(URL, json=call.payload, headers={"idempotency-key": call.idempotency_key})
    """

    payload: P
    event: Mapping[str, Any]
    """The event as the mapping saw it; read-only. Prefer fields: users can map them."""

    @property
    def idempotency_key(self) -> str:
        """The same text whenever this delivery is tried again; delivery is at least once (FEATURES F183)."""
        return self.tools.keys()[0]

    @property
    def message_id(self) -> str:
        """The event's messageId."""
        return str(self.event.get("messageId", ""))


class BatchCall(_DeliveryCall[S], Generic[S, P], kw_only=True):
    """``perform_batch``'s argument. ``events`` and ``idempotency_keys`` line up with ``payloads``.

    Example:
        async def track_many(call: BatchCall[AcmeSettings, TrackEvent]) -> Response:
            return await call.http.post(URL, json={"batch": call.payloads})
    """

    payloads: list[P]
    events: list[Mapping[str, Any]]

    @property
    def idempotency_keys(self) -> list[str]:
        """What each delivery's ``idempotency_key`` would be alone."""
        return self.tools.keys()


class DeleteCall(BaseCall[S], Generic[S], kw_only=True):
    """``on_delete``'s argument: whose data the destination shall forget (FEATURES F221).

    Example:
        async def forget(call: DeleteCall[AcmeSettings]) -> Response:
            return await call.http.post(f"{API}/forget", json={"user_id": call.user_id})
    """

    user_id: str | None = None
    anonymous_id: str | None = None


class ChoicesCall(BaseCall[S], Generic[S], kw_only=True):
    """The argument of a handler of dynamic choices (FEATURES F064).

    ``field`` is the key asked for (``"object.__keys__"`` asks for keys of an object field), ``payload`` what the form
    holds so far; ``page`` and ``query`` are "" for the first page and no search text.

    Example:
        async def channels(call: ChoicesCall[AcmeSettings]) -> Choices:
            response = await call.http.get(f"{API}/channels", params={"page": call.page})
            return Choices([Choice(each["id"], each["name"]) for each in response.data])
    """

    field: str
    payload: Mapping[str, Any] = {}
    page: str = ""
    query: str = ""
    selected_key: str | None = None
    """The key whose value is asked for, where ``field`` ends in ``__values__``."""
    selected_index: int | None = None
    """The item asked for, where the field is in an array."""
