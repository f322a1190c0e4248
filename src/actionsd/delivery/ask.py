"""What a destination is asked apart from deliveries: are the credentials good, new tokens, forget a user, choices."""

import re
from collections.abc import Container
from typing import Any

import msgspec

from actionsd.delivery.outcome import Outcome, classify
from actionsd.delivery.session import Session
from actionsd.sdk import (
    Auth,
    BaseCall,
    Choices,
    ChoicesCall,
    DeleteCall,
    DestinationError,
    IntegrationError,
    InvalidAuthenticationError,
    Response,
    Tokens,
)


async def test_authentication(session: Session) -> object:
    """Whether the credentials work (FEATURES F051).

    Raises:
        InvalidAuthenticationError: they don't; the text starts with "Credentials are invalid".
    """
    test = session.definition.test_authentication
    if test is None:
        return None
    try:
        return await test(session.call(BaseCall, session.credentials.auth))
    except DestinationError as error:
        status = f"{error.status} " if error.status else ""
        raise InvalidAuthenticationError(f"Credentials are invalid: {status}{error.message}") from error


async def refresh(session: Session) -> Tokens | None:
    """New tokens from the definition, not stored; None where it has no ``refresh``. Raises what that raises.

    As after a 401, the definition is not told the old access token.
    """
    return await session.fetch_tokens(msgspec.structs.replace(session.credentials.auth, access_token=None))


async def on_delete(session: Session, user_id: str | None, anonymous_id: str | None) -> Any:
    """The destination forgets a user; tried again once after a 401 (FEATURES F221). Raises what ``on_delete`` raises.

    Raises:
        IntegrationError: the definition has no ``on_delete`` (501).
    """
    forget = session.definition.on_delete
    if forget is None:
        raise IntegrationError("no onDelete defined", "NotImplemented", 501)

    async def ask(auth: Auth) -> Any:
        try:
            return await forget(session.call(DeleteCall, auth, user_id=user_id, anonymous_id=anonymous_id))
        except SystemExit as error:  # which would end the event loop
            return classify(error), RuntimeError(f"SystemExit: {error}")
        except Exception as error:
            return classify(error, session.around.at_ms), error

    used = session.credentials.auth
    answer = await ask(used)
    if session.definition.refreshes and _was_unauthorized(answer):
        answer = await ask(await session.refresh(used))
    if isinstance(answer, tuple):
        raise answer[1]
    return answer


async def choices(session: Session, action: str, wanted: dict[str, Any]) -> Choices:
    """The dynamic choices of a field (FEATURES F064).

    Args:
        session: to the destination.
        action: slug of the action.
        wanted: ``field``, and what else :class:`actionsd.sdk.ChoicesCall` takes.

    Raises:
        ContractError: what the handler returned are no choices; and whatever the handler raises.
    """
    field = str(wanted["field"])
    handlers = session.definition.actions[action].choices
    key, selected = _handler_key(field, handlers)
    if key not in handlers:
        return Choices(error=(f"No dynamic field named {field} found.", "404"))
    return await handlers[key](session.call(ChoicesCall, session.credentials.auth, **{**wanted, **selected}))


def _handler_key(field: str, handlers: Container[str]) -> tuple[str, dict[str, Any]]:
    """The handler that answers for a field, and what was selected: an item of an array, or a key of a free object.

    >>> _handler_key("items.[2].sku", ()), _handler_key("traits.plan", ("traits.__values__",))
    (('items.sku', {'selected_index': 2}), ('traits.__values__', {'selected_key': 'plan'}))
    """
    item = re.fullmatch(r"(.+)\.\[(\d+)\]\.(.+)", field)
    if item is not None:
        return f"{item[1]}.{item[3]}", {"selected_index": int(item[2])}
    parent, _, key = field.partition(".")
    if key and field not in handlers and f"{parent}.__values__" in handlers:
        return f"{parent}.__values__", {"selected_key": key}
    return field, {}


def _was_unauthorized(answer: Any) -> bool:
    if isinstance(answer, tuple) and isinstance(answer[0], Outcome):
        return answer[0].status == 401
    return isinstance(answer, Response) and answer.status == 401
