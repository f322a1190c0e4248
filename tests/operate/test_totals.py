"""Counters added up, and their rates."""

from actionsd.operate.totals import Rates, Totals
from actionsd.store.records import Count
from support.clock import FakeClock


def test_replays_are_kept_apart_from_live_deliveries() -> None:
    totals = Totals(
        {
            Count("received", source=1): 10,
            Count("refused", "empty_batch", source=1): 2,
            Count("refused", "no_user_anon_id", source=1): 3,
            Count("delivered", destination=7, mapping=8): 5,
            Count("delivered", destination=7, mapping=9): 1,
            Count("delivered", destination=7, mapping=8, replay=4): 100,
        }
    )
    assert totals.source["received", 1] == 10
    assert totals.source["refused", 1] == 5
    assert totals.destination["delivered", 7] == 6
    assert totals.mapping["delivered", 8] == 5
    assert totals.replay["delivered", 4] == 100


def test_a_rate_is_what_was_gained_in_the_last_minute() -> None:
    clock, counts = FakeClock(), {Count("received", source=1): 0}
    rates = Rates(counts, clock)
    assert rates.source(Totals(counts), "received", 1) == 0.0
    for second in range(180):
        rates.sample()
        clock._monotonic = second + 1.0
        counts[Count("received", source=1)] += 2
    assert rates.source(Totals(counts), "received", 1) == 2.0
    assert rates.destination(Totals(counts), "delivered", 1) == 0.0
    for second in range(180, 300):
        rates.sample()
        clock._monotonic = second + 1.0
    assert rates.source(Totals(counts), "received", 1) == 0.0
