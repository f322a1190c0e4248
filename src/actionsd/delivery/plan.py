"""One version of a destination, compiled: what claims and attempts need, swapped whole between claims (RULES R20)."""

import logging
from collections.abc import Callable, Hashable, Iterator
from typing import Any

import msgspec

from actionsd.delivery.credentials import Credentials, auth_of
from actionsd.delivery.decide import Policy
from actionsd.delivery.prepared import Prepared, check_settings, prepare
from actionsd.errors import ConfigError
from actionsd.filters import FilterError
from actionsd.mapping import MappingError, expand_keys
from actionsd.protocols import ProtocolsError
from actionsd.routing.route import Route
from actionsd.sdk import Auth, ContractError, Definition, Payload, PayloadValidationError, plain
from actionsd.sdk.payload import shape
from actionsd.store.records import Destination, Mapping

invalid_settings = "INVALID_SETTINGS"  # nothing is sent (FEATURES F050): events wait until they are mended (I7)
batch_bytes = 4 * 1024 * 1024  # of one batch, where the mapping says nothing (FEATURES F191)

_least_hidden = 6  # characters; a shorter text is no secret worth the name, and stands everywhere by chance
_text = msgspec.json.Encoder().encode


class MappingPlan:
    """An enabled mapping, compiled.

    ``own_url``: its payload carries the address it sends to (RULES R15). ``versions`` goes into its dead letters.
    """

    __slots__ = ("_batch_keys", "batch_bytes", "name", "own_url", "prepared", "versions")

    def __init__(self, destination: Destination, mapping: Mapping, prepared: Prepared) -> None:
        self.prepared = prepared
        self.name = f"{destination.slug}/{mapping.action}"
        self.own_url = any(field.required and field.meta.format == "uri" for field in shape(prepared.action.payload))
        self.versions = _text({"destination": destination.version, "mapping": mapping.version}).decode()
        size, keys = mapping.fields.get("batch_bytes"), mapping.fields.get("batch_keys")
        self.batch_bytes = size if isinstance(size, int) and size > 0 else batch_bytes
        named = [key for key in keys if isinstance(key, str)] if isinstance(keys, list) else []
        self._batch_keys = [key for key in named if _is_mapped(mapping.fields.get(key))]

    def batch_key(self, payload: Payload) -> Hashable:
        """What must be equal for two payloads to share a batch (FEATURES F192, RULES R24). Fields that are the same for
        every event of this version are left out."""
        if not self._batch_keys:
            return ()
        return tuple([_text(plain(getattr(payload, key, None))) for key in self._batch_keys])


class Plan:
    """A destination's current version, as its lanes use it; its mappings share ``credentials``.

    Raises:
        ConfigError: its definition, settings or a mapping cannot work; each problem is named.
    """

    def __init__(
        self, destination: Destination, definition: Definition[Any], policy: Policy, timeout: float,
        knows: Callable[[str], bool], credentials: Credentials,
    ) -> None:  # fmt: skip
        self.destination = destination
        self.policy = policy
        self.timeout = timeout
        self.log = logging.getLogger(f"actionsd.destination.{destination.slug}")
        self.route = route(destination, definition, knows)
        self.disabled = frozenset(mapping.id for mapping in destination.mappings if not mapping.enabled)
        self.mappings = compiled(destination, definition, credentials)

    @property
    def own_urls(self) -> list[int]:
        """The mappings that carry their own address."""
        return [mapping for mapping, plan in self.mappings.items() if plan.own_url]


def route(
    destination: Destination, definition: Definition[Any], knows: Callable[[str], bool] = lambda name: True
) -> Route:
    """The destination's route; ``knows`` tells the names of integrations, by default all.

    Raises:
        ConfigError: a filter cannot work.
    """
    try:
        return Route(destination, definition.name, knows)
    except (FilterError, ProtocolsError) as error:
        raise ConfigError(f"destination {destination.slug!r}: {error}") from None


def configured_auth(destination: Destination) -> Auth:
    """The OAuth credentials as they are configured."""
    return auth_of(_table(destination.settings.get("oauth")))


def compiled(destination: Destination, definition: Definition[Any], credentials: Credentials) -> dict[int, MappingPlan]:
    """The enabled mappings by id, in their order.

    Raises:
        ConfigError: the settings or a mapping cannot work; each problem is named.
    """
    settings: dict[str, Any] = destination.settings
    try:
        check_settings(definition, settings)
    except PayloadValidationError as error:
        raise ConfigError(f"{invalid_settings}: destination {destination.slug!r}: {error}") from None
    plans, problems = {}, []
    for mapping in destination.mappings:
        if not mapping.enabled:
            continue
        try:
            prepared = prepare(
                definition,
                mapping.action,
                settings=settings,
                fields=mapping.fields,
                credentials=credentials,
                hidden=frozenset(_referred(destination, mapping)),
            )
        except (ContractError, MappingError, PayloadValidationError) as error:
            problems.append(f"destination {destination.slug!r}, mapping {mapping.name!r}: {error}")
        else:
            plans[mapping.id] = MappingPlan(destination, mapping, prepared)
    if problems:
        raise ConfigError(*problems)
    return plans


def _referred(destination: Destination, mapping: Mapping) -> Iterator[str]:
    """What the references of a mapping and its destination stand for: not even people who may see the reference may see
    that."""
    if destination.config is not None:
        yield from _resolved(destination.config.settings, destination.settings)
    if mapping.config is not None:
        yield from _resolved(expand_keys(mapping.config.fields), mapping.fields)


def _resolved(written: object, value: object) -> Iterator[str]:
    if isinstance(written, str) and isinstance(value, str):
        if written.startswith(("env:", "file:")) and len(value) >= _least_hidden:
            yield value
    elif isinstance(written, dict) and isinstance(value, dict):
        for key in written.keys() & value.keys():
            yield from _resolved(written[key], value[key])
    elif isinstance(written, list) and isinstance(value, list):
        for pair in zip(written, value, strict=False):
            yield from _resolved(*pair)


def _is_mapped(value: object) -> bool:
    """Whether a field of a mapping depends on the event: there is a directive in it."""
    if isinstance(value, dict):
        return any(key.startswith("@") or _is_mapped(member) for key, member in value.items())
    return isinstance(value, list) and any(map(_is_mapped, value))


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
