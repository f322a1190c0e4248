"""Rows of the journal as they leave the store."""

from actionsd.event import Entry

Row = tuple[int, int, int, bytes, bytes, bytes, int]


def entry(row: Row) -> Entry:
    """A row of the journal as it leaves the store."""
    position, source, received_at, message_id, body, added, facet = row
    return Entry(position, source, received_at, message_id.decode("utf-8", "surrogatepass"), body, added, facet)
