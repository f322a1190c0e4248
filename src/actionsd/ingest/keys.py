"""Which source a request belongs to: the write key of its Basic header, its body or an item (FEATURES F009, F010).

Write keys name a source, they are no secrets (browsers carry them). A key is found by a dictionary look-up, whose
keyed hash tells an attacker nothing by its time; nothing compares a key byte by byte with a secret one.
"""

import base64
import binascii
import functools
from collections.abc import Sequence

from actionsd.ingest import bearer
from actionsd.ingest.refusal import Refusal
from actionsd.store.records import Source


class Keys:
    """The write keys of one state of the workspace."""

    def __init__(self, sources: Sequence[Source] = ()) -> None:
        # Two dictionaries, so that a key which is all that its source wants costs no look at the other rule.
        self._sources = {key: source for source in sources if source.oauth != "required" for key in source.write_keys}
        self._guarded = {key: source for source in sources if source.oauth == "required" for key in source.write_keys}

    def source(self, key: str | None) -> Source | None:
        """The source with this write key, enabled or not."""
        return self._sources.get(key) or self._guarded.get(key) if key else None

    def settle(self, basic: str | None, body: str | None) -> tuple[Source | None, Refusal | None]:
        """The source that the key of the header and the key of the body name, or why there is none.

        A disabled source comes with its refusal, so that what it refuses is counted there (F013); so does one that
        takes events only with an access token, which is not looked at here (F011).
        """
        if basic and body and basic != body:
            return None, Refusal("unknown_source", "the write keys of the Authorization header and of the body differ")
        key = basic or body
        if not key:
            return None, Refusal("unknown_source", "there is no write key, neither in the header nor in the body")
        source = self._sources.get(key)
        if source is None:
            source = self._guarded.get(key)
            if source is None:
                return None, Refusal("unknown_source", "no source has this write key")
            if source.enabled:
                return source, Refusal(bearer.REQUIRED, f"the source {source.slug} wants an access token, too")
        if not source.enabled:
            return source, Refusal("source_disabled", f"the source {source.slug} is disabled")
        return source, None


def from_bearer(header: str) -> str:
    """The access token of an ``Authorization`` header; "" without one.

    >>> from_bearer("Bearer abc"), from_bearer("Basic d2tfcHJvYmU6")
    ('abc', '')
    """
    scheme, _, value = header.partition(" ")
    return value.strip() if scheme.lower() == "bearer" else ""


@functools.lru_cache(1024)
def from_basic(header: str | None) -> str | None:
    """The write key of an ``Authorization`` header: the user name, with or without the colon; None without one.

    >>> from_basic("Basic d2tfcHJvYmU6"), from_basic("Bearer x")
    ('wk_probe', None)
    """
    scheme, _, value = (header or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        text = base64.b64decode(value.strip() + "==").decode()
    except (binascii.Error, ValueError):
        return None
    return text.partition(":")[0] or None
