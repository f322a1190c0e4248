"""Payloads and settings coerced and checked: the value that a mapping made becomes the typed struct (RULES C3)."""

from collections.abc import Callable
from typing import Any, TypeVar

from actionsd.sdk.errors import PayloadValidationError
from actionsd.sdk.payload import Payload, Settings
from actionsd.sdk.walk import ObjectWalk

S = TypeVar("S", bound=Payload | Settings)


def validate(struct: type[S], value: Any, *, batch: bool = False) -> S:
    """``value`` (a JSON object; mapping's ``UNDEFINED`` counts as absent) as an instance of ``struct``.

    Args:
        struct: a payload type, or a settings type, whose values are coerced but never removed.
        value: what the mapping made; it is not changed.
        batch: the rule for batches: a "" at the root stays in a text field (FEATURES F069).

    Raises:
        PayloadValidationError: with all problems, in ajv's order and words.

    Example:
        validate(TrackEvent, {"event": 5}).event  # "5"
    """
    check = _VALIDATORS.get(struct) or validator(struct)  # type: ignore[arg-type]  # S is bound by both
    result: S = check(value, batch)
    return result


def validator(struct: type[Payload] | type[Settings]) -> Callable[[Any, bool], Any]:
    """The check of one type, compiled once: ``f(value, batch) -> struct``; see :func:`validate`."""
    known = _VALIDATORS.get(struct)
    if known is not None:
        return known
    single = ObjectWalk(struct, root=True, drop_empty=True)
    batched = ObjectWalk(struct, root=True)

    def check(value: Any, batch: bool) -> Any:
        walk = batched if batch else single
        made = walk.quick(value)
        if made is not None:
            return made
        errors: list[str] = []
        result = walk(value, "", "", errors)
        if errors:
            raise PayloadValidationError(*errors)
        return result

    _VALIDATORS[struct] = check
    return check


_VALIDATORS: dict[type, Callable[[Any, bool], Any]] = {}
