"""``/metrics``: the committed counters, queues, lags and latencies in Prometheus' text format.

Written by hand: all values live elsewhere and are only read here, so that a metrics library would add a second copy of
the counters, an import of 40 ms and a dependency for these few lines of text.
"""

import resource
from collections.abc import Iterable, Mapping

from aiohttp import web

from actionsd.admin.context import parts_key
from actionsd.delivery.histogram import Histogram, bounds
from actionsd.operate import status as state
from actionsd.operate.parts import Names, Parts

_content_type = "text/plain; version=0.0.4; charset=utf-8"

Labels = Mapping[str, object]
Sample = tuple[Labels, float]


async def show(request: web.Request) -> web.Response:
    """All metrics at one moment."""
    lines = await _lines(request.app[parts_key])
    return web.Response(body="\n".join([*lines, ""]).encode(), headers={"Content-Type": _content_type})


async def _lines(parts: Parts) -> list[str]:
    sizes = await parts.store.sizes()
    return [
        *_events(parts),
        *_latencies(parts),
        *await _destinations(parts),
        *_gauge("journal_position", "Last committed position of the journal.", parts.store.journal.head),
        *_gauge("writer_queue_bytes", "Bytes of events that wait for their commit.", parts.store.journal.queued_bytes),
        *_gauge("database_bytes", "Size of the database file.", sizes.database),
        *_gauge("wal_bytes", "Size of the write-ahead log.", sizes.wal),
        *_gauge("disk_free_bytes", "Room left on the file system of the database.", sizes.disk_free),
        *_gauge("ready", "1 while events are accepted.", int(parts.store.ready)),
        *_gauge("loop_delay_seconds", "Worst lateness of a timer in the last minute.", parts.loop_delay()),
        *_gauge("start_time_seconds", "When the daemon started, since the epoch.", parts.started_at / 1000),
        *_gauge("peak_memory_bytes", "Most memory that was resident.", _peak_memory()),
    ]


def _events(parts: Parts) -> Iterable[str]:
    names = Names(parts.workspace)
    samples: list[Sample] = []
    for count, total in parts.store.counts.items():
        labels = {
            "step": count.step,
            "reason": count.reason,
            "source": names.source(count.source),
            "destination": names.destination(count.destination),
            "mapping": names.mapping(count.mapping),
            "replay": count.replay or "",
        }
        samples.append((labels, total))
    return _family("events_total", "counter", "What became of events, by step and reason, as committed.", samples)


def _latencies(parts: Parts) -> Iterable[str]:
    names = Names(parts.workspace)
    yield from _head("delivery_seconds", "histogram", "From accepted to delivered.")
    for lane in parts.lanes.status():
        if lane.histogram is not None:
            yield from _histogram({"destination": names.destination(lane.destination)}, lane.histogram)


def _histogram(labels: Labels, histogram: Histogram) -> Iterable[str]:
    total = 0
    for bound, count in zip((*bounds, "+Inf"), histogram.counts, strict=True):
        total += count
        yield _sample("delivery_seconds_bucket", {**labels, "le": bound}, total)
    yield _sample("delivery_seconds_sum", labels, histogram.milliseconds / 1000)
    yield _sample("delivery_seconds_count", labels, total)


async def _destinations(parts: Parts) -> list[str]:
    rows = await state.destinations(parts)
    now = parts.clock.now() / 1000
    families: tuple[tuple[str, str, list[float]], ...] = (
        ("backlog_events", "Journal positions that the destination has not settled.", [r.backlog for r in rows]),
        ("oldest_seconds", "Age of the oldest of them.", [now - r.oldest.timestamp() if r.oldest else 0 for r in rows]),
        ("in_flight", "Deliveries under way.", [r.in_flight for r in rows]),
        ("retries", "Deliveries that wait for their next attempt.", [r.retrying for r in rows]),
        ("dead_letters", "Dead letters that are kept.", [r.dead for r in rows]),
        ("breaker_open", "1 while deliveries are held back.", [int(r.breaker != "closed") for r in rows]),
    )
    lines: list[str] = []
    for name, about, values in families:
        samples: list[Sample] = [({"destination": row.slug}, v) for row, v in zip(rows, values, strict=True)]
        lines += _family(f"destination_{name}", "gauge", about, samples)
    return lines


def _gauge(name: str, about: str, value: float) -> Iterable[str]:
    return _family(name, "gauge", about, [({}, value)])


def _family(name: str, kind: str, about: str, samples: Iterable[Sample]) -> list[str]:
    return [*_head(name, kind, about), *(_sample(name, labels, value) for labels, value in samples)]


def _head(name: str, kind: str, about: str) -> tuple[str, str]:
    return f"# HELP actionsd_{name} {about}", f"# TYPE actionsd_{name} {kind}"


def _sample(name: str, labels: Labels, value: float) -> str:
    text = ",".join(f'{key}="{_escaped(str(label))}"' for key, label in labels.items())
    return f"actionsd_{name}{{{text}}} {value}" if text else f"actionsd_{name} {value}"


def _escaped(label: str) -> str:
    return label.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _peak_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # Linux counts in KB
