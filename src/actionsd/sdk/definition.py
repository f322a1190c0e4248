"""What a plugin offers: a definition with its actions. Definitions are data; only their functions do something."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Generic, Literal, TypeVar

from actionsd.sdk.call import BaseCall, BatchCall, Call, ChoicesCall, DeleteCall, Tokens
from actionsd.sdk.errors import ContractError
from actionsd.sdk.http import RequestOptions
from actionsd.sdk.oauth import OAuth
from actionsd.sdk.payload import NoSettings, Payload, Settings, default_mapping, shape
from actionsd.sdk.results import BatchResult, Choices, Result

S = TypeVar("S", bound=Settings)
P = TypeVar("P", bound=Payload)

Scheme = Literal["basic", "custom", "oauth2", "oauth-managed", "oauth2-client-credentials"]
SyncMode = Literal["add", "update", "upsert", "delete", "mirror"]
ChoicesHandler = Callable[[ChoicesCall[S]], Awaitable[Choices]]


class Action(Generic[S, P]):
    """One thing a destination can do (FEATURES F059).

    Args:
        slug: Segment's key of the action, such as "trackEvent".
        title: its name for people.
        payload: the type of its fields; one without fields for an action that needs none.
        perform: ``async def (call: Call[...])``; see :mod:`actionsd.sdk.results` for what it returns.
        perform_batch: the same for many payloads at once; without it every event is its own delivery.
        trigger: FQL that a new mapping starts with; "" for none.
        description: what it does, for people.
        sync_modes: those a mapping may choose from.
        choices: handlers of dynamic choices by field key.
        hidden: not offered for new mappings.

    Raises:
        ContractError: a handler of choices for a field that does not exist, or a broken payload type.

    Example:
        Action("trackEvent", title="Track event", payload=TrackEvent, trigger='type = "track"', perform=track_event)
    """

    def __init__(
        self, slug: str, *, title: str, payload: type[P], perform: Callable[[Call[S, P]], Awaitable[Result]],
        perform_batch: Callable[[BatchCall[S, P]], Awaitable[BatchResult]] | None = None, trigger: str = "",
        description: str = "", sync_modes: Sequence[SyncMode] = (),
        choices: Mapping[str, ChoicesHandler[S]] | None = None, hidden: bool = False,
    ) -> None:  # fmt: skip
        self.slug = slug
        self.title = title
        self.payload = payload
        self.perform = perform
        self.perform_batch = perform_batch
        self.trigger = trigger
        self.description = description
        self.sync_modes = tuple(sync_modes)
        self.choices = dict(choices or {})
        self.hidden = hidden
        keys = {item.key for item in shape(payload)}
        for key in self.choices:
            if key.partition(".")[0] not in keys:
                raise ContractError(f"action {slug!r}: choices for {key!r}, which is no field of {payload.__name__}")

    @property
    def default_mapping(self) -> dict[str, Any]:
        """Field key to value or directive, from the fields' defaults."""
        return default_mapping(self.payload)

    def __repr__(self) -> str:
        return f"Action({self.slug!r})"


class Preset:
    """A mapping that is offered ready-made (FEATURES F066).

    Args:
        name: its name for people, and of the mapping made from it.
        action: slug of the action.
        trigger: FQL of the mapping.
        mapping: its fields, complete; None for the action's defaults.
        event_slug: for type ``specificEvent``, the named event (such as "warehouse_entity_added_track").
        type: ``automatic`` presets become mappings when a destination is made.

    Example:
        Preset("Page calls", "trackEvent", 'type = "page"', {"event": path("$.name")})
    """

    def __init__(
        self, name: str, action: str, trigger: str = "", mapping: Mapping[str, Any] | None = None, *,
        type: Literal["automatic", "specificEvent"] = "automatic", event_slug: str = "",
    ) -> None:  # fmt: skip
        self.name = name
        self.action = action
        self.trigger = trigger
        self.mapping = mapping
        self.type = type
        self.event_slug = event_slug


class Definition(Generic[S]):
    """What a plugin offers: a catalogue entry (FEATURES F057).

    Args:
        slug: the catalogue's slug, such as "slack" (RULES C9).
        name: Segment's exactly; it is what an event's ``integrations`` names.
        settings: type of the destination's settings; :class:`NoSettings` for none.
        actions: at least one; slugs are unique.
        id: Segment's id of the definition, where it has one; made from the slug where it has none.
        description: what it is, for people.
        scheme: how the destination authenticates; the OAuth ones use ``refresh``.
        request: options that every request shares, such as headers; gets a call (RULES C6).
        test_authentication: ``async def (call)``; returns when the credentials work, raises when not.
        refresh: ``async def (call) -> Tokens``: new tokens after a 401.
        oauth: how a person connects a destination, for a scheme that ``refresh`` is for; None where tokens come by
            other means.
        on_delete: ``async def (call)``: forget a user.
        presets: mappings offered ready-made.
        hosts: host names that requests may go to (``"*.acme.test"`` for all below); empty for any.
        categories: for people, such as ("Analytics",).
        over_http: False where actions do their work by other means than ``call.http``: then a dry run, in which nothing
            may leave the process, shows payloads and does not call them.

    Raises:
        ContractError: duplicate or missing actions, a preset of an action that does not exist, or ``oauth`` with a
            scheme that has no tokens to refresh.

    Example:
        acme = Definition("acme", name="Acme", settings=AcmeSettings, hosts=["api.acme.test"],
                          request=lambda call: {"auth": (call.settings.api_key, "")},
                          actions=[Action("trackEvent", title="Track event", payload=TrackEvent, perform=track_event)])
    """

    def __init__(
        self, slug: str, *, name: str, actions: Sequence[Action[S, Any]], settings: type[S] = NoSettings,  # type: ignore[assignment]
        id: str = "", description: str = "", scheme: Scheme = "custom",
        request: Callable[[BaseCall[S]], RequestOptions] | None = None,
        test_authentication: Callable[[BaseCall[S]], Awaitable[object]] | None = None,
        refresh: Callable[[BaseCall[S]], Awaitable[Tokens | None]] | None = None,
        on_delete: Callable[[DeleteCall[S]], Awaitable[Result]] | None = None, presets: Sequence[Preset] = (),
        hosts: Sequence[str] = (), categories: Sequence[str] = (), over_http: bool = True,
        oauth: OAuth | None = None,
    ) -> None:  # fmt: skip
        self.slug = slug
        self.name = name
        self.settings = settings
        self.actions = {action.slug: action for action in actions}
        self.id = id or f"actionsd-{slug}"
        self.description = description
        self.scheme = scheme
        self.request = request
        self.test_authentication = test_authentication
        self.refresh = refresh
        self.on_delete = on_delete
        self.presets = tuple(presets)
        self.hosts = tuple(hosts)
        self.categories = tuple(categories)
        self.over_http = over_http
        self.oauth = oauth
        self._check(actions)

    @property
    def refreshes(self) -> bool:
        """Whether a 401 leads to a refresh of the tokens (FEATURES F198)."""
        return self.scheme in ("oauth2", "oauth-managed")

    def _check(self, actions: Sequence[Action[S, Any]]) -> None:
        shape(self.settings)
        if not actions:
            raise ContractError(f"definition {self.slug!r} has no actions")
        if len(self.actions) < len(actions):
            raise ContractError(f"definition {self.slug!r} has two actions with one slug")
        if self.oauth is not None and not self.refreshes:
            raise ContractError(f"definition {self.slug!r}: oauth is for the scheme 'oauth2', not {self.scheme!r}")
        for preset in self.presets:
            if preset.action not in self.actions:
                known = f"preset {preset.name!r} is of no action here: {preset.action!r}"
                raise ContractError(f"definition {self.slug!r}: {known}")

    def __repr__(self) -> str:
        return f"Definition({self.slug!r})"
