"""The pipeline's steps counted over time, broken down as asked (FEATURES F167, F169, F176, C26).

What Segment's ``/delivery-overview`` calls answer and what the overview shows is one question to the store's history.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Literal, get_args

import msgspec

from actionsd.errors import ConfigError
from actionsd.event import Facet, no_facet
from actionsd.operate.parts import Parts
from actionsd.store.counters import Width
from actionsd.store.records import Count

Step = Literal[
    "successfully_received", "failed_on_ingest", "filtered_at_source", "filtered_at_destination", "failed_delivery",
    "successful_delivery",
]  # fmt: skip
Granularity = Literal["MINUTE", "HOUR", "DAY"]
Dimension = Literal["eventName", "eventType", "appVersion", "discardReason", "subscriptionId"]
Key = tuple[str, ...]
"""The values of the dimensions that were asked for, in their order; the id of a mapping as text."""

steps: tuple[Step, ...] = get_args(Step)
dimensions: tuple[Dimension, ...] = get_args(Dimension)
widths: Mapping[Granularity, Width] = {"MINUTE": 1, "HOUR": 60, "DAY": 1440}

_counted: Mapping[Step, str] = {
    "successfully_received": "received",
    "failed_on_ingest": "refused",
    "filtered_at_source": "filtered_at_source",
    "filtered_at_destination": "discarded",
    "failed_delivery": "dead",
    "successful_delivery": "delivered",
}
_of_source = frozenset(("received", "refused", "filtered_at_source"))
_retried = "retry"
_facets: Mapping[Dimension, int] = {"eventType": 0, "eventName": 1, "appVersion": 2}
_hour, _day = 3600 * 1000, 24 * 3600 * 1000  # milliseconds
_future = 366 * _day  # a window may end later than now, but not beyond the calendar
_spans: Mapping[Granularity, int] = {"MINUTE": 4 * _hour, "HOUR": 14 * _day, "DAY": 30 * _day}
_kept: Mapping[Width, int] = {1: 50 * _hour, 60: 30 * _day, 1440: 62 * _day}
_ages: Mapping[Granularity, int] = {"MINUTE": 48 * _hour, "HOUR": 30 * _day, "DAY": 30 * _day}


Piece = tuple[Width, int, int]
"""Buckets of a width that start in a span of minutes since the epoch."""


class Window(msgspec.Struct, frozen=True):
    """``since <= time < until`` in milliseconds since the epoch, seen in buckets of a granularity (UTC)."""

    since: int
    until: int
    granularity: Granularity

    @property
    def width(self) -> Width:
        return widths[self.granularity]

    @property
    def starts(self) -> range:
        """The buckets that the window touches, by their start in minutes since the epoch."""
        size = self.width * 60_000
        return range(self.since // size * self.width, -(-self.until // size) * self.width, self.width)

    def before(self, now: int) -> tuple[Piece, ...]:
        """What to read to compare: as long a time as has passed of this window's buckets, right before them. Where it
        begins inside a bucket that one is read finer. Empty where some of it was thrown away."""
        start = self.starts.start
        first = 2 * start - min(self.until, now) // 60_000
        age = now - first * 60_000
        if age > _kept[self.width]:
            return ()
        whole = -(-first // self.width) * self.width
        finer: Width = 60 if self.width == 1440 else 1
        if first == whole or age > _kept[finer]:
            return ((self.width, first // self.width * self.width, start),)
        return ((finer, first // finer * finer, whole), (self.width, whole, start))

    def problems(self, now: int) -> list[str]:
        """Why it cannot be answered (F176)."""
        span, age = _spans[self.granularity], _ages[self.granularity]
        found = []
        if self.until <= self.since:
            found.append("a window ends after it starts")
        if self.until - now > _future:
            found.append(f"a window ends at most {_told(_future)} from now")
        if self.until - self.since > span:
            found.append(f"a window is at most {_told(span)} long by {self.granularity}")
        if now - self.since > age + self.width * 60_000:
            found.append(f"a window starts at most {_told(age)} ago by {self.granularity}")
        return found


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What to count: of a ``source``, of one of its destinations or of one mapping of it (ids, 0 is any), by
    dimensions, only where a dimension has one of the given values; in the ``window``, or in ``pieces`` instead."""

    window: Window
    pieces: tuple[Piece, ...] = ()
    source: int = 0
    destination: int = 0
    mapping: int = 0
    by: tuple[Dimension, ...] = ()
    only: Mapping[Dimension, frozenset[str]] = {}


class Group(msgspec.Struct):
    """What was counted for one key: events and failed attempts by start of their bucket."""

    counts: dict[int, int]
    retries: dict[int, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def retried(self) -> int:
        """Attempts that failed and were to be repeated."""
        return sum(self.retries.values())


Groups = dict[Key, Group]


async def measure(parts: Parts, asked: Iterable[Step], question: Question) -> dict[Step, Groups]:
    """Each step's groups, the largest first. Failed attempts that were repeated stand beside failed deliveries. What
    replays did is not in it (RULES R30).

    Raises:
        ConfigError: the window is too long or too old for its granularity.
        Unavailable: there is too much of it.
    """
    if problems := question.window.problems(parts.clock.now()):
        raise ConfigError(*problems)
    return await counted(parts, asked, question)


async def counted(parts: Parts, asked: Iterable[Step], question: Question) -> dict[Step, Groups]:
    """The same without a look at the window.

    Raises:
        Unavailable: there is too much of it.
    """
    wanted = tuple(asked)
    of_step = {_counted[step]: step for step in wanted}
    if "failed_delivery" in wanted:
        of_step[_retried] = "failed_delivery"
    found: dict[Step, Groups] = {step: {} for step in wanted}
    for start, what, facet, events in await _rows(parts, question, _chooser(parts, question, of_step.keys())):
        if not _is_asked(question, what, facet):
            continue
        group = found[of_step[what.step]].setdefault(_key(question, what, facet), Group({}, {}))
        into = group.retries if what.step == _retried else group.counts
        into[start] = into.get(start, 0) + events
    return {step: dict(sorted(groups.items(), key=_largest_first)) for step, groups in found.items()}


def _largest_first(item: tuple[Key, Group]) -> tuple[int, int, Key]:
    key, group = item
    return -group.total, -group.retried, key


def _chooser(parts: Parts, question: Question, counted: Iterable[str]) -> Callable[[Count], bool]:
    """Tells the counters that the question is about."""
    named = frozenset(counted)
    own = {each.id for each in parts.workspace.destinations if question.source in (0, each.source)}
    chosen = {question.destination} if question.destination else own

    def is_wanted(what: Count) -> bool:
        if what.step not in named or what.replay:
            return False
        if what.step in _of_source:
            return question.source in (0, what.source)
        return what.destination in chosen and question.mapping in (0, what.mapping)

    return is_wanted


async def _rows(
    parts: Parts, question: Question, wanted: Callable[[Count], bool]
) -> list[tuple[int, Count, Facet, int]]:
    """(start, count, facet, events); the facet only where the question needs it."""
    window, history = question.window, parts.store.history
    pieces = question.pieces or ((window.width, window.starts.start, window.starts.stop),)
    counts = [row for piece in pieces for row in await history.counts(*piece, wanted)]
    if not any(dimension in _facets for dimension in (*question.by, *question.only)):
        return [(start, what, no_facet, events) for start, what, events in counts]
    details = [row for piece in pieces for row in await history.details(*piece, wanted)]
    rest = {(start, what): events for start, what, events in counts}
    for start, what, _, events in details:
        rest[start, what] = rest.get((start, what), 0) - events
    return [*details, *((start, what, no_facet, events) for (start, what), events in rest.items() if events > 0)]


def _value(dimension: Dimension, what: Count, facet: Facet) -> str:
    if dimension == "discardReason":
        return what.reason
    return str(what.mapping or "") if dimension == "subscriptionId" else facet[_facets[dimension]]


def _is_asked(question: Question, what: Count, facet: Facet) -> bool:
    return all(_value(dimension, what, facet) in values for dimension, values in question.only.items())


def _key(question: Question, what: Count, facet: Facet) -> Key:
    return tuple([_value(dimension, what, facet) for dimension in question.by])


def _told(milliseconds: int) -> str:
    hours = milliseconds // _hour
    return f"{hours} hours" if hours <= 48 else f"{hours // 24} days"
