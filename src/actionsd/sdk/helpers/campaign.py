"""Where a visitor came from: campaign parameters and referrers, as analytics destinations name them."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

UTM_NAMES = {"name": "utm_campaign", "source": "utm_source", "medium": "utm_medium", "content": "utm_content",
             "term": "utm_term"}  # fmt: skip
"""The query parameter of each member of Segment's ``context.campaign``: ``UTM_NAMES["source"] == "utm_source"``."""


def utm_parameters(campaign: Mapping[str, Any] | None) -> dict[str, Any]:
    """Segment's ``context.campaign`` as UTM parameters; members without a value, and unknown ones, are left out.

    >>> utm_parameters({"name": "spring", "source": "mail", "x": 1})
    {'utm_campaign': 'spring', 'utm_source': 'mail'}
    """
    given = campaign or {}
    return {utm: given[name] for name, utm in UTM_NAMES.items() if given.get(name) not in (None, "")}


def utm_of_url(url: str) -> dict[str, str]:
    """The UTM parameters in the query of a URL.

    >>> utm_of_url("https://example.com/?utm_source=mail&q=1")
    {'utm_source': 'mail'}
    """
    names = UTM_NAMES.values()
    return {name: value for name, value in parse_qsl(query_of(url)) if name in names}


def query_of(url: str) -> str:
    """The query of a URL without its question mark; "" where it has none or can't be read.

    >>> query_of("https://example.com/?utm_source=news#top")
    'utm_source=news'
    """
    try:
        return urlsplit(url).query
    except ValueError:
        return ""


def host_of(url: str) -> str:
    """The host of a URL in lower case; "" where it has none or can't be read.

    >>> host_of("https://WWW.Example.com:443/a?b")
    'www.example.com'
    """
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
