"""Connections of destinations that a person has begun and the provider has not answered yet (RULES C10)."""

import hmac
import secrets
from base64 import urlsafe_b64encode
from hashlib import sha256

import msgspec

from actionsd.clock import Clock
from actionsd.errors import Conflict

LIFE = 600.0  # seconds from the beginning until the answer
MOST = 100  # at once; the oldest makes room


class Flow(msgspec.Struct, frozen=True):
    """One connection on its way: ``state`` ties the answer to it (RFC 6749, 10.12), ``verifier`` the exchange of the
    code (RFC 7636); ``begun_at`` is on the monotonic clock."""

    state: str
    verifier: str
    redirect_uri: str
    begun_at: float

    @property
    def challenge(self) -> str:
        """What the authorize URL says of the verifier: its SHA-256 (method S256)."""
        return urlsafe_b64encode(sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()

    def __repr__(self) -> str:
        return f"<Flow to {self.redirect_uri}>"  # the rest is secret while it lasts


class Flows:
    """Kept in memory only, one for each destination: a new one replaces the one before."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._begun: dict[int, Flow] = {}

    def begin(self, destination: int, redirect_uri: str) -> Flow:
        """A new flow with a state and a verifier of 256 random bits and more."""
        self._begun.pop(destination, None)
        if len(self._begun) >= MOST:
            del self._begun[next(iter(self._begun))]
        flow = Flow(secrets.token_urlsafe(32), secrets.token_urlsafe(48), redirect_uri, self._clock.monotonic())
        self._begun[destination] = flow
        return flow

    def take(self, destination: int, state: str) -> Flow:
        """The flow that an answer with this state belongs to; it cannot be taken again.

        Raises:
            Conflict: there is none, it took too long, or the state is another's. A wrong state, which anybody may send
                to a loopback address, leaves the flow as it is.
        """
        flow = self._begun.get(destination)
        if flow is None:
            raise Conflict("no connection of it was begun, or the daemon has restarted since; begin again")
        if not hmac.compare_digest(flow.state.encode(), state.encode("utf-8", "surrogateescape")):
            raise Conflict("state: it is not the one that this connection was begun with; nothing was changed")
        del self._begun[destination]
        if self._clock.monotonic() - flow.begun_at > LIFE:
            raise Conflict(f"it took more than {LIFE / 60:.0f} minutes; begin again")
        return flow
