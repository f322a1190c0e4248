"""Times as the API writes them."""

from actionsd.wire import moment


def text(milliseconds: int) -> str:
    """Milliseconds since the epoch in ISO 8601.

    >>> text(0)
    '1970-01-01T00:00:00.000Z'
    """
    return moment(milliseconds).isoformat(timespec="milliseconds").replace("+00:00", "Z")
