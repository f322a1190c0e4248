"""Tokens of the admin API."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from actionsd.wire.base import Wire

Role = Literal["read", "write", "admin"]
"""What the holder of a token may do; each role may do what the ones before it may."""

TokenName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}\Z")]
Lifetime = Annotated[float, msgspec.Meta(gt=0, le=100 * 365 * 86400)]  # seconds; beyond it a date has no year


class TokenRequest(Wire, frozen=True, kw_only=True):
    """A token that is wanted; ``expires`` is in how many seconds it stops to work, None: never."""

    name: TokenName
    role: Role
    expires: Lifetime | None = None


class TokenRow(Wire, frozen=True, kw_only=True):
    """A token as listings show it: never the token itself, which nobody keeps. A name may be given again once its token
    is revoked."""

    name: str
    role: str
    state: Literal["active", "expired", "revoked"]
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None


class NewToken(Wire, frozen=True, kw_only=True):
    """The one answer that holds a token."""

    token: str
    row: TokenRow


class TokenPage(Wire, frozen=True, kw_only=True):
    """A page of tokens, the oldest first; ``after`` asks for the next page, None where this was the last."""

    items: list[TokenRow]
    after: int | None
