"""The SDK call that would make an event, as code for people (FEATURES F165).

>>> print(call_of({"type": "track", "event": "Signed Up", "userId": "u", "properties": {"plan": "pro"},
...                "context": {"library": {"name": "analytics.js"}}}))
analytics.track("Signed Up", {
  "plan": "pro"
});
"""

import json
from collections.abc import Iterator
from typing import Any

_browser = "analytics.js"
_own = {
    "track": ("event", "properties"),
    "identify": ("userId", "traits"),
    "page": ("category", "name", "properties"),
    "screen": ("category", "name", "properties"),
    "group": ("groupId", "traits"),
    "alias": ("userId", "previousId"),
}


def call_of(event: dict[str, Any]) -> str:
    """JavaScript: the form of analytics.js for events that it sent, else the one of Segment's SDK for Node. What SDKs
    add by themselves (ids of the message, library, sending time) is left out."""
    type = str(event.get("type"))
    own = _own.get(type, ())
    if _library(event) == _browser:
        arguments = [event.get(name) for name in _given(event, own)]
        arguments.append(dict(_options(event)) or None)
        while arguments and arguments[-1] is None:
            arguments.pop()
        return f"analytics.{type}({', '.join(map(_code, arguments))});"
    ids = [name for name in ("userId", "anonymousId") if event.get(name) is not None]
    members = {name: event[name] for name in (*ids, *own) if event.get(name) is not None}
    return f"analytics.{type}({_code(members | dict(_options(event)))});"


def _given(event: dict[str, Any], names: tuple[str, ...]) -> Iterator[str]:
    """The arguments by position; the leading ones that are not given are left out, as these SDKs allow."""
    given = False
    for name in names:
        given = given or event.get(name) is not None
        if given:
            yield name


def _options(event: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """What a call says beside its own members. The client's own timestamp is kept as ``originalTimestamp``."""
    if event.get("originalTimestamp") is not None:
        yield "timestamp", event["originalTimestamp"]
    if event.get("integrations"):
        yield "integrations", event["integrations"]
    context = event.get("context")
    if isinstance(context, dict) and _library(event) != _browser:
        own = {key: value for key, value in context.items() if key != "library"}
        if own:
            yield "context", own


def _library(event: dict[str, Any]) -> object:
    context = event.get("context")
    library = context.get("library") if isinstance(context, dict) else None
    return library.get("name") if isinstance(library, dict) else None


def _code(value: Any) -> str:
    return "undefined" if value is None else json.dumps(value, indent=2, ensure_ascii=False)
