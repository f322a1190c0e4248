"""Consent, and the ``integrations`` object: what the event itself says about its destinations.

Consent decides first, then the ``integrations`` object (FEATURES F043, F044, F147, part 2.7).
"""

from collections.abc import Mapping
from typing import Any


def consents(event: Mapping[str, Any], categories: tuple[str, ...]) -> bool:
    """Whether the user agreed to all ``categories`` of the destination (FEATURES F043).

    Events without ``context.consent.categoryPreferences`` come from where consent is not asked for. Where it is asked
    for, what the user did not agree to by a plain ``true`` is refused.

    >>> consents({"context": {"consent": {"categoryPreferences": {"ads": True}}}}, ("ads", "analytics"))
    False
    """
    context = event.get("context")
    consent = context.get("consent") if isinstance(context, dict) else None
    preferences = consent.get("categoryPreferences") if isinstance(consent, dict) else None
    if not isinstance(preferences, dict):
        return True
    return all(preferences.get(category) is True for category in categories)


def switched_on(integrations: Mapping[str, Any], names: tuple[str, ...]) -> bool:
    """Whether the ``integrations`` object lets the event pass to a destination known by ``names``.

    The first of ``names`` that is a key decides, then ``All``, which is true by default. Only ``false`` switches off:
    an object is "on, with options". Keys are case-sensitive; those that are none of ours, like the pseudo-name
    ``Segment.io``, change nothing.

    >>> switched_on({"All": False}, ("team-slack", "Slack")), switched_on({"All": False, "Slack": {}}, ("Slack",))
    (False, True)
    """
    for name in names:
        if name in integrations:
            return integrations[name] is not False
    return integrations.get("All") is not False


def sent_by_the_browser(metadata: Mapping[str, Any], name: str) -> bool:
    """Whether analytics.js has served the destination in the browser: ``bundled`` names it (FEATURES F045)."""
    bundled = metadata.get("bundled")
    return isinstance(bundled, list) and name in bundled
