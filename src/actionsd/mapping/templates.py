"""Text with placeholders: `Hello {{traits.name}}` (FEATURES F103).

There are two passes: `{{{path}}}` first, then `{{path}}`, which also sees what the first one inserted (NOTES trap 3).
Nothing is escaped in either.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from actionsd.mapping import paths
from actionsd.mapping.errors import MappingError, Problem
from actionsd.sdk import js
from actionsd.sdk.js import UNDEFINED

TRIPLE, DOUBLE = 3, 2
"""The braces on each side of a placeholder, in the order of the passes."""

Parts = tuple[str | paths.Keys, ...]


@lru_cache(maxsize=4096)
def parse(template: str, braces: int) -> Parts:
    """The template as texts and, for each placeholder of so many braces, keys.

    >>> parse("Hi {{ traits.name }}!", DOUBLE)
    ('Hi ', ('traits', 'name'), '!')
    """
    parts: list[str | paths.Keys] = []
    end = 0
    for start, stop in _find(template, braces):
        parts += template[end:start], paths.split(js.trim(template[start + braces : stop - braces]))
        end = stop
    return tuple(part for part in (*parts, template[end:]) if part != "")


def _find(template: str, braces: int) -> Iterator[tuple[int, int]]:
    """Where placeholders are: braces, at least one other character than `}`, and as many closing braces.

    A regular expression would look for the end again from every opening brace, and take minutes for a text of them.
    """
    opening, closing = "{" * braces, "}" * braces
    place = 0
    while (start := template.find(opening, place)) >= 0:
        end = template.find("}", start + braces)
        if end < 0:
            return
        place = end
        if end > start + braces and template.startswith(closing, end):
            place = end + braces
            yield start, place


def placeholders(template: str) -> list[str]:
    """The paths named in the template's braces, in order."""
    return [js.trim(template[start + 2 : stop - 2].lstrip("{")) for start, stop in _find(template, DOUBLE)]


def render(template: str, value: Any = UNDEFINED) -> str:
    """The template with each placeholder replaced by the text of what it leads to, or by nothing.

    Raises `MappingError` if the template is not a string.

    >>> render("{{n}} and {{{o}}}{{nope}}", {"n": 5.0, "o": [1, None]})
    '5 and 1,'
    """
    if not isinstance(template, str):
        message = f'Invalid template! Template should be a "string" but {js.type_name(template)} was given.'
        raise MappingError(Problem("/", message))
    return render_doubles(fill(parse(template, TRIPLE), value), value) if "{{" in template else template


def render_doubles(text: str, value: Any) -> str:
    """The second pass alone."""
    return fill(parse(text, DOUBLE), value) if "{{" in text else text


def text(value: Any) -> str:
    """A value as a placeholder prints it: nothing for `null` and for what is not there.

    >>> text(None), text(True), text([1, "a"])
    ('', 'true', '1,a')
    """
    return value if value.__class__ is str else "" if value is None or value is UNDEFINED else js.string(value)


def whole(value: Any) -> str:
    """The payload itself as a placeholder prints it: an absent one counts as an empty object."""
    return text({} if value is UNDEFINED else value)


def fill(parts: Parts, value: Any) -> str:
    """The text that parts make with what their placeholders lead to."""
    pieces = (
        part if isinstance(part, str) else text(paths.walk(value, part)) if part else whole(value) for part in parts
    )
    return js.join_surrogates("".join(pieces))
