"""What a lane tells of itself, for `actionsctl status`, the console and /metrics."""

import msgspec

from actionsd.delivery.histogram import Histogram


class LaneStatus(msgspec.Struct, frozen=True):
    """A live lane (``replay`` 0) or a replay.

    ``state`` is the destination's; ``trouble`` why it stands still, or "". ``breaker`` is ``closed``, ``open`` or
    ``probing`` with its ``reason``; ``probe_at`` the monotonic second of the next try. Everything up to ``cursor`` is
    settled, everything up to ``read`` claimed. ``retrying`` counts retry rows, ``running`` attempts, of which ``limit``
    may run now. ``histogram`` tells how long accepted events took to be delivered; None for replays.
    """

    destination: int
    replay: int
    state: str
    trouble: str = ""
    breaker: str = "closed"
    reason: str = ""
    probe_at: float = 0.0
    cursor: int = 0
    read: int = 0
    in_flight: int = 0
    running: int = 0
    retrying: int = 0
    limit: int = 0
    abandoned: int = 0
    histogram: Histogram | None = None
