"""Alert rules (FEATURES F178)."""

from datetime import datetime
from typing import Literal

from actionsd.wire.base import Wire


class AlertRequest(Wire, frozen=True, kw_only=True):
    """A new rule: about a ``source`` whose volume changes by ``percent`` or more in 24 hours, or about a
    ``destination``, maybe one ``mapping`` of it, that delivers less than ``percent`` of what it tries. It is told by
    events of the source ``report_to``, by default that of the events themselves."""

    name: str
    source: str = ""
    destination: str = ""
    mapping: str = ""
    percent: float
    report_to: str = ""


class AlertRow(Wire, frozen=True, kw_only=True):
    """A rule: whether it is raised and since when (or when it was resolved), and what was measured last in percent.
    ``trouble`` says why it is not looked at, or is empty."""

    name: str
    kind: Literal["volume", "delivery"]
    source: str
    destination: str
    mapping: str
    percent: float
    report_to: str
    raised: bool
    changed_at: datetime | None
    value: float | None
    trouble: str
