"""An event that a trigger takes, found by looking at what the trigger asks for (FEATURES F161).

The trigger's tree is spread into alternatives, each a list of wishes about single fields; values are tried until the
compiled trigger itself says yes. Where it never does, :exc:`Unsatisfied` says so: nothing is guessed.

>>> event = fitting('type = "track" and event = "Order Completed" and properties.total > 100')
>>> event["type"], event["event"], event["properties"]["total"]
('track', 'Order Completed', 101)
"""

import copy
from collections.abc import Iterator
from itertools import islice
from typing import Any

from actionsd.fql import FQLError, compile_trigger, parse
from actionsd.fql.nodes import Group, Node, Not
from actionsd.fql.structured import structured
from actionsd.samples.candidates import ABSENT, Wish, candidates, wish
from actionsd.samples.events import all_types

_most_alternatives = 200
_most_values = 60  # tried of one field


class Unsatisfied(ValueError):
    """No event could be made that the trigger takes; the text says why."""


def fitting(trigger: str) -> dict[str, Any]:
    """An event for which the trigger holds, like those of :mod:`actionsd.samples.events` in all else.

    Raises:
        Unsatisfied: the trigger is none, holds for no event, or asks for more than can be made up.
    """
    try:
        takes, rule = compile_trigger(trigger), structured(parse(trigger))
    except FQLError as error:
        raise Unsatisfied(f"the trigger cannot be read: {error.reason}") from None
    bases = all_types()
    for base in bases:
        if takes(base):
            return base
    for wishes in islice(_alternatives(rule, True), _most_alternatives):
        for base in bases:
            event = _fulfilled(base, wishes)
            if event is not None and takes(event):
                return event
    raise Unsatisfied("no event could be made that the trigger takes; paste one that it should")


def _alternatives(rule: Node, holds: bool) -> Iterator[list[Wish]]:
    """The ways in which a rule can hold (or not), each as a list of wishes about fields."""
    match rule:
        case Not(operand=operand):
            yield from _alternatives(operand, not holds)
        case Group(operator=operator, children=children):
            if (operator == "and") is holds:
                yield from _all_of(children, holds)
            else:
                for child in children:
                    yield from _alternatives(child, holds)
        case _:
            found = wish(rule, holds)
            if found is not None:
                yield [found]


def _all_of(children: tuple[Node, ...], holds: bool) -> Iterator[list[Wish]]:
    if not children:
        yield []
        return
    first, *rest = children
    for head in _alternatives(first, holds):
        for tail in _all_of(tuple(rest), holds):
            yield [*head, *tail]


def _fulfilled(base: dict[str, Any], wishes: list[Wish]) -> dict[str, Any] | None:
    """The event with each field set so that all wishes about it hold; None where a field has no such value, or the
    event would not stay of its type."""
    by_field: dict[tuple[str, ...], list[Wish]] = {}
    for each in wishes:
        by_field.setdefault(each.names, []).append(each)
    event = copy.deepcopy(base)
    for names, about in by_field.items():
        wanted = Group("and", tuple(each.node if each.holds else Not(each.node) for each in about))
        takes = compile_trigger(wanted)
        if takes(event):
            continue
        if names == ("type",):
            return None
        if not any(_set(event, names, value) and takes(event) for value in islice(candidates(about), _most_values)):
            return None
    return event


def _set(event: dict[str, Any], names: tuple[str, ...], value: Any) -> bool:
    """Give a field a value, or take it out; false where what is above it cannot hold it."""
    if not names:
        return False
    *parents, last = names
    place: Any = event
    for name in parents:
        place = place.setdefault(name, {})
        if not isinstance(place, dict):
            return False
    if value is ABSENT:
        place.pop(last, None)
    else:
        place[last] = value
    return True
