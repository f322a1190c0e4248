"""From the ids in paths and bodies, which are texts, to objects of the workspace."""

from actionsd.errors import NotFound
from actionsd.operate import destinations, sources
from actionsd.operate.parts import Parts
from actionsd.store.records import Destination, Mapping, Source


def source(parts: Parts, id: str) -> Source:
    """The source with this id.

    Raises:
        NotFound: there is none.
    """
    return sources.by_id(parts, number("source", id))


def destination(parts: Parts, id: str) -> Destination:
    """The destination with this id.

    Raises:
        NotFound: there is none.
    """
    return destinations.by_id(parts, number("destination", id))


def mapping(destination: Destination, id: str) -> Mapping:
    """The mapping of a destination with this id.

    Raises:
        NotFound: it has none.
    """
    for each in destination.mappings:
        if str(each.id) == id:
            return each
    raise NotFound(f"destination {destination.slug} has no subscription {id}")


def definition_slug(parts: Parts, destination: Destination) -> str:
    """The slug of a destination's definition, which a file may name otherwise (RULES C9); "" where nobody knows."""
    try:
        return parts.catalog.find(destination.definition).slug
    except LookupError:
        return ""


def number(kind: str, id: str) -> int:
    """An id as a number.

    Raises:
        NotFound: it is none, so nothing has it.
    """
    if not (id.isascii() and id.isdigit() and len(id) < 19):
        raise NotFound(f"there is no {kind} {id}")
    return int(id)
