"""Query strings with brackets, as the SDKs write them: ``pagination[count]=5``, ``groupBy[0]=x``, ``rules[0][key]=k``.

Lists may also be written as one name given several times; anything else that is given several times is refused. What no
struct knows is ignored.
"""

import re
from collections.abc import Iterable
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

import msgspec

from actionsd.admin.publicapi.errors import bad_shape
from actionsd.admin.publicapi.operation import Shape

S = TypeVar("S", bound=Shape)

_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\]){0,3})")
_VALUES = object()  # the key of a node's own values

Node = dict[Any, Any]


def read(pairs: Iterable[tuple[str, str]], type: type[S]) -> S:
    """The query as a struct.

    >>> from actionsd.admin.publicapi.operation import Paged
    >>> read([("pagination[count]", "5")], Paged).pagination.count
    5

    Raises:
        Refused: a value is missing or wrong (422).
    """
    root: Node = {}
    for name, value in pairs:
        found = _NAME.fullmatch(name)
        if found is not None:
            node = root.setdefault(found[1], {})
            for key in re.findall(r"\[(.*?)\]", found[2]):
                node = node.setdefault(key, {})
            node.setdefault(_VALUES, []).append(value)
    try:
        return msgspec.convert(_members(root, type), type, strict=False)
    except msgspec.ValidationError as error:
        raise bad_shape(error) from None


def _members(node: Node, struct: Any) -> dict[str, Any]:
    return {
        field.encode_name: _value(node[field.encode_name], bare(field.type))
        for field in msgspec.structs.fields(struct)
        if field.encode_name in node
    }


def _value(node: Node, hint: Any) -> Any:
    if get_origin(hint) is list:
        (inner,) = get_args(hint)
        items = [node[key] for key in sorted((k for k in node if k is not _VALUES), key=_index)]
        own = [{_VALUES: [value]} for value in node.get(_VALUES, ())]
        return [_value(item, bare(inner)) for item in own + [part for item in items for part in _split(item)]]
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return _members(node, hint)
    values = node.get(_VALUES, {})
    return values[0] if len(values) == 1 else values


def _split(node: Node) -> list[Node]:
    """``name[]=a&name[]=b`` are two items; anything else is one."""
    values = node.get(_VALUES, ())
    return [{_VALUES: [value]} for value in values] if len(values) > 1 else [node]


def _index(key: str) -> tuple[int, str]:
    return (int(key), "") if key.isascii() and key.isdigit() and len(key) < 9 else (10**9, key)


def bare(hint: Any) -> Any:
    """The type of a member without what says that it may be absent or null, or how long it may be."""
    if get_origin(hint) is Annotated:
        return bare(get_args(hint)[0])
    if get_origin(hint) in (Union, UnionType):
        left = [each for each in get_args(hint) if each not in (type(None), msgspec.UnsetType)]
        return bare(left[0]) if len(left) == 1 else hint
    return hint
