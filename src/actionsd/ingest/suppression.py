"""Events of suppressed users: counted, and gone no further than here, to no destination (FEATURES F224)."""

from actionsd.event import Accepted, decode
from actionsd.ingest import split
from actionsd.ingest.refusal import Refusal
from actionsd.ingest.taken import Taken
from actionsd.store.suppressed import Suppressed

REFUSAL = Refusal("user_suppressed", "this user is suppressed")
"""Ours; upstream has no code for it (F029)."""


def refuse_suppressed(taken: Taken, suppressed: Suppressed) -> None:
    """Refuse the events of suppressed users among those that were found good."""
    given = len(taken.accepted) + len(taken.refused)
    others = {refused.place for refused in taken.refused}
    places = [place for place in range(given) if place not in others]
    accepted, taken.accepted = taken.accepted, []
    for place, event in zip(places, accepted, strict=True):
        user = _user_of(event)
        if user is None or not suppressed.holds(taken.source, user):
            taken.accepted.append(event)
        elif taken.batch:
            taken.refuse_item(place, event.message_id, REFUSAL, event.facet)
        else:
            taken.refuse(REFUSAL, facet=event.facet)
    taken.refused.sort(key=lambda refused: refused.place)


def _user_of(event: Accepted) -> str | None:
    head = split.head(event.body)
    if head is not None:
        return head.user_id
    user = decode(event.body, event.added).get("userId")
    return user if isinstance(user, str) else None
