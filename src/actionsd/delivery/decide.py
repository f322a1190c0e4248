"""What becomes of a delivery after a failed attempt: pure decisions, written down by the ledger (RULES R16, R25)."""

from collections.abc import Callable

import msgspec

from actionsd.delivery.backoff import delay
from actionsd.delivery.outcome import Outcome
from actionsd.store.records import Dead, LaneKey, Retry

attempts_before_expiry = 3  # a delivery is not given up for its age alone before so many attempts (RULES R16)
expired = "retry_window"
rejected = "rejected"
no_result = "bad_batch_result"


class Policy(msgspec.Struct, frozen=True):
    """A destination's retry settings in seconds, and the numbers in [0, 1) that spread its retries."""

    window: float
    base: float
    cap: float
    random: Callable[[], float]


class History(msgspec.Struct, frozen=True):
    """A delivery and the attempt that has just failed; times in wall milliseconds."""

    lane: LaneKey
    mapping: int
    position: int
    attempts: int  # this one included
    first_at: int
    age: int  # milliseconds since the first attempt, without the clock's jumps (RULES R31)
    now: int
    versions: str


def code_of(outcome: Outcome) -> str:
    """The delivery error code of FEATURES F173 without its prefix: the HTTP status, else the failure's own name."""
    return str(outcome.status) if outcome.status else outcome.code


def after_failure(outcome: Outcome, past: History, policy: Policy) -> Retry | Dead:
    """A retry row, or a dead letter once the failure is final or the window of retries is over.

    The window starts at the first attempt and is looked at only here, at the end of a failed one (RULES R16).
    """
    if outcome.kind == "discarded":
        by_itself = not outcome.status or outcome.code == no_result
        return dead_letter(outcome, past, outcome.code if by_itself else rejected)
    if past.attempts >= attempts_before_expiry and past.age > policy.window * 1000:
        return dead_letter(outcome, past, expired)
    wait = delay(past.attempts, base=policy.base, cap=policy.cap, random=policy.random, retry_after=outcome.retry_after)
    return Retry(
        lane=past.lane,
        mapping=past.mapping,
        position=past.position,
        attempts=past.attempts,
        first_at=past.first_at,
        due_at=past.now + round(wait * 1000),
        code=code_of(outcome),
        message=outcome.explanation,
        exchange=outcome.exchange,
    )


def dead_letter(outcome: Outcome, past: History, reason: str) -> Dead:
    """The delivery, given up for ``reason``."""
    return Dead(
        lane=past.lane,
        mapping=past.mapping,
        position=past.position,
        reason=reason,
        code=code_of(outcome),
        message=outcome.explanation,
        attempts=past.attempts,
        first_at=past.first_at,
        last_at=past.now,
        exchange=outcome.exchange,
        versions=past.versions,
    )
