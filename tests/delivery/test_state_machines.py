"""The lanes' decisions without I/O: backoff, breaker, window, batches, due rows, slots, rate."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionsd.delivery import breaker as breakers
from actionsd.delivery.backoff import delay, retry_after_limit
from actionsd.delivery.batcher import Batcher
from actionsd.delivery.breaker import Breaker, State, auth_pause, failures_to_open, first_pause, longest_pause
from actionsd.delivery.decide import History, Policy, after_failure
from actionsd.delivery.due import Due, Waiting, key_of, page
from actionsd.delivery.outcome import Outcome
from actionsd.delivery.rate import Bucket
from actionsd.delivery.slots import Limit, Pool
from actionsd.delivery.window import Window, window_span
from actionsd.store.records import Dead, LaneKey, Retry

LANE = LaneKey(1)


@given(st.integers(1, 10**6), st.floats(0, 1, exclude_max=True), st.none() | st.floats(0, 10**6))
def test_the_wait_stays_within_its_band(attempts: int, chance: float, retry_after: float | None) -> None:
    wait = delay(attempts, base=10, cap=600, random=lambda: chance, retry_after=retry_after)
    ceiling = min(600, 10 * 2 ** min(attempts - 1, 20))
    assert 0 <= wait <= max(ceiling, min(retry_after or 0, retry_after_limit))
    assert wait >= min(retry_after or 0, retry_after_limit)


def failure(kind: Any = "retry", status: int = 503, code: str = "SERVICE_UNAVAILABLE") -> Outcome:
    return Outcome(kind=kind, status=status, code=code)


@pytest.mark.parametrize(
    ("attempts", "age", "outcome", "expected"),
    [
        (1, 0, failure(), Retry),
        (2, 10**9, failure(), Retry),
        (3, 99_000, failure(), Retry),
        (3, 100_001, failure(), "retry_window"),
        (50, 100_001, failure(), "retry_window"),
        (1, 0, failure("discarded", 400), "rejected"),
        (1, 0, failure("discarded", 0, "INTERNAL"), "INTERNAL"),
        (1, 0, failure("discarded", 500, "bad_batch_result"), "bad_batch_result"),
    ],
)
def test_r16_a_delivery_dies_only_after_window_and_attempts(
    attempts: int, age: int, outcome: Outcome, expected: Any
) -> None:
    policy = Policy(window=100.0, base=10.0, cap=600.0, random=lambda: 0.5)
    decision = after_failure(outcome, History(LANE, 1, 1, attempts, 1_000, age, 1_000 + age, ""), policy)
    assert (decision.reason if isinstance(decision, Dead) else type(decision)) == expected


def opened(at: float = 0.0) -> Breaker:
    breaker = Breaker()
    for position in range(failures_to_open):
        breaker.failed(position, at, "503")
    return breaker


def test_r15_distinct_events_open_it_one_event_alone_does_not() -> None:
    breaker = Breaker()
    for _ in range(100):
        breaker.failed(7, 0.0, "503")
    assert breaker.state is State.CLOSED
    assert opened().state is State.OPEN


def test_r15_a_success_between_keeps_it_closed() -> None:
    breaker = Breaker()
    for position in range(100):
        breaker.failed(position, 0.0, "503")
        if position % (failures_to_open - 1) == 0:
            breaker.succeeded()
    assert breaker.state is State.CLOSED


def test_r15_failed_probes_come_ever_more_rarely_and_a_good_one_closes() -> None:
    breaker, now, pauses = opened(), 0.0, []
    for position in range(100, 112):
        assert not breaker.allows(breaker.next_at() - 0.001)
        pauses.append(breaker.next_at() - now)
        now = breaker.next_at()
        assert breaker.allows(now)
        breaker.probe()
        assert not breaker.allows(now), "one probe at a time"
        breaker.failed(position, now, "503")
    assert pauses[:4] == [first_pause, 2 * first_pause, 4 * first_pause, 8 * first_pause]
    assert pauses[-1] == longest_pause
    breaker.probe()
    assert breaker.succeeded()
    assert (breaker.state, breaker.reason) == (State.CLOSED, "")


def test_r17_auth_opens_it_for_longer() -> None:
    breaker = Breaker()
    for position in range(failures_to_open):
        breaker.refused(position, 0.0)
    assert (breaker.state, breaker.reason, breaker.next_at()) == (State.OPEN, "auth", auth_pause)


def test_r15_retry_after_holds_even_what_is_closed_and_at_most_an_hour() -> None:
    breaker = Breaker()
    breaker.failed(1, 0.0, "429", retry_after=10**6)
    assert breaker.state is State.CLOSED
    assert not breaker.allows(breakers.retry_after_limit - 1)
    assert breaker.allows(breakers.retry_after_limit)


Step = tuple[str, int, int]


@given(st.data())
def test_r03_the_cursor_never_passes_what_is_open_and_survives_a_restart(data: st.DataObject) -> None:
    window, reference, restarts = Window(0), dict[int, set[int]](), 0
    read = 0
    for _ in range(data.draw(st.integers(0, 40))):
        step = data.draw(st.sampled_from(["claim", "settle", "settle", "restart"]))
        if step == "claim":
            read += 1
            settled = window.settled_mappings(read)
            left = set(range(data.draw(st.integers(0, 3)))) if read not in reference else reference[read]
            if settled is None:
                assert not reference.get(read)
                window.pass_over(read)
                continue
            reference.setdefault(read, left)
            window.claim(read, len(reference[read]))
        elif step == "settle" and any(at <= read and left for at, left in reference.items()):
            position = data.draw(st.sampled_from([at for at, left in reference.items() if at <= read and left]))
            mapping = data.draw(st.sampled_from(sorted(reference[position])))
            reference[position].discard(mapping)
            assert window.settle(position, mapping) is not bool(reference[position])
        elif step == "restart":
            restarts += 1
            window = Window(window.cursor, window.completed())
            read = window.read
        still = [at for at, left in reference.items() if left]
        assert window.cursor == (min(still) - 1 if still else max(reference, default=0))
    assert restarts >= 0


def test_r03_a_half_settled_event_remembers_which_mappings_are_done() -> None:
    window = Window(0)
    window.claim(1, 3)
    window.settle(1, 20)
    again = Window(window.cursor, window.completed())
    assert again.settled_mappings(1) == [20]
    again.claim(1, 2)
    assert not again.settle(1, 10)
    assert again.settle(1, 30)
    assert (again.cursor, again.completed()) == (1, b"")


def test_r23_the_window_is_full_when_the_cursor_lags_by_its_span() -> None:
    window = Window(0)
    window.claim(1, 1)
    window.pass_over(window_span - 1)
    assert not window.full
    window.pass_over(window_span)
    assert window.full


def test_events_that_left_the_journal_do_not_hold_the_cursor() -> None:
    window = Window(0)
    for position in (1, 2, 3):
        window.claim(position, 1)
    again = Window(window.cursor, window.completed())
    again.claim(3, 1)
    assert again.cursor == 2


class Item:
    def __init__(self, size: int) -> None:
        self.size = size


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 60))), st.integers(1, 5), st.integers(20, 100))
def test_r24_batches_hold_their_limits_and_lose_nothing(items: list[tuple[str, int]], most: int, size: int) -> None:
    batcher: Batcher[str, Item] = Batcher(1.0)
    for key, bytes in items:
        batcher.add(key, Item(bytes), 0.0, most_items=most, most_bytes=size)
    batcher.flush()
    out: Counter[tuple[str, int]] = Counter()
    for batch in batcher.ready:
        assert len(batch.items) <= most
        assert batch.size <= size or len(batch.items) == 1
        out.update((batch.key, item.size) for item in batch.items)
    assert out == Counter(items)


def test_a_batch_lingers_from_its_first_item() -> None:
    batcher: Batcher[str, Item] = Batcher(1.0)
    batcher.add("a", Item(1), 5.0, most_items=10, most_bytes=100)
    batcher.add("a", Item(1), 5.9, most_items=10, most_bytes=100)
    batcher.flush_due(5.99)
    assert not batcher.ready
    assert batcher.next_at() == 6.0
    batcher.flush_due(6.0)
    assert [len(batch.items) for batch in batcher.ready] == [2]


def row(position: int, due_at: int = 0) -> Retry:
    return Retry(LANE, 1, position, 1, 0, due_at, "503", "")


@given(st.data())
def test_due_rows_come_in_time_and_none_is_lost(data: st.DataObject) -> None:
    """Against a list of all rows: what is taken is due, and the rows held are always the earliest."""
    stored, due, asked = dict[int, float](), Due(), 0
    page_under_way: list[Waiting] | None = None

    def earliest(most: int) -> list[Waiting]:
        rows = sorted(stored.items(), key=lambda each: each[1])[:most]
        return [Waiting(at, row(position), None) for position, at in rows]

    for number in range(data.draw(st.integers(0, 60))):
        step = data.draw(st.sampled_from(["add", "ask", "read", "load", "take", "settle", "stale"]))
        if step == "add":
            stored[number] = data.draw(st.floats(0, 100))
            due.add(Waiting(stored[number], row(number), None))
        elif step == "ask" and due.wants_page:
            asked, page_under_way = due.ask(), None
        elif step == "read" and asked and page_under_way is None:
            page_under_way = earliest(asked)
        elif step == "stale":
            due.stale()
        elif step == "load" and page_under_way is not None:
            due.load(page_under_way)
            asked, page_under_way = 0, None
        elif step == "take" and (waiting := due.take(50.0)) is not None:
            assert waiting.deadline <= 50.0
        elif step == "settle" and due.taken:
            key = data.draw(st.sampled_from(sorted(due.taken)))
            stored.pop(key.position, None)
            due.settled(key)
    if asked:
        due.load(earliest(asked) if page_under_way is None else page_under_way)
    if due.wants_page:
        due.load(earliest(due.ask()))
    taken = {key.position for key in due.taken}
    while (waiting := due.take(1000.0)) is not None:
        assert waiting.row.position not in taken
        taken.add(waiting.row.position)
    assert taken == set(stored)


def test_a_page_that_was_read_before_a_row_was_settled_does_not_bring_it_back() -> None:
    due = Due()
    due.ask()
    due.load([Waiting(0.0, row(1), None)])
    assert due.take(0.0) is not None
    due.stale()
    due.ask()
    due.settled(key_of(row(1)))
    due.load([Waiting(0.0, row(1), None)])
    assert due.take(0.0) is None


def test_no_more_than_a_page_of_rows_is_held() -> None:
    due = Due()
    due.ask()
    due.load([])
    for position in range(3 * page):
        due.add(Waiting(float(-position), row(position), None))
    held = 0
    while due.take(0.0) is not None:
        held += 1
    assert (held, due.wants_page) == (page, True)


def test_r28_a_floor_stays_reserved_whoever_holds_the_rest() -> None:
    pool, woken = Pool(10), list[str]()
    for _ in range(3):
        pool.join()
    greedy = 0
    while pool.take(greedy, lambda: woken.append("greedy")):
        greedy += 1
    assert greedy == 10 - 2 * 2
    assert pool.take(0, lambda: None)
    assert pool.take(1, lambda: None)
    pool.give(greedy)
    assert woken == ["greedy"]
    assert pool.take(2, lambda: None)


def test_r28_the_limit_falls_with_time_outs_and_grows_back() -> None:
    limit = Limit(8)
    for _ in range(10):
        limit.timed_out()
    assert limit.now == 1
    for _ in range(100):
        limit.succeeded()
    assert limit.now == 8


@given(st.floats(0.5, 1000), st.lists(st.floats(0.0, 2.0), max_size=50))
def test_the_rate_is_kept_over_any_time(rate: float, pauses: list[float]) -> None:
    now, sent = 0.0, 0
    bucket = Bucket(rate, now)
    for pause in pauses:
        now += pause
        while bucket.allows(now):
            bucket.take(1)
            sent += 1
        assert bucket.next_at() > now
    assert sent <= now * rate + max(1.0, rate / 10) + 1e-6
