"""Alert rules and whether they are raised (FEATURES F178)."""

from typing import Literal

import msgspec

from actionsd.errors import Conflict, NotFound
from actionsd.store import sql
from actionsd.store.reader import Reader
from actionsd.store.transaction import Transaction
from actionsd.store.writer import Writer

_sql = sql.load("alerts")

MAX_ALERTS = 100  # each is looked at every minute

AlertKind = Literal["volume", "delivery"]


class Alert(msgspec.Struct, frozen=True):
    """A rule: on the ``volume`` of a source, or on the share that a destination or mapping takes of its deliveries
    (``delivery``). ``threshold`` is in percent; events about it go to the source ``report_to``. ``changes`` counts how
    often it was raised or resolved; ``value`` is what was measured last, in percent, None before that."""

    id: int
    name: str
    kind: AlertKind
    source: int
    destination: int
    mapping: int
    threshold: float
    report_to: int
    created_at: int
    raised: bool = False
    changes: int = 0
    changed_at: int = 0
    value: float | None = None


class Alerts:
    """The loop's side."""

    def __init__(self, writer: Writer, listings: Reader) -> None:
        self._writer = writer
        self._listings = listings

    async def list(self) -> list[Alert]:
        """All rules by name."""
        rows = await self._listings.rows(_sql["list_alerts"], {"limit": MAX_ALERTS})
        return [msgspec.convert(row, Alert, strict=False) for row in map(_named, rows)]

    async def add(self, alert: Alert) -> None:
        """Keep a new rule; its id and times are given here.

        Raises:
            Conflict: there is one of this name, or there are too many.
        """

        def add(transaction: Transaction) -> None:
            db = transaction.db
            if db.execute(_sql["find_alert"], {"name": alert.name}).fetchone():
                raise Conflict(f'there is an alert "{alert.name}" already')
            if db.execute(_sql["count_alerts"]).fetchone()[0] >= MAX_ALERTS:
                raise Conflict(f"there are {MAX_ALERTS} alerts, which is the most; remove one first")
            db.execute(_sql["create_alert"], msgspec.structs.asdict(alert) | {"created_at": transaction.now})

        await self._writer.run(add)

    async def remove(self, name: str) -> None:
        """Forget a rule.

        Raises:
            NotFound: there is none of this name.
        """

        def remove(transaction: Transaction) -> None:
            if not transaction.db.execute(_sql["delete_alert"], {"name": name}).rowcount:
                raise NotFound(f'there is no alert "{name}"')

        await self._writer.run(remove)

    async def change(self, alert: Alert, value: float) -> None:
        """Raise a rule that is not raised, or resolve it. Nothing happens if somebody did that already."""
        values = {"id": alert.id, "changes": alert.changes, "value": value}
        await self._writer.run(
            lambda transaction: transaction.db.execute(_sql["change_alert"], values | {"now": transaction.now})
        )

    async def note(self, alert: Alert, value: float) -> None:
        """What was measured now, without a change."""
        await self._writer.run(
            lambda transaction: transaction.db.execute(_sql["note_value"], {"id": alert.id, "value": value})
        )


def _named(row: tuple[object, ...]) -> dict[str, object]:
    return dict(zip(Alert.__struct_fields__, row, strict=True))
