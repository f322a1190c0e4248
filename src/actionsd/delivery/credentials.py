"""A destination's OAuth tokens: refreshed once however many deliveries meet a 401 (FEATURES F198-F200, RULES C10)."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from actionsd.errors import Unavailable
from actionsd.sdk import Auth, DestinationError, InvalidAuthenticationError, RetryableError, Tokens

log = logging.getLogger(__name__)

_KEYS = {
    "access_token": ("access_token", "accessToken"),
    "refresh_token": ("refresh_token", "refreshToken"),
    "client_id": ("client_id", "clientId"),
    "client_secret": ("client_secret", "clientSecret"),
    "refresh_url": ("refresh_token_url", "refresh_url", "refreshTokenUrl"),
}
_limit = 30.0  # seconds that a refresh may take
_FAILED = "OAUTH_REFRESH_FAILED"


def auth_of(oauth: Mapping[str, Any]) -> Auth:
    """The credentials in an ``oauth`` table of settings, in Segment's spelling or ours.

    >>> auth_of({"clientId": "c", "access_token": "a"}).client_id
    'c'
    """
    found = {name: next((oauth[key] for key in keys if oauth.get(key)), None) for name, keys in _KEYS.items()}
    return Auth(**found)


class Credentials:
    """The tokens of one destination, shared by all that speaks to it. ``save`` stores refreshed ones."""

    def __init__(self, auth: Auth, save: Callable[[Auth], Awaitable[None]] | None = None) -> None:
        self.auth = auth
        self._save = save
        self._lock = asyncio.Lock()
        self._refreshing: asyncio.Task[Auth] | None = None

    async def refresh(self, used: Auth, fetch: Callable[[Auth], Awaitable[Tokens | None]]) -> Auth:
        """New credentials after ``used`` were refused. Whoever comes while a refresh runs gets its result. It goes on
        when the attempt that wanted it is cancelled: the old refresh token may be worthless already.

        Raises:
            InvalidAuthenticationError: the refresh was refused (code OAUTH_REFRESH_FAILED).
            RetryableError: it could not be made now.
        """
        if self._refreshing is None:
            self._refreshing = asyncio.create_task(self._refresh(used, fetch), name="refresh")
            self._refreshing.add_done_callback(self._refreshed)
        return await asyncio.shield(self._refreshing)

    def _refreshed(self, task: "asyncio.Task[Auth]") -> None:
        self._refreshing = None
        if not task.cancelled():
            task.exception()  # maybe nobody waits for it any more

    async def _refresh(self, used: Auth, fetch: Callable[[Auth], Awaitable[Tokens | None]]) -> Auth:
        async with self._lock:
            if self.auth.access_token != used.access_token:
                return self.auth
            tokens = await _fetched(fetch, msgspec.structs.replace(self.auth, access_token=None))
            kept = tokens.refresh_token or self.auth.refresh_token
            self.auth = msgspec.structs.replace(self.auth, access_token=tokens.access_token, refresh_token=kept)
            await self._keep()
            return self.auth

    async def replace(self, tokens: Tokens) -> None:
        """Use these tokens from now on, as after somebody connected the destination anew."""
        async with self._lock:
            self.auth = msgspec.structs.replace(
                self.auth, access_token=tokens.access_token, refresh_token=tokens.refresh_token
            )
            await self._keep()

    async def _keep(self) -> None:
        """Store the tokens. Where that is not possible now they are used all the same: the old ones are worthless."""
        if self._save is None:
            return
        try:
            await self._save(self.auth)
        except Unavailable as error:
            log.warning("refreshed tokens could not be stored and are lost with this run", extra={"error": str(error)})


async def _fetched(fetch: Callable[[Auth], Awaitable[Tokens | None]], auth: Auth) -> Tokens:
    try:
        async with asyncio.timeout(_limit):
            tokens = await fetch(auth)
    except TimeoutError as error:
        raise RetryableError(f"Failed to refresh access token: no answer within {_limit:g} s", 503) from error
    except SystemExit as error:  # which would end the event loop
        raise RetryableError("Failed to refresh access token: SystemExit", 500) from error
    except DestinationError as error:
        if error.retryable:
            raise RetryableError(f"Failed to refresh access token: {error.message}", error.status or 503) from error
        raise InvalidAuthenticationError(f"Failed to refresh access token: {error.message}", _FAILED) from error
    if tokens is None or not tokens.access_token:
        raise InvalidAuthenticationError("Failed to refresh access token", _FAILED)
    return tokens


def secrets_of(auth: Auth) -> set[str]:
    """The texts in credentials that must not be shown."""
    return {text for text in (auth.access_token, auth.refresh_token, auth.client_secret) if text}
