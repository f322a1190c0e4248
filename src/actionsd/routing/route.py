"""A destination's route, compiled once per version: consent and ``integrations``, event type, filters, transformations,
triggers."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from actionsd import event as spec
from actionsd.filters import Filters, compile_filters
from actionsd.fql import FQLError
from actionsd.fql.trigger import compile_triggers
from actionsd.protocols import Transformations, compile_transformations
from actionsd.routing.consent import consents, sent_by_the_browser, switched_on
from actionsd.store import records

Event = dict[str, Any]

no_consent = "FILTERED_BY_END_USER_CONSENT"
switched_off = "FILTERED_BY_INTEGRATIONS_OBJECT"
unknown_name = "UNKNOWN_INTEGRATION"  # ... and what it names instead is no integration (FEATURES 2.7)
client_side = "MESSAGE_SENT_CLIENT_SIDE"
unsupported_type = "UNSUPPORTED_EVENT_TYPE"
by_rules = "FILTERED_BY_RULES"
undecidable = "FILTERED_UNDECIDABLE"  # ours: a filter cannot tell, so nothing is sent (FEATURES F137)
by_transformation = "FILTERED_BY_TRANSFORMATION"  # ours: a transformation for this destination drops the event
no_match = "NO_MATCHING_MAPPING"  # the destination has no enabled mapping (FEATURES F079)
at_mapping = "FILTERED_AT_MAPPING"  # no trigger holds
_pseudo_names = frozenset({"All", "Segment.io"})


class Route:
    """What one version of a destination takes of its source's events.

    Args:
        destination: the configured destination; its disabled mappings match nothing.
        name: the definition's catalogue name, which ``integrations`` uses (RULES C9). The destination's slug may stand
            there too and addresses this one instance, which upstream can't (FEATURES 2.7).
        knows: whether a name in ``integrations`` is that of a definition or destination; by default all are.

    Raises:
        FilterError: a filter is malformed.
        ProtocolsError: a transformation is.
    """

    def __init__(
        self, destination: records.Destination, name: str, knows: Callable[[str], bool] = lambda name: True
    ) -> None:
        enabled = [mapping for mapping in destination.mappings if mapping.enabled]
        self._name = name
        self._names = (destination.slug, name)
        self._knows = knows
        self._categories = destination.consent
        self._filters: Filters | None = compile_filters(destination.filters) if destination.filters else None
        self._transformations = _compiled(destination.transformations)
        self._triggered = compile_triggers(_valid(enabled))
        self._starts = {mapping.id: mapping.start for mapping in enabled}
        self._latest_start = max(self._starts.values(), default=0)

    @property
    def is_deaf(self) -> bool:
        """Whether no event can match, so that none needs decoding."""
        return not self._starts

    def admit(self, event: Event, metadata: Mapping[str, Any]) -> tuple[Event | None, str]:
        """The event as the destination's filters and transformations leave it and "", or None and the reason
        (FEATURES F172).

        ``metadata`` is the SDK's ``_metadata``. The order is that of FEATURES part 7: consent, ``integrations``,
        unsupported type, filters, transformations.
        """
        if self._categories and not consents(event, self._categories):
            return None, no_consent
        integrations = event.get("integrations")
        if isinstance(integrations, dict) and integrations and not switched_on(integrations, self._names):
            return None, self._why_off(integrations)
        if metadata and sent_by_the_browser(metadata, self._name):
            return None, client_side
        if event.get("type") not in spec.types:
            return None, unsupported_type
        if self._filters is not None:
            decision = self._filters.decide(event)
            if decision.event is None:
                return None, undecidable if decision.reason == "undecidable" else by_rules
            event = decision.event
        if self._transformations is None:
            return event, ""
        rewritten = self._transformations.rewrite(event)
        return rewritten.event, _reasons[rewritten.reason]

    def rewritten_by(self, event: Event) -> tuple[int, ...]:
        """Which of the destination's transformations apply to an event that is admitted, by their index."""
        filtered = event if self._filters is None else self._filters(event)
        if filtered is None or self._transformations is None:
            return ()
        return self._transformations.rewrite(filtered).by

    def _why_off(self, integrations: dict[str, Any]) -> str:
        """All is off and the destination not named: whom the event names instead may be nobody, as in a misspelling."""
        if not any(name in integrations for name in self._names):
            wanted = [name for name, value in integrations.items() if value is not False and name not in _pseudo_names]
            if not all(map(self._knows, wanted)):
                return unknown_name
        return switched_off

    def matches(self, event: Event, position: int | None = None) -> tuple[int, ...]:
        """The ids of the mappings whose trigger holds for an admitted event, in their order.

        A mapping never matches events at or before its start (RULES R19), unless no ``position`` is given (R30).
        """
        found = self._triggered(event)
        if position is None or position > self._latest_start:
            return found
        return tuple([mapping for mapping in found if position > self._starts[mapping]])


_reasons = {"": "", "dropped": by_transformation, "undecidable": undecidable}


def _compiled(transformations: tuple[records.Transformation, ...]) -> Transformations | None:
    if not any(each.config.enabled for each in transformations):
        return None
    return compile_transformations([each.as_json() for each in transformations])


def _valid(mappings: Iterable[records.Mapping]) -> Iterator[tuple[int, str]]:
    """Ids and triggers; a trigger that is none never matches (RULES C12)."""
    for mapping in mappings:
        try:
            compile_triggers([(mapping.id, mapping.trigger)])
        except FQLError:
            continue
        yield mapping.id, mapping.trigger
