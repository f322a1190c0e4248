"""Who may call the admin API, and do what: everybody who can open the unix socket, and over TCP whoever has a token."""

import hmac
import logging
import socket
from typing import Literal

from aiohttp import web
from aiohttp.typedefs import Handler

from actionsd import wire
from actionsd.admin.answers import refuse
from actionsd.clock import Clock
from actionsd.operate import tokens
from actionsd.operate.callers import Caller
from actionsd.operate.parts import Parts

log = logging.getLogger(__name__)

Least = Literal["open"] | wire.Role
"""What a call needs at least: a role, or with ``open`` nothing at all, not even a token."""

_strength = {"read": 1, "write": 2, "admin": 3}
_pause = 0.05  # seconds between two failures that one peer is told
_longest = 1.0  # seconds that any failure waits
MOST_PEERS = 1024  # whose failures are told apart


_caller = web.RequestKey("caller", Caller)


def caller_of(request: web.Request) -> Caller:
    """Who makes this call; every route has one but those that are ``open``."""
    return request[_caller]


class Guard:
    """Lets a call through when its caller's role is at least the one that its route needs.

    ``configured`` is the token of the config or of the first start. It and the unix socket have the role admin; other
    tokens have what they were made with. A route that nobody protected needs admin.
    """

    def __init__(self, configured: str, parts: Parts) -> None:
        self._configured = tokens.digest(configured)
        self._parts = parts
        self._needs: dict[web.AbstractRoute, Least] = {}
        self._failures = Failures(parts.clock)

    def protect(self, route: web.AbstractRoute, least: Least) -> None:
        """Say which role calls of this route need."""
        self._needs[route] = least

    def needs(self, request: web.Request) -> Least:
        """The least role for this call. Any token may learn that a path or method does not exist."""
        match = request.match_info
        return "read" if match.http_exception is not None else self._needs.get(match.route, "admin")

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """401 without a token that is known, 403 with one whose role is too weak."""
        least = self.needs(request)
        if least == "open":
            return await handler(request)
        caller = _of_socket(request) or self._of_token(request)
        if isinstance(caller, Caller):
            if _strength[caller.role] < _strength[least]:
                return refuse(403, "forbidden", f"this needs the role {least}; {caller.name} has {caller.role}")
            request[_caller] = caller
            return await handler(request)
        await self._failures.wait(request.remote or "")
        answer = refuse(401, "unauthorized", caller)
        answer.headers["WWW-Authenticate"] = "Bearer"
        return answer

    def _of_token(self, request: web.Request) -> Caller | str:
        """The caller that a token stands for, or why there is none."""
        given = _bearer(request)
        if not given:
            return "the admin API asks for Authorization: Bearer TOKEN"
        digest, now = tokens.digest(given), self._parts.clock.now()
        if hmac.compare_digest(digest, self._configured):
            return Caller("admin token", "admin")
        found = self._parts.store.tokens.find(digest)
        if found is None:
            return "this token is not known; it may have been revoked"
        if tokens.has_expired(found, now):
            return f"the token {found.name} has expired"
        self._parts.store.tokens.used(found, now)
        return Caller(f"token:{found.name}", found.role)


class Failures:
    """Makes those who present no good token wait for their answer.

    Answers to one peer (an IP address) go out one every 50 ms, so that a loop with a wrong token, or a naive search for
    a right one, is slow and cheap; none waits longer than a second, so that a flood cannot pile up calls. Good tokens
    are never held up, not even those of a peer that fails: behind a proxy all callers have one address, and locking it
    would let anybody lock out everybody. A guesser who does not wait for his answers is stopped by the length of the
    token alone, which is 256 bits unless the config has its own.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._turns: dict[str, float] = {}

    @property
    def peers(self) -> int:
        """How many are remembered."""
        return len(self._turns)

    async def wait(self, peer: str) -> None:
        """Until it is this peer's turn to be told."""
        await self._clock.sleep(self.turn(peer) - self._clock.monotonic())

    def turn(self, peer: str) -> float:
        """Take the next turn of a peer; returns when it is, on the monotonic clock."""
        now = self._clock.monotonic()
        if len(self._turns) >= MOST_PEERS and peer not in self._turns:
            self._turns = {each: turn for each, turn in self._turns.items() if turn > now}
            if len(self._turns) >= MOST_PEERS:
                peer = ""  # so many at once share one turn: the table stays small
        turn = min(max(self._turns.get(peer, now), now) + _pause, now + _longest)
        self._turns[peer] = turn
        return turn


def _of_socket(request: web.Request) -> Caller | None:
    transport = request.transport
    peer = transport.get_extra_info("socket") if transport else None
    return Caller("socket", "admin") if peer is not None and peer.family == socket.AF_UNIX else None


def _bearer(request: web.Request) -> str:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    return given.strip() if scheme.lower() == "bearer" else ""
