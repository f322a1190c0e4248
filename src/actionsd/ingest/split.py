"""A request body taken apart without building it: the few members that ingest looks at, all else stays bytes.

This is the hot path. Of an event of 800 bytes only the :class:`Head` becomes Python objects; properties, traits and the
rest are skipped by the decoder and go to the journal as the client wrote them. What msgspec does not take although it
is JSON (lone surrogates, members of unexpected types) goes through :func:`actionsd.event.parse`.
"""

import json
from typing import Annotated, Any

import msgspec

from actionsd.event import parse
from actionsd.ingest.refusal import BadRequest
from actionsd.sdk.scan import is_utf8

max_depth = 100  # levels of objects and lists in an event; everything downstream may recurse
max_message_id = 100  # characters (F017)

_byte_order_mark = b"\xef\xbb\xbf"


class Object(msgspec.Struct):
    """Any JSON object; its members are not looked at."""


class App(msgspec.Struct, gc=False):
    """The app that made the call."""

    version: str | int | float | None = None

    @property
    def version_text(self) -> str:
        return "" if self.version is None else str(self.version)


class Library(msgspec.Struct, gc=False):
    """The SDK that made the call."""

    name: str | None = None


class Device(msgspec.Struct, rename="camel", gc=False):
    """Only looked at for the type of its member (F029)."""

    advertising_id: str | None = None


class Context(msgspec.Struct, gc=False):
    """What ingest wants to know of an event's ``context``."""

    direct: Any = None
    ip: Any = msgspec.UNSET
    channel: Any = None
    app: App | msgspec.UnsetType | None = msgspec.UNSET
    library: Library | None = None
    device: Device | None = None
    consent: Any = None


class Head(msgspec.Struct, rename="camel", gc=False):
    """The members of an event that ingest looks at. Decoding fails when one of them has an unexpected type."""

    type: str | None = None
    message_id: Annotated[str, msgspec.Meta(max_length=max_message_id)] | None = None
    user_id: str | None = None
    anonymous_id: str | None = None
    group_id: str | None = None
    previous_id: str | None = None
    event: str | None = None
    name: str | None = None
    category: str | None = None
    write_key: str | None = None
    timestamp: Any = None
    sent_at: Any = None
    channel: Any = None
    properties: Object | None = None
    traits: Object | None = None
    integrations: Object | None = None
    context: Context | None = None


class Envelope(msgspec.Struct, rename="camel", gc=False):
    """A batch: its items and what it says for all of them, as raw JSON."""

    batch: list[msgspec.Raw] | None = None
    context: msgspec.Raw = msgspec.Raw()
    integrations: msgspec.Raw = msgspec.Raw()
    sent_at: Any = None
    write_key: Any = None


class Heads(msgspec.Struct, gc=False):
    """The same batch once more, for what its items say."""

    batch: list[Head]


_decode_head = msgspec.json.Decoder(Head).decode
_decode_heads = msgspec.json.Decoder(Heads).decode
_decode_envelope = msgspec.json.Decoder(Envelope).decode


def clean(body: bytes) -> bytes:
    """The body without a byte order mark.

    Raises:
        BadRequest: it is empty or not UTF-8. (The decoder does not look into what it skips, so this does.)
    """
    if body.startswith(_byte_order_mark):
        body = body[len(_byte_order_mark) :]
    if not is_utf8(body):
        try:
            body.decode()
        except UnicodeDecodeError as error:
            raise BadRequest(f"the body is not UTF-8: {error.reason} at byte {error.start}") from None
    if not body:
        raise BadRequest("the body is empty")
    return body


def head(event: bytes) -> Head | None:
    """The head of an event, or None when it takes a closer look (:func:`members`)."""
    try:
        return _decode_head(event)
    except (msgspec.DecodeError, RecursionError):
        return None


def heads(body: bytes, items: list[bytes]) -> list[Head | None]:
    """The head of each of these first items of a batch. All at once takes a fourth less than one by one, but one that
    takes a closer look spoils it for the others."""
    try:
        return [*_decode_heads(body).batch[: len(items)]]
    except (msgspec.DecodeError, RecursionError):
        return [head(item) for item in items]


def members(event: bytes) -> Any:
    """The whole JSON value of what should be an event.

    Raises:
        BadRequest: it is no JSON.
    """
    try:
        return parse(event)
    except msgspec.DecodeError as error:
        raise BadRequest(f"the body is not JSON: {error}") from None


def head_of(event: dict[str, Any]) -> Head:
    """The head of an event that passed validation although its head could not be decoded."""
    return Head(
        type=event.get("type"),
        message_id=event.get("messageId"),
        event=event.get("event"),
        name=event.get("name"),
        write_key=event.get("writeKey"),
        timestamp=event.get("timestamp"),
        sent_at=event.get("sentAt"),
        channel=event.get("channel"),
        context=context_of(event.get("context") or {}),
    )


def context_of(context: dict[str, Any]) -> Context:
    """What ingest wants to know for normalising, of a context that is already decoded."""
    library = context.get("library")
    name = library.get("name") if isinstance(library, dict) else None
    return Context(
        direct=context.get("direct"),
        ip=context.get("ip", msgspec.UNSET),
        channel=context.get("channel"),
        app=app_of(context["app"]) if "app" in context else msgspec.UNSET,
        library=Library(name) if isinstance(name, str) else None,
    )


def app_of(value: Any) -> App:
    """The ``app`` of a context, whatever it is."""
    version = value.get("version") if isinstance(value, dict) else None
    return App(version if isinstance(version, str | int | float) else None)


def envelope(body: bytes) -> Envelope:
    """A batch taken apart; ``batch`` is None when the body is JSON but no object with such a list.

    Raises:
        BadRequest: it is no JSON.
    """
    try:
        return _decode_envelope(body)
    except (msgspec.DecodeError, RecursionError):
        return _envelope_of(members(body))


def _envelope_of(value: Any) -> Envelope:
    """A batch that the decoder refused; its parts are written again, in ASCII, so that lone surrogates survive."""
    if not isinstance(value, dict) or not isinstance(value.get("batch"), list):
        return Envelope()
    return Envelope(
        batch=[msgspec.Raw(write(item)) for item in value["batch"]],
        context=msgspec.Raw(write(value.get("context"))),
        integrations=msgspec.Raw(write(value.get("integrations"))),
        sent_at=value.get("sentAt"),
        write_key=value.get("writeKey"),
    )


def write(value: Any) -> bytes:
    """JSON in ASCII, where what a client sent cannot be kept byte for byte.

    Raises:
        BadRequest: there is an infinite number in it, written as one beyond the range of a double, or it is too deep.
    """
    try:
        return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()
    except ValueError as error:
        raise BadRequest(f"the body holds a number beyond a double: {error}") from None
    except RecursionError:
        raise BadRequest(f"the body is nested deeper than {max_depth} levels") from None
