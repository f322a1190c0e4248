"""The typed structs of the contract, and the shape that everything else reads from them.

A partner writes ``class TrackEvent(Payload)``; validation, JSON schema, the console's form and the default mapping all
come from its :func:`shape`. Structs are frozen, keyword-only and leave absent values out of JSON (RULES C1).
"""

from collections.abc import Mapping
from types import UnionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Literal,
    Union,
    dataclass_transform,
    get_args,
    get_origin,
    get_type_hints,
)

import msgspec
from msgspec import UNSET, UnsetType

from actionsd.sdk.errors import ContractError
from actionsd.sdk.fields import Choice, Field, Kind, When, Whens, field

MASK = "••••••"  # shown in the place of a secret

_KINDS: dict[Any, str] = {str: "string", bool: "boolean", int: "integer", float: "number", dict: "object"}

if TYPE_CHECKING:

    @dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
    class _Struct:
        """What type checkers see; at run time the metaclass below does it."""

else:

    class _Meta(msgspec.StructMeta):
        """kw_only is not inherited by msgspec's structs, and half of the catalogue's actions have a required field
        after an optional one; so every class gets it (RULES C1)."""

        def __new__(mcls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any) -> Any:
            return super().__new__(
                mcls, name, bases, namespace, kw_only=True, frozen=True, omit_defaults=True, **options
            )

    class _Struct(msgspec.Struct, metaclass=_Meta):
        pass


class Payload(_Struct):
    """Base of payloads and of the objects in them.

    A field without a default is required; ``T | None = None`` is optional, and None is left out of JSON;
    ``T | None | UnsetType = UNSET`` allows null: UNSET is absent and None is sent. Other defaults are refused when the
    type is first used (:exc:`ContractError`); :class:`Field` ``default`` prefills a mapping.

    Example:
        class Item(Payload):
            sku: Annotated[str | None, Field("SKU")] = None
            price: Annotated[Number, Field("Price")]
    """

    def __repr__(self) -> str:
        return _masked(self)


class Settings(_Struct):
    """Base of a destination's settings; a field may have any default.

    Example:
        class AcmeSettings(Settings):
            api_key: Annotated[Secret, Field("API key")]
            region: Annotated[Literal["us", "eu"], Field("Region")] = "us"
    """

    def __repr__(self) -> str:
        return _masked(self)


class NoSettings(Settings):
    """The settings of a destination that needs none.

    Example:
        async def write(call: Call[NoSettings, Line]) -> None: ...
    """


class FieldShape(msgspec.Struct, frozen=True):
    """One field as the contract sees it: the annotation resolved.

    ``key`` is Segment's, ``name`` the attribute; ``kind`` is the catalogue's type (FEATURES F060). ``struct`` is the
    type of declared properties, ``additional`` whether undeclared keys are kept beside them.
    """

    key: str
    name: str
    kind: str
    meta: Field
    multiple: bool = False
    allow_null: bool = False
    required: bool = False
    conditions: Whens | None = None
    choices: tuple[Choice, ...] = ()
    struct: type[Payload] | None = None
    additional: bool = False

    @property
    def secret(self) -> bool:
        """Whether the value must never be shown."""
        return self.kind == "password"


def shape(struct: type[Payload] | type[Settings]) -> tuple[FieldShape, ...]:
    """The fields of a payload or settings type, in their order.

    Raises:
        ContractError: a field has no ``Field(...)``, a type that the contract doesn't know, or a default it forbids.
    """
    known = _SHAPES.get(struct)
    if known is not None:
        return known
    try:
        hints = get_type_hints(struct, include_extras=True)
    except NameError as error:
        raise ContractError(f"{struct.__qualname__}: {error}; payload types must be at module level") from None
    fields = msgspec.structs.fields(struct)  # type: ignore[arg-type]  # a Struct at run time only, see _Struct
    _SHAPES[struct] = made = tuple(_field_shape(struct, info, hints[info.name]) for info in fields)
    return made


_SHAPES: dict[type, tuple[FieldShape, ...]] = {}


def _field_shape(struct: type, info: msgspec.structs.FieldInfo, hint: Any) -> FieldShape:
    where = f"{struct.__qualname__}.{info.name}"
    if get_origin(hint) is not Annotated:
        raise ContractError(f"{where}: expected Annotated[type, Field(label)], found {hint!r}")
    bare, *extras = get_args(hint)
    metas = [extra for extra in extras if isinstance(extra, Field)]
    if len(metas) != 1:
        raise ContractError(f"{where}: expected one Field(...) in Annotated, found {len(metas)}")
    outer = next((extra.name for extra in extras if isinstance(extra, Kind)), None)
    if issubclass(struct, Payload) and info.default not in (msgspec.NODEFAULT, None, UNSET):
        raise ContractError(f"{where}: a payload field has no default but None or UNSET, found {info.default!r}")
    return _resolve(where, info, metas[0], *_members(bare, outer))


def _members(bare: Any, outer: str | None) -> tuple[list[tuple[Any, str | None]], bool]:
    """The alternatives of a hint but None and UNSET, each with its mark, and whether None is among them."""
    if outer is not None:  # Annotated[Secret, Field()] arrives flattened into one Annotated
        return [(bare, outer)], False
    union = get_args(bare) if get_origin(bare) in (Union, UnionType) else (bare,)
    members: list[tuple[Any, str | None]] = []
    for member in union:
        if get_origin(member) is Annotated:
            inner, *extras = get_args(member)
            members.append((inner, next((extra.name for extra in extras if isinstance(extra, Kind)), None)))
        elif member not in (type(None), UnsetType):
            members.append((member, None))
    return members, type(None) in union


def _resolve(
    where: str, info: msgspec.structs.FieldInfo, meta: Field, members: list[tuple[Any, str | None]], nullable: bool
) -> FieldShape:
    if len(members) != 1:
        raise ContractError(f"{where}: expected one type (and None, UnsetType), found {len(members)}")
    bare, mark = members[0]
    multiple = get_origin(bare) is list
    if multiple:
        [(bare, mark)] = _members(get_args(bare)[0], None)[0]
    literal = get_args(bare) if get_origin(bare) is Literal else ()
    kind = mark or _kind(type(literal[0]) if literal else (get_origin(bare) or bare))
    if kind is None:
        known = "str, bool, int, Number, DateTime, Json, Secret, Literal, a Payload, or a list of one"
        raise ContractError(f"{where}: {bare!r} is no type of the contract ({known})")
    declared = bare if isinstance(bare, type) and issubclass(bare, Payload) else None
    required = info.default is msgspec.NODEFAULT and info.default_factory is msgspec.NODEFAULT
    conditions = Whens("all", (meta.required,)) if isinstance(meta.required, When) else meta.required
    return FieldShape(
        key=info.encode_name, name=info.name, kind=kind, meta=meta, multiple=multiple, required=required,
        allow_null=nullable and (required or info.default is UNSET), conditions=conditions,
        choices=_choices(meta.choices or literal), struct=declared or meta.properties,
        additional=meta.properties is not None,
    )  # fmt: skip


def _kind(bare: Any) -> str | None:
    if isinstance(bare, type) and issubclass(bare, Payload):
        return "object"
    return _KINDS.get(bare)


def _choices(given: Any) -> tuple[Choice, ...]:
    return tuple(choice if isinstance(choice, Choice) else Choice(choice, str(choice)) for choice in given)


def default_mapping(struct: type[Payload]) -> dict[str, Any]:
    """The mapping that prefills a form: each field's ``default`` (FEATURES F065).

    Example:
        default_mapping(TrackEvent)  # {"event": {"@path": "$.event"}, ...}
    """
    return {item.key: item.meta.default for item in shape(struct) if item.meta.default is not UNSET}


def plain(value: Any) -> Any:
    """The JSON value of a payload or settings, keys as Segment spells them; secrets are in it.

    >>> plain(NoSettings())
    {}
    """
    return msgspec.to_builtins(value)


def secrets(value: Payload | Settings) -> set[str]:
    """The texts of all :data:`Secret` fields in a payload or settings, nested ones too; "" left out."""
    found: set[str] = set()
    for item in shape(type(value)):
        content = getattr(value, item.name)
        parts = content if isinstance(content, list) else [content]
        for part in parts:
            if item.secret and part:
                found.add(part)
            elif isinstance(part, Payload):
                found |= secrets(part)
    return found


def masked(value: Mapping[str, Any], struct: type[Payload] | type[Settings]) -> dict[str, Any]:
    """A JSON value of this type with every secret that is set replaced by :data:`MASK`, fit to be shown; a field with
    secrets somewhere inside is masked whole. A reference to a secret (``env:NAME``, ``file:PATH``) is none."""
    fields = {item.key: item for item in shape(struct)}
    return {key: MASK if key in fields and _hides(fields[key], part) else part for key, part in value.items()}


def _hides(item: "FieldShape", part: Any) -> bool:
    """Whether the value of a field holds a secret."""
    if item.secret:
        return bool(part) and not _is_reference(part)
    return item.struct is not None and _holds(part, secret_keys(item.struct))


def _holds(value: Any, keys: frozenset[str]) -> bool:
    """Whether one of these keys is set anywhere in a JSON value, directives included."""
    if isinstance(value, Mapping):
        return any(
            (key in keys and part and not _is_reference(part)) or _holds(part, keys) for key, part in value.items()
        )
    return isinstance(value, list | tuple) and any(_holds(part, keys) for part in value)


def secret_keys(struct: type[Payload] | type[Settings]) -> frozenset[str]:
    """The keys of all secret fields of a type and of the types inside it."""
    inner = (secret_keys(item.struct) for item in shape(struct) if item.struct is not None)
    return frozenset({item.key for item in shape(struct) if item.secret}).union(*inner)


def _is_reference(part: Any) -> bool:
    return isinstance(part, str) and part.startswith(("env:", "file:"))


def _masked(value: Any) -> str:
    hidden = {item.name for item in shape(type(value)) if item.secret}
    members = (
        f"{name}={'•••' if name in hidden and content else repr(content)}"
        for name in value.__struct_fields__
        if (content := getattr(value, name)) is not UNSET
    )
    return f"{type(value).__name__}({', '.join(members)})"
