"""Clients that get access tokens for ingest: made, given keys, listed, removed (FEATURES F011)."""

import logging
import secrets
from collections.abc import Iterable

import msgspec

from actionsd import wire
from actionsd.errors import ConfigError, Conflict, NotFound
from actionsd.ingest.assertions import key_id
from actionsd.operate.callers import Caller
from actionsd.operate.parts import Names, Parts, find_source
from actionsd.settings import did_you_mean
from actionsd.store.records import OAuthClient, OAuthClientConfig

log = logging.getLogger(__name__)

MOST_KEYS = 10


async def create(parts: Parts, who: Caller, request: wire.OAuthClientCreate) -> wire.OAuthClientRow:
    """A client with a key of its own that signs its tokens.

    Raises:
        NotFound: one of the sources is not there.
        ConfigError: what is wrong with a key.
        Conflict: the name is taken, or there are too many.
    """
    config = OAuthClientConfig(
        keys=_keys(request.keys),
        sources=tuple(find_source(parts.workspace, slug).id for slug in request.sources),
        token_life=request.token_life,
        token_key=secrets.token_bytes(32),
    )
    made = await parts.store.oauth_clients.create(request.name, config)
    log.info("an OAuth client was made", extra={"client": made.name, "by": who.name})
    return _row(parts, made)


async def add_key(parts: Parts, who: Caller, name: str, key: wire.PublicKey) -> wire.OAuthClientRow:
    """One more public key, all of which are good at once (rotation).

    Raises:
        NotFound: no such client.
        ConfigError: what is wrong with the key.
        Conflict: it has too many, or one of this ``kid``.
    """
    client = _find(parts, name)
    added = _keys([key])
    if added.keys() & client.config.keys.keys():
        raise Conflict(f"{name} has a key {next(iter(added))} already")
    if len(client.config.keys) >= MOST_KEYS:
        raise Conflict(f"{name} has {MOST_KEYS} keys; remove one first")
    return await _change(parts, who, client, client.config.keys | added)


async def remove_key(parts: Parts, who: Caller, name: str, kid: str) -> wire.OAuthClientRow:
    """Take a public key away; tokens that were got with it stay good until they end.

    Raises:
        NotFound: no such client or key.
        Conflict: it is the last one.
    """
    client = _find(parts, name)
    if kid not in client.config.keys:
        raise NotFound(f'{name} has no key "{kid}"{did_you_mean(kid, client.config.keys)}')
    if len(client.config.keys) == 1:
        raise Conflict(f"it is the last key of {name}; add another first, or remove the client")
    return await _change(parts, who, client, {key: pem for key, pem in client.config.keys.items() if key != kid})


async def remove(parts: Parts, who: Caller, name: str) -> wire.Done:
    """Its tokens open nothing any more, from the next request on.

    Raises:
        NotFound: no such client.
    """
    await parts.store.oauth_clients.remove(_find(parts, name))
    log.info("an OAuth client was removed", extra={"client": name, "by": who.name})
    return wire.Done(changed=1)


def listed(parts: Parts) -> list[wire.OAuthClientRow]:
    """All clients, the oldest first."""
    return [_row(parts, client) for client in parts.store.oauth_clients.list()]


async def _change(parts: Parts, who: Caller, client: OAuthClient, keys: dict[str, str]) -> wire.OAuthClientRow:
    config = msgspec.structs.replace(client.config, keys=keys)
    changed = await parts.store.oauth_clients.change(client, config)
    log.info("the keys of an OAuth client were changed", extra={"client": client.name, "by": who.name})
    return _row(parts, changed)


def _keys(given: Iterable[wire.PublicKey]) -> dict[str, str]:
    found: dict[str, str] = {}
    for index, key in enumerate(given):
        try:
            kid = key_id(key.pem)
        except ValueError as error:
            raise ConfigError(f"keys[{index}]: {error}") from None
        kid = key.kid or kid
        if kid in found:
            raise ConfigError(f"keys[{index}]: there are two keys {kid}")
        found[kid] = key.pem
    return found


def _find(parts: Parts, name: str) -> OAuthClient:
    client = parts.store.oauth_clients.find(name)
    if client is None:
        known = (each.name for each in parts.store.oauth_clients.list())
        raise NotFound(f'no client "{name}"{did_you_mean(name, known)}')
    return client


def _row(parts: Parts, client: OAuthClient) -> wire.OAuthClientRow:
    names, config = Names(parts.workspace), client.config
    return wire.OAuthClientRow(
        name=client.name,
        kids=list(config.keys),
        sources=[names.source(id) for id in config.sources],
        token_life=config.token_life,
        created_at=wire.moment(client.created_at),
    )
