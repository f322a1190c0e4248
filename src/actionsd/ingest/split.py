"""A request body taken apart without building it: the few members that ingest looks at, all else stays bytes.

This is the hot path. Of an event of 800 bytes only the :class:`Head` becomes Python objects; properties, traits and the
rest are skipped by the decoder and go to the journal as the client wrote them. What msgspec does not take although it
is JSON (lone surrogates, members of unexpected types) goes through :func:`actionsd.event.parse`.
"""

import json
import re
from typing import Any

import msgspec

from actionsd.event import parse
from actionsd.ingest.refusal import BadRequest

max_depth = 100  # levels of objects and lists in an event; everything downstream may recurse

_byte_order_mark = b"\xef\xbb\xbf"
_text = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_fold_brackets = bytes.maketrans(b"{}", b"[]")
_all_but_brackets = bytes(set(range(256)) - set(b"[]{}"))


class Object(msgspec.Struct):
    """Any JSON object; its members are not looked at."""


class Context(msgspec.Struct, gc=False):
    """What ingest wants to know of an event's ``context``."""

    direct: Any = None
    ip: Any = msgspec.UNSET
    channel: Any = None
    app: Any = msgspec.UNSET
    library: Any = None
    device: Any = None
    consent: Any = None

    @property
    def library_name(self) -> str:
        """``library.name``, "" when there is no such text."""
        name = self.library.get("name") if isinstance(self.library, dict) else None
        return name if isinstance(name, str) else ""


class Head(msgspec.Struct, rename="camel", gc=False):
    """The members of an event that ingest looks at. Decoding fails when one of them has an unexpected type."""

    type: str | None = None
    message_id: str | None = None
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


_decode_head = msgspec.json.Decoder(Head).decode
_decode_envelope = msgspec.json.Decoder(Envelope).decode


def clean(body: bytes) -> bytes:
    """The body without a byte order mark.

    Raises:
        BadRequest: it is empty or not UTF-8. (The decoder does not look into what it skips, so this does.)
    """
    if body.startswith(_byte_order_mark):
        body = body[len(_byte_order_mark) :]
    if not body.isascii():
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
    """What ingest wants to know, of a context that is already decoded."""
    return Context(**{name: context[name] for name in Context.__struct_fields__ if name in context})


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


def too_deep(event: bytes) -> bool:
    """Whether valid JSON is nested deeper than ``max_depth``. Counting the opening brackets settles all but odd cases;
    by the length of what is left without them, as that takes a third of ``count``'s time."""
    if 2 * len(event) - len(event.replace(b"{", b"")) - len(event.replace(b"[", b"")) <= max_depth:
        return False
    brackets = _text.sub(b"", event).translate(_fold_brackets, _all_but_brackets)
    for _ in range(max_depth):
        if not brackets:
            return False
        brackets = brackets.replace(b"[]", b"")
    return bool(brackets)
