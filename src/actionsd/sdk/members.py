"""Fields of a payload as an object that a plugin goes on with, in one pass: a function is written for each choice of
them, as Python source. Reading forty fields takes it a third of what a loop over their names takes.

    def pick(payload):
        picked = {}
        if (value := payload.os_name) is not None: picked['$os'] = value
        if (value := payload.user_id) is not UNSET: picked['$user_id'] = value
        picked['name'] = payload.event
        return picked
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from actionsd.sdk.errors import ContractError
from actionsd.sdk.fields import UNSET
from actionsd.sdk.payload import Payload


def members(payload: Payload, *, without: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The fields of a payload that are there, keys as Segment spells them, but for some.

    The object is new and may be changed. Its values are the payload's own, not to be changed: unlike
    :func:`actionsd.sdk.plain` this neither copies them nor makes JSON of payloads in them, which sending does anyway.

    Args:
        payload: of any type.
        without: keys to leave out; a constant, because a function is kept for each type and each choice.

    Example:
        event = members(call.payload, without=frozenset({"enable_batching"})) | {"api_key": call.settings.api_key}
    """
    read = _READERS.get((type(payload), without)) or _reader(type(payload), without)
    return read(payload)


def picker(struct: type[Payload], names: Mapping[str, str]) -> Callable[[Payload], dict[str, Any]]:
    """A function that gives some fields of a payload under other names, those that are there.

    Args:
        struct: the payload's type, or one that it is derived from.
        names: the field for each name.

    Raises:
        ContractError: the type has no such field.

    Example:
        device = picker(TrackEvent, {"$os": "os_name", "$model": "device_model"})
        properties = device(call.payload)  # {"$os": "iOS"}
    """
    defaults = {item.name: item.default for item in msgspec.structs.fields(struct)}  # type: ignore[arg-type]  # as in shape
    lines = ["def pick(payload):", "    picked = {}"]
    for name, field in names.items():
        if field not in defaults:
            raise ContractError(f"{struct.__qualname__} has no field {field!r}; it has {', '.join(defaults)}")
        if defaults[field] is msgspec.NODEFAULT:
            lines.append(f"    picked[{name!r}] = payload.{field}")
        else:
            absent = "UNSET" if defaults[field] is UNSET else "None"
            lines.append(f"    if (value := payload.{field}) is not {absent}: picked[{name!r}] = value")
    namespace: dict[str, Any] = {"__builtins__": {}, "UNSET": UNSET}
    exec(compile("\n".join([*lines, "    return picked"]), "<picker>", "exec"), namespace)
    pick: Callable[[Payload], dict[str, Any]] = namespace["pick"]
    return pick


def _reader(struct: type[Payload], without: frozenset[str]) -> Callable[[Payload], dict[str, Any]]:
    fields = msgspec.structs.fields(struct)  # type: ignore[arg-type]  # as in shape
    names = {item.encode_name: item.name for item in fields if item.encode_name not in without}
    _READERS[struct, without] = made = picker(struct, names)
    return made


_READERS: dict[tuple[type, frozenset[str]], Callable[[Payload], dict[str, Any]]] = {}
