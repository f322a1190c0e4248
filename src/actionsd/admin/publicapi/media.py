"""Which media type an answer has: the one asked for, of those that the operation has (FEATURES F236)."""

from collections.abc import Sequence

from actionsd.admin.publicapi.errors import Refused

PLAIN = "application/json"


def types_of(versions: Sequence[str]) -> list[str]:
    """All media types of an operation with these versions, the plain one first."""
    return [PLAIN, *(f"application/vnd.segment.{version}+json" for version in versions)]


def choose(accept: Sequence[str], versions: Sequence[str]) -> str:
    """The media type that a client likes best; plain JSON where any will do.

    >>> choose(["text/html, application/vnd.segment.v1+json;q=0.9, */*;q=0.1"], ["v1"])
    'application/vnd.segment.v1+json'

    Raises:
        Refused: none of those that it takes is offered (406).
    """
    offered = types_of(versions)
    wishes = [_wish(text) for header in accept for text in header.split(",") if text.strip()]
    if not wishes:
        return PLAIN
    for type, weight in sorted(wishes, key=lambda wish: -wish[1]):
        if weight > 0 and type in offered:
            return type
        if weight > 0 and type in ("*/*", "application/*"):
            return PLAIN
    raise Refused(406, f"this is answered as {', '.join(offered)}")


def _wish(text: str) -> tuple[str, float]:
    type, *parameters = (part.strip().lower() for part in text.split(";"))
    weight = next((part[2:] for part in parameters if part.startswith("q=")), "1")
    try:
        return type, float(weight)
    except ValueError:
        return type, 0.0
