"""Which members of an object JavaScript takes for array indexes: they come first in it, ascending."""

_MAX_INDEX = 2**32 - 2  # the largest array index (ECMA-262, "array index"); greater keys keep insertion order


def array_index(key: str) -> int | None:
    """The number that `key` spells, if it is an array index ("0" to "4294967294", no leading zero), else None.

    >>> array_index("7"), array_index("07"), array_index("4294967295")
    (7, None, None)
    """
    if not (key.isascii() and key.isdigit()) or len(key) > 10 or (key[0] == "0" and key != "0"):
        return None
    index = int(key)
    return index if index <= _MAX_INDEX else None
