"""Samples: a few events of each destination and reason, with what was sent and answered (FEATURES F170; RULES R12).

The lanes choose what is worth a row; here the newest of each reason stay. All are capped by age, number and size.
"""

from collections.abc import Iterable
from typing import Any

from actionsd.store import sql
from actionsd.store.reader import Reader
from actionsd.store.records import Sample
from actionsd.store.transaction import Transaction

_sql = sql.load("samples")

KEEP = 10  # of a destination, step and reason
_AGE_MS = 14 * 24 * 3_600_000  # as far as Segment's overview looks back (FEATURES C26)
_MOST_ROWS = 10_000
_MOST_BYTES = 64 * 1024 * 1024
_SLICE = 100
_MOST_LISTED = 100  # of one read: each may be some hundred kilobytes


def put_samples(transaction: Transaction, samples: Iterable[Sample]) -> None:
    """Insert samples; older ones of the same reason make room for them."""
    for each in samples:
        message_id = each.message_id.encode("utf-8", "surrogatepass")
        blobs = (each.body, each.added, each.payload, each.exchange)
        size = sum(map(len, blobs))
        row = (each.destination, each.mapping, each.step, each.reason, each.position, message_id, each.at, each.message)
        transaction.db.execute(_sql["put_sample"], (*row, *blobs, size))
        of = {"destination": each.destination, "step": each.step, "reason": each.reason, "keep": KEEP}
        transaction.db.execute(_sql["drop_replaced"], of)


def limit_samples(transaction: Transaction, *, by_age: bool) -> int:
    """Delete a slice of what is beyond the caps; returns how many rows it changed."""
    db, limit = transaction.db, {"limit": _SLICE}
    changed = 0
    if by_age:
        changed += db.execute(_sql["drop_old_samples"], limit | {"before": transaction.now - _AGE_MS}).rowcount
    changed += db.execute(_sql["drop_surplus_samples"], limit | {"rows": _MOST_ROWS}).rowcount
    if db.execute(_sql["measure_samples"]).fetchone()[0] > _MOST_BYTES:
        changed += db.execute(_sql["clear_samples"], limit).rowcount
    return changed


class Samples:
    """The loop's side."""

    def __init__(self, listings: Reader) -> None:
        self._listings = listings

    async def list(
        self, destination: int, *, step: str = "", reason: str = "", mapping: int = 0, before: int = 0, limit: int = 100
    ) -> list[tuple[int, Sample]]:
        """Samples with their ids, the newest first, those below the id ``before``; "" and 0 mean any."""
        parameters = {"destination": destination, "step": step, "reason": reason, "mapping": mapping}
        page = {"before": before or 2**63 - 1, "limit": min(limit, _MOST_LISTED)}
        rows = await self._listings.rows(_sql["list_samples"], parameters | page)
        return [(id, _sample(fields)) for id, *fields in rows]


def _sample(fields: list[Any]) -> Sample:
    fields[5] = fields[5].decode("utf-8", "surrogatepass")
    return Sample(*fields)
