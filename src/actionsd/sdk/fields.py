"""What a field of a payload or of settings says about itself, and the vocabulary of its types.

class Order(Payload):
    total: Annotated[Number, Field("Total", minimum=1, default=path("$.properties.total"))]
    coupon: Annotated[str | None, Field("Coupon", required=when("total", is_=0))] = None
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, overload

import msgspec
from msgspec import UNSET, UnsetType

if TYPE_CHECKING:
    from actionsd.sdk.payload import Payload

T = TypeVar("T")


class Kind(msgspec.Struct, frozen=True):
    """Marks an alias below with the catalogue's name for it (FEATURES F060)."""

    name: str


Secret = Annotated[str, Kind("password")]
"""A text that is masked wherever it is shown and encrypted where it is stored: ``Annotated[Secret, Field("API key")]``.

Allowed in payload fields too (RULES C2)."""

Text = Annotated[str, Kind("text")]
"""A text of several lines; like ``str`` but with a larger box to type in: ``body: Annotated[Text, Field("Body")]``."""

Number = Annotated[int | float, Kind("number")]
"""A number that stays what it is: 5 is sent as 5 (RULES C3). ``total: Annotated[Number, Field("Total")]``."""

DateTime = Annotated[str | int | float, Kind("datetime")]
"""A point in time as it came: text that JavaScript can read as a date, or a number. It is checked, not rewritten;
``actionsd.sdk.helpers`` turns it into milliseconds, seconds or ISO 8601.

Example:
    time: Annotated[DateTime | None, Field("Time", default=path("$.timestamp"))] = None
"""

Json = dict[str, Any]
"""An object whose keys are not declared; they pass as they are.

Example:
    traits: Annotated[Json | None, Field("Traits", default=path("$.traits"))] = None
"""

ObjectEditor = Literal["keyvalue", "keyvalue:only", "object", "object:only", "arrayeditor"]
InputMethod = Literal["literal", "variable", "function", "enrichment", "freeform"]
Format = Literal[
    "date", "date-time", "date-like", "duration", "email", "hostname", "ipv4", "ipv6", "json-pointer",
    "password", "regex", "text", "time", "uri", "uri-reference", "uri-template", "uuid",
]  # fmt: skip


class When(msgspec.Struct, frozen=True):
    """A condition on one other field; made by :func:`when`. ``value`` UNSET stands for "the field is absent"."""

    key: str
    operator: Literal["is", "is_not"]
    value: Any = UNSET


class Whens(msgspec.Struct, frozen=True):
    """Several conditions; made by :func:`all_of` and :func:`any_of`."""

    match: Literal["all", "any"]
    conditions: tuple[When, ...]


class _Missing:
    """The default of a parameter that has no value, where UNSET is one."""


_MISSING = _Missing()


def when(key: str, *, is_: object = _MISSING, is_not: object = _MISSING) -> When:
    """A condition on the sibling field ``key``, for ``required`` and ``depends_on`` (FEATURES F061, F062).

    Args:
        key: field key; ``"a.b"`` is the property ``b`` of the object field ``a``.
        is_: holds when the field has this value; ``UNSET`` when it is absent.
        is_not: holds when the field is there and has another value; ``UNSET`` when it is there at all.

    Raises:
        TypeError: not exactly one of ``is_`` and ``is_not`` was given.

    >>> when("event", is_="Sent")
    When(key='event', operator='is', value='Sent')
    """
    if (is_ is _MISSING) == (is_not is _MISSING):
        raise TypeError(f"when({key!r}) needs exactly one of is_ and is_not")
    return When(key, "is", is_) if is_not is _MISSING else When(key, "is_not", is_not)


def all_of(*conditions: When) -> Whens:
    """All of the conditions: ``required=all_of(when("a", is_=1), when("b", is_not=UNSET))``."""
    return Whens("all", conditions)


def any_of(*conditions: When) -> Whens:
    """At least one of the conditions: ``required=any_of(when("email", is_=UNSET), when("id", is_=UNSET))``."""
    return Whens("any", conditions)


class Choice(msgspec.Struct, frozen=True, omit_defaults=True):
    """One allowed value with the label that people see: ``Choice("us", "United States")``."""

    value: Any
    label: str = ""
    description: str = ""
    type: str = ""


class Field(msgspec.Struct, frozen=True):
    """Metadata of one field, inside ``Annotated`` (RULES C2, FEATURES F060-F063).

    Only ``required``, ``choices``, ``format``, ``minimum``, ``maximum``, ``properties`` and ``additional`` change what
    a delivery sends; the rest is for people. ``required`` without conditions is said by the type: a field without a
    default.

    Example:
        region: Annotated[str | None, Field("Region", "Where data is kept", choices=["us", "eu"])] = None
    """

    label: str
    description: str = ""
    default: Any = UNSET
    """Prefills a new mapping: a value or a directive such as ``path("$.event")``; never applied at delivery."""
    required: When | Whens | None = None
    """Conditions under which an optional field is required."""
    depends_on: When | Whens | None = None
    """Conditions under which the field is shown."""
    choices: Sequence[Any] | None = None
    """Allowed values: plain values or :class:`Choice`; a ``Literal`` type says the same."""
    format: Format | None = None
    """The form of a text, such as ``"email"`` or ``"uri"``."""
    minimum: float | None = None
    """Least number, or least length of a text in characters. 0 and integers: not checked (as upstream)."""
    maximum: float | None = None
    """Greatest number, or greatest length of a text in characters."""
    properties: "type[Payload] | None" = None
    """Declared properties of a ``Json`` object that keeps its undeclared keys."""
    dynamic: bool = False
    """Choices are fetched from the destination by the action's ``choices`` handler of this key."""
    placeholder: str = ""
    category: str = ""
    """One of identifier, data, internal, config, sync, hashedPII."""
    hidden: bool = False
    read_only: bool = False
    object_editor: ObjectEditor | None = None
    display_mode: Literal["expanded", "normal", "collapsed"] | None = None
    disabled_input_methods: Sequence[InputMethod] = ()


@overload
def field(*, name: str) -> Any: ...
@overload
def field(*, name: str, default: T) -> T: ...
def field(*, name: str, default: Any = _MISSING) -> Any:
    """A field whose key is no Python name: ``from_: Annotated[str, Field("From")] = field(name="from")``.

    Args:
        name: the field's key as Segment spells it (RULES C4).
        default: ``None`` for an optional field, ``UNSET`` for one that allows null; nothing for a required one.
    """
    if default is _MISSING:
        return msgspec.field(name=name)
    return msgspec.field(name=name, default=default)


def path(text: str) -> dict[str, Any]:
    """The directive that takes a value out of the event: ``path("$.properties.email")``."""
    return {"@path": text}


def template(text: str) -> dict[str, Any]:
    """The directive that fills a text: ``template("{{properties.name}} signed up")``."""
    return {"@template": text}


def if_exists(first: str, otherwise: str) -> dict[str, Any]:
    """The directive that takes the first path where the event has it, else the other one.

    >>> if_exists("$.userId", "$.anonymousId")["@if"]["else"]
    {'@path': '$.anonymousId'}
    """
    return {"@if": {"exists": path(first), "then": path(first), "else": path(otherwise)}}


def each(over: str, item: Mapping[str, Any]) -> dict[str, Any]:
    """The directive that maps every item of an array: ``each("$.properties.products", {"sku": path("$.sku")})``."""
    return {"@arrayPath": [over, dict(item)]}


__all__ = [
    "UNSET", "Choice", "DateTime", "Field", "Format", "InputMethod", "Json", "Kind", "Number", "ObjectEditor",
    "Secret", "Text", "UnsetType", "When", "Whens", "all_of", "any_of", "each", "field", "if_exists", "path",
    "template", "when",
]  # fmt: skip
