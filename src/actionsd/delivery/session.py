"""The calls that are made for one attempt, or for one question to a destination: they share settings, tokens and the
record of what was sent; a 401 is answered with one refresh and one more try (FEATURES F198)."""

import random
import time
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from hashlib import blake2b
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from actionsd.delivery.credentials import Credentials, secrets_of
from actionsd.delivery.exchange import Exchange
from actionsd.delivery.http import Client
from actionsd.delivery.quiet import QuietLog
from actionsd.delivery.redactor import Redactor
from actionsd.sdk import Auth, BaseCall, Definition, Payload, Settings, Tokens, Transport
from actionsd.sdk.payload import secrets

C = TypeVar("C", bound=BaseCall[Any])
Identify = Sequence[Callable[[], str]]
"""What gives the ids of deliveries: few plugins ask for them, and each takes a microsecond."""


class Around(msgspec.Struct, kw_only=True):
    """What surrounds an attempt.

    ``at_ms`` is the wall clock at its start, ``monotonic`` measures exchanges, ``deadline`` is when it will be
    cancelled (event loop's clock). ``uuid`` and ``random`` replace the ones seeded with the delivery; ``transaction``
    is what the deliveries of one event share.
    """

    transport: Transport
    at_ms: int
    attempt: int = 1
    deadline: float | None = None
    uuid: Callable[[], str] | None = None
    random: Callable[[], float] | None = None
    transaction: dict[str, Any] | None = None
    monotonic: Callable[[], float] = time.monotonic


class Session(msgspec.Struct, dict=True, eq=False):
    """One attempt's view of its destination, at one payload or a batch of them, or at none where something is asked.
    ``exchanges`` has all requests of all its calls, in order; ``hidden`` are texts not to be shown of them beside the
    secrets."""

    definition: Definition[Any]
    settings: Settings
    credentials: Credentials
    around: Around
    payloads: Sequence[Payload] = ()
    hidden: frozenset[str] = frozenset()
    exchanges: list[Exchange] = []
    used: list[Auth] = []

    __repr__ = object.__repr__  # exchanges hold secrets (I6)

    def call(self, kind: Callable[..., C], auth: Auth, identify: Identify = (str,), **own: Any) -> C:
        """A call of this kind with what every call knows (:class:`actionsd.sdk.BaseCall`) and ``own``; its client
        applies the definition's options. ``identify`` gives the ids of its deliveries."""
        around, definition = self.around, self.definition
        client = Client(around.transport, self.exchanges, around.monotonic, definition.hosts)
        call = kind(
            settings=self.settings, auth=auth, http=client, at_ms=around.at_ms, tools=Tools(self, identify), **own
        )  # fmt: skip
        self.used.append(auth)
        if definition.request is not None:
            client.extend = partial(definition.request, call)
        return call

    async def refresh(self, used: Auth) -> Auth:
        """New credentials after ``used`` were refused, see :meth:`Credentials.refresh`."""
        return await self.credentials.refresh(used, self.fetch_tokens)

    async def fetch_tokens(self, auth: Auth) -> Tokens | None:
        """New tokens from the definition's ``refresh``; None where it has none."""
        if self.definition.refresh is None:
            return None
        return await self.definition.refresh(self.call(BaseCall, auth))

    @cached_property
    def redact(self) -> Redactor:
        """Takes out what must not be shown of this attempt: secrets of the settings and of all its payloads, which one
        request may hold, and all its tokens. To be asked for when everything has been sent."""
        return self.redactor()

    @cached_property
    def exchange(self) -> bytes:
        """JSON of all requests and answers, secrets redacted, bodies capped. Made once, for a batch has it in common;
        to be asked for when everything has been sent."""
        return msgspec.json.encode([exchange.record(self.redact) for exchange in self.exchanges])

    def redactor(self) -> Redactor:
        """Takes out what is known as a secret by now."""
        tokens = map(secrets_of, [*self.used, self.credentials.auth])
        return Redactor(self.hidden.union(secrets(self.settings), *tokens, *map(secrets, self.payloads)))


class Tools(msgspec.Struct, eq=False):
    """What the call of a delivery can be asked for (:class:`actionsd.sdk.BaseCall`), made when it is first used: UUIDs
    and numbers are the same ones in the same order for the same delivery (RULES R22)."""

    session: Session
    identify: Identify
    uuids: int = 0
    seeded: random.Random | None = None

    def uuid(self) -> str:
        """One that nobody had yet."""
        if self.session.around.uuid is not None:
            return self.session.around.uuid()
        self.uuids += 1
        digest = blake2b(f"{self.identify[0]()}/{self.uuids}".encode(), digest_size=16).digest()
        return str(UUID(bytes=digest, version=4))

    def random(self) -> float:
        """From 0 up to, but not including, 1."""
        if self.session.around.random is not None:
            return self.session.around.random()
        if self.seeded is None:
            self.seeded = random.Random(self.identify[0]())
        return self.seeded.random()

    def keys(self) -> list[str]:
        """The ids of the deliveries."""
        return [identify() for identify in self.identify]

    @property
    def log(self) -> QuietLog:
        """Says no secret of the session."""
        return QuietLog(self.session.redactor)

    __repr__ = object.__repr__  # the session knows secrets (I6)
