"""What is done once per (destination, mapping, versions): settings checked, mapping and validator compiled."""

from collections.abc import Mapping
from typing import Any

from actionsd.delivery.credentials import Credentials, auth_of
from actionsd.mapping import compile_mapping, split_reserved
from actionsd.sdk import Action, ContractError, Definition, Payload, Settings
from actionsd.sdk.js import UNDEFINED
from actionsd.sdk.payload import shape
from actionsd.sdk.validate import validate, validator


class Prepared:
    """A mapping ready to deliver with; nothing here changes but the tokens in ``credentials``.

    ``batches`` tells whether its deliveries go out together, in groups of ``batch_size`` at most (RULES R24).
    ``hidden`` are texts that must not be shown, beside those of secret fields.
    """

    __slots__ = (
        "_map", "_validate", "action", "batch_size", "batches", "credentials", "definition", "hidden",
        "matching_key", "settings", "sync_mode",
    )  # fmt: skip

    def __init__(
        self, definition: Definition[Any], action: Action[Any, Any], settings: Settings, fields: Mapping[str, Any],
        credentials: Credentials, hidden: frozenset[str],
    ) -> None:  # fmt: skip
        plain, reserved = split_reserved(dict(fields))
        self.definition = definition
        self.action = action
        self.settings = settings
        self.credentials = credentials
        self.hidden = hidden
        self.sync_mode = reserved.sync_mode if reserved.sync_mode in action.sync_modes else None
        self.matching_key = reserved.matching_key
        self.batches, self.batch_size = _batching(action, plain)
        self._map = compile_mapping(plain)
        self._validate = validator(action.payload)

    def mapped(self, event: Mapping[str, Any]) -> Any:
        """What the fields make of the event, not validated.

        Raises:
            MappingError: a directive failed on this event.
        """
        value = self._map(event)
        return {} if value is UNDEFINED else value

    def payload(self, event: Mapping[str, Any], *, batch: bool = False) -> Payload:
        """The event's payload, mapped and validated.

        Raises:
            MappingError: a directive failed on this event.
            PayloadValidationError: the payload is not what the action needs.
        """
        mapped = self._map(event)  # as in `mapped`; this is the hot path
        payload: Payload = self._validate({} if mapped is UNDEFINED else mapped, batch)
        return payload


def prepare(
    definition: Definition[Any], action: str, *, settings: Mapping[str, Any], fields: Mapping[str, Any],
    credentials: Credentials | None = None, hidden: frozenset[str] = frozenset(),
) -> Prepared:  # fmt: skip
    """Everything about a mapping that does not depend on the event.

    Args:
        definition: from the catalogue.
        action: slug of one of its actions.
        settings: as configured, secrets resolved; ``oauth`` in it becomes credentials where none are given.
        fields: the mapping, reserved keys included (RULES C8).
        credentials: the destination's tokens, shared by its mappings.
        hidden: texts that must not be shown, beside those of secret fields.

    Raises:
        ContractError: the definition has no such action.
        PayloadValidationError: the settings are wrong.
        MappingError: the mapping is.
    """
    found = definition.actions.get(action)
    if found is None:
        raise ContractError(f"{definition.name} has no action {action!r}; it has {', '.join(definition.actions)}")
    if credentials is None:
        credentials = Credentials(auth_of(settings.get("oauth") or {}))
    return Prepared(definition, found, check_settings(definition, settings), fields, credentials, hidden)


def check_settings(definition: Definition[Any], settings: Mapping[str, Any]) -> Settings:
    """The settings, typed; keys that the definition does not know (``oauth`` among them) are left out.

    Raises:
        PayloadValidationError: with every problem found.
    """
    checked: Settings = validate(definition.settings, dict(settings))
    return checked


def _batching(action: Action[Any, Any], fields: Mapping[str, Any]) -> tuple[bool, int]:
    """Whether the mapping is batched, and the most payloads in a batch; values that are no literals don't count."""
    size = fields.get("batch_size")
    size = int(size) if isinstance(size, int | float | str) and str(size).isdigit() and int(size) > 0 else 1000
    if action.perform_batch is None:
        return False, 1
    declared = any(item.key == "enable_batching" for item in shape(action.payload))
    wanted = fields.get("enable_batching") in (True, "true", 1) if declared else "batch_size" in fields and size > 1
    return wanted, size
