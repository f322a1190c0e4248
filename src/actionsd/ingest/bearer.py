"""Access tokens of ingest: signed with a key of their client and kept nowhere, so any number of them takes no room, and
a restart or a crash ends none (FEATURES F011).

A token is ``<id of the client>.<when it ends>.<HMAC of both>``. It is worth what its client is worth at that moment:
nothing without the client, and only the client's sources.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable

from actionsd.clock import Clock
from actionsd.ingest.refusal import Refusal
from actionsd.store.records import OAuthClient, Source

SCOPE = "tracking_api:write"
REQUIRED = "oauth_required"
INVALID = "oauth_invalid"
FORBIDDEN = "oauth_forbidden"
STATUSES = {REQUIRED: 401, INVALID: 401, FORBIDDEN: 403}
"""What an HTTP client is answered whose call is refused for one of these reasons."""

_longest = 200  # characters; ours have fewer than 90


def issue(client: OAuthClient, now: int) -> str:
    """A token that is good for the client's ``token_life`` from ``now`` (milliseconds)."""
    return _signed(client, f"{client.id}.{now // 1000 + client.config.token_life}")


class Bearers:
    """Tells what a token opens. ``by_id`` finds a client by its id of the store."""

    def __init__(self, by_id: Callable[[int], OAuthClient | None], clock: Clock) -> None:
        self._by_id = by_id
        self._clock = clock

    def refusal(self, token: str, source: Source) -> Refusal | None:
        """Why the token does not open the source; None when it does."""
        client = self._client(token)
        if client is None:
            return Refusal(INVALID, "the access token is none of ours, or its client was removed")
        if int(token.split(".")[1]) * 1000 <= self._clock.now():
            return Refusal(INVALID, "the access token has expired")
        if source.id not in client.config.sources:
            return Refusal(FORBIDDEN, f"the client {client.name} may not send to the source {source.slug}")
        return None

    def _client(self, token: str) -> OAuthClient | None:
        """The client that a token was signed for, expired or not."""
        claims, _, _ = token.rpartition(".")
        id, _, expires = claims.partition(".")
        numbers = id.isascii() and id.isdigit() and expires.isascii() and expires.isdigit()
        client = self._by_id(int(id)) if numbers and len(token) <= _longest else None
        if client is None:
            return None
        expected, given = _signed(client, claims).encode(), token.encode("utf-8", "replace")
        return client if hmac.compare_digest(expected, given) else None


def _signed(client: OAuthClient, claims: str) -> str:
    signature = hmac.digest(client.config.token_key, claims.encode(), "sha256")
    return f"{claims}.{urlsafe_b64encode(signature).rstrip(b'=').decode()}"
