"""The browser that a user agent names, in the words of Mixpanel's own libraries."""

import re
from functools import lru_cache

_BROWSERS = tuple(
    (name, re.compile(marker), re.compile(rf"{version}(\d+(?:\.\d+)+)") if version else None)
    for name, marker, version in (
        ("Opera Mini", r"(?s)(?=.*Mini).* OPR/", ""),
        ("Opera", r" OPR/", r"(?:Opera|OPR)/"),
        ("BlackBerry", r"(?i)BlackBerry|PlayBook|BB10", r"BlackBerry "),
        ("Internet Explorer Mobile", r"IEMobile|WPDesktop", r"rv:"),
        ("Samsung Internet", r"SamsungBrowser/", r"SamsungBrowser/"),
        ("Microsoft Edge", r"Edge|Edg/", r"Edge?/"),
        ("Facebook Mobile", r"FBIOS", ""),
        ("Chrome", r"Chrome", r"Chrome/"),
        ("Chrome iOS", r"CriOS", r"CriOS/"),
        ("UC Browser", r"UCWEB|UCBrowser", r"(?:UCBrowser|UCWEB)/"),
        ("Firefox iOS", r"FxiOS", r"FxiOS/"),
        ("Mobile Safari", r"(?s)(?=.*iPhone).*Safari", r"Version/"),
        ("Safari", r"Safari", r"Version/"),
        ("Android Mobile", r"Android", r"(?i:android)\s"),
        ("Konqueror", r"Konqueror", r"Konqueror[:/]"),
        ("Firefox", r"Firefox", r"Firefox/"),
        ("Internet Explorer", r"MSIE|Trident/", r"(?:rv:|MSIE )"),
        ("Mozilla", r"Gecko", r"rv:"),
    )
)
"""Name, what it is known by, and what stands before its version; the first that is found counts."""


@lru_cache(maxsize=1024)
def browser_of(user_agent: str) -> tuple[str, str | None]:
    """Name and version; ("", None) for a browser that is not known.

    >>> browser_of("Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0")
    ('Firefox', '125.0')
    """
    for name, marker, version in _BROWSERS:
        if marker.search(user_agent):
            found = version.search(user_agent) if version else None
            return name, found[1] if found else None
    return "", None
