"""Bearer tokens: who may use the admin API from elsewhere (FEATURES F237)."""

import hashlib
import logging
import secrets
from datetime import datetime

from actionsd import wire
from actionsd.operate.parts import Parts
from actionsd.store.records import Token

log = logging.getLogger(__name__)

_prefix = "actionsd_"  # so that people and secret scanners see what it is


def digest(token: str) -> bytes:
    """What the store keeps of a token: its SHA-256.

    A token is 256 random bits. Nobody finds one by trying, so neither a slow hash nor a key or salt would add anything
    to one who reads the database. Looking tokens up by this hash also compares in no way that could be timed: what is
    compared is a function of the guess that its sender cannot bring closer, bit by bit, to that of a real token.
    """
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


async def create(parts: Parts, request: wire.TokenRequest, who: str) -> wire.NewToken:
    """Make a token; this answer is the only place where it is ever seen.

    Raises:
        Conflict: the name is in use, or there are too many.
    """
    token = _prefix + secrets.token_urlsafe(32)
    expires_at = None if request.expires is None else parts.clock.now() + round(request.expires * 1000)
    created = await parts.store.tokens.create(request.name, request.role, digest(token), expires_at)
    log.info("a token was created", extra={"token": created.name, "role": created.role, "by": who})
    return wire.NewToken(token=token, row=_row(created, parts.clock.now()))


async def revoke(parts: Parts, name: str, who: str) -> wire.Done:
    """No call is let in with the token any more, from the next one on.

    Raises:
        NotFound: no token of this name is in use.
    """
    await parts.store.tokens.revoke(name)
    log.info("a token was revoked", extra={"token": name, "by": who})
    return wire.Done(changed=1)


async def listed(parts: Parts, *, after: int, limit: int) -> wire.TokenPage:
    """A page of tokens, the revoked ones too."""
    tokens = await parts.store.tokens.list(after=after, limit=limit)
    now = parts.clock.now()
    items = [_row(token, now) for token in tokens]
    return wire.TokenPage(items=items, after=tokens[-1].id if len(tokens) == limit else None)


def has_expired(token: Token, now: int) -> bool:
    return token.expires_at is not None and token.expires_at <= now


def _row(token: Token, now: int) -> wire.TokenRow:
    return wire.TokenRow(
        name=token.name,
        role=token.role,
        state="revoked" if token.revoked_at is not None else "expired" if has_expired(token, now) else "active",
        created_at=wire.moment(token.created_at),
        last_used_at=_moment(token.last_used_at),
        expires_at=_moment(token.expires_at),
        revoked_at=_moment(token.revoked_at),
    )


def _moment(at: int | None) -> datetime | None:
    return None if at is None else wire.moment(at)
