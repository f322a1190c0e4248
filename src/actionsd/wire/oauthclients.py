"""Clients that get access tokens for ingest (FEATURES F011)."""

from datetime import datetime
from typing import Annotated

import msgspec

from actionsd.wire.base import Wire

ClientName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}\Z")]
KeyId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.-]{0,100}\Z")]
TokenLife = Annotated[int, msgspec.Meta(ge=60, le=30 * 86400)]  # seconds


class PublicKey(Wire, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A public key of a client, as PEM; without a ``kid`` it is named by its hash."""

    pem: str
    kid: KeyId = ""


class OAuthClientCreate(Wire, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A client that is wanted: the slugs of the sources that its tokens open, and how many seconds each is good."""

    name: ClientName
    sources: Annotated[list[str], msgspec.Meta(min_length=1)]
    keys: Annotated[list[PublicKey], msgspec.Meta(min_length=1, max_length=10)]
    token_life: TokenLife = 86400


class OAuthClientRow(Wire, frozen=True, kw_only=True):
    """A client: ``kids`` name its keys, ``token_life`` is in seconds."""

    name: str
    kids: list[str]
    sources: list[str]
    token_life: int
    created_at: datetime
