"""Events of suppressed users are refused where they come in (FEATURES F224)."""

import asyncio
import json
from typing import Any

import pytest

from actionsd.ingest.intake import Intake, Origin
from actionsd.ingest.suppression import REFUSAL
from actionsd.ingest.taken import Taken
from actionsd.observe import Tap
from actionsd.settings import Ingest
from actionsd.store.records import Count
from actionsd.store.suppressed import EVERYWHERE, Suppressed
from support.clock import FakeClock
from support.ingest import KEY, WORKSPACE, MemoryJournal


def submitted(suppressed: Suppressed, body: Any) -> tuple[MemoryJournal, Taken]:
    """What becomes of one call."""
    journal = MemoryJournal()
    intake = Intake(Ingest(), journal, FakeClock(), Tap(), suppressed)
    intake.apply(WORKSPACE)

    async def main() -> Taken:
        taken = intake.take_line(json.dumps(body).encode(), Origin(key=KEY))
        await intake.submit(taken)
        return taken

    return journal, asyncio.run(main())


def of(*users: tuple[int, str]) -> Suppressed:
    suppressed = Suppressed(b"key")
    suppressed.add(users)
    return suppressed


def track(message_id: str, **more: object) -> dict[str, object]:
    return {"type": "track", "event": "E", "messageId": message_id, **more}


@pytest.mark.parametrize(
    ("event", "refused"),
    [
        ({"userId": "ada"}, True),
        ({"userId": "ada", "context": {"app": 5, "library": []}}, True),  # types that the fast path does not take
        ({"userId": "bob"}, False),
        ({"userId": "Ada"}, False),
        ({"anonymousId": "ada"}, False),
        ({"anonymousId": "a", "traits": {"userId": "ada"}}, False),
    ],
)
def test_events_of_a_suppressed_user_are_refused_and_counted(event: dict[str, Any], refused: bool) -> None:
    journal, taken = submitted(of((EVERYWHERE, "ada")), track("m1", **event))
    assert (taken.refusal == REFUSAL, len(journal.rows)) == (refused, 0 if refused else 1)
    assert journal.counts[Count("refused", "user_suppressed", 1)] == int(refused)


def test_in_a_batch_each_event_is_refused_in_its_place() -> None:
    batch = [track("m0", userId="ada"), track("m1"), track("m2", userId="bob"), track("m3", userId="ada")]
    journal, taken = submitted(of((EVERYWHERE, "ada")), {"batch": batch})
    assert [(each.place, each.message_id, each.refusal.code) for each in taken.refused] == [
        (0, "m0", "user_suppressed"), (1, "m1", "no_user_anon_id"), (3, "m3", "user_suppressed"),
    ]  # fmt: skip
    assert [event.message_id for _, event in journal.rows] == ["m2"]


def test_suppression_may_be_of_one_source() -> None:
    assert submitted(of((2, "ada")), track("m1", userId="ada"))[1].refusal is None
    assert submitted(of((1, "ada")), track("m1", userId="ada"))[1].refusal == REFUSAL
