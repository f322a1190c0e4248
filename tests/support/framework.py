"""Replays framework.jsonl: the behaviour of upstream's runtime on small definitions, through the SDK and the test kit.

``disagreement(record)`` is None where we agree, else what differs; ``load()`` gives the records that the contract
covers. Audiences (``audience.*``) come with their own issue.
"""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from actionsd import sdk, testing
from actionsd.delivery.outcome import Outcome
from actionsd.sdk import Action, Choice, Choices, Definition, MultiStatus, Tokens, payload_type, plain
from actionsd.sdk.errors import code_of
from actionsd.sdk.helpers import audience_membership
from actionsd.sdk.js import UNDEFINED
from actionsd.sdk.payload import default_mapping
from support.parity import Difference, _requests_difference, _same

RECORDS = Path(__file__).parents[3] / "shared" / "destinations" / "framework.jsonl"
_NAMES = {"AggregateAjvError": "PayloadValidationError", "TypeError": "RequestError", "AggregateError": "MappingError"}
_FIVE: list[dict[str, Any]] = [{"id": "1", "n": 1}, {}, {"id": 3, "n": "3"}, {"id": "4", "n": "x"}, {"id": "5"}]


def load() -> list[dict[str, Any]]:
    """The records but the header and what is not built yet."""
    rows = [json.loads(line) for line in RECORDS.read_text(encoding="utf-8").splitlines()[1:]]
    return [row for row in rows if not row["group"].startswith("audience.")]


def disagreement(record: dict[str, Any]) -> Difference | None:
    """What differs in the replay of one record."""
    replay = _REPLAYS[record["group"].partition(".")[0]]
    try:
        want, got = replay(record, record["definition"], record["input"], record["outcome"])
    except Exception as error:  # a broken replay is a difference to look at
        return Difference(record["id"], f"replay failed: {type(error).__name__}", record["outcome"], str(error))
    return None if _same(want, got) else Difference(record["id"], "outcome", want, got)


# Validation


def _checked(fields: Any, value: Any, *, batch: bool = False) -> dict[str, Any]:
    try:
        return {"payload": plain(sdk.validate(payload_type(fields), value, batch=batch))}
    except sdk.PayloadValidationError as error:
        return {"error": {"name": "AggregateAjvError", "message": str(error), "status": error.status}}
    except sdk.ContractError as error:
        return {"error": {"name": "Error", "message": str(error)}}


def _one_field(record: Any, definition: Any, given: Any, want: Any) -> Any:
    value = {} if given["value"] == {"$missing": True} else {"f": given["value"]}
    return want, _checked(definition["fields"], value)


def _fields(record: Any, definition: Any, given: Any, want: Any) -> Any:
    return want, _checked(definition["fields"], given)


def _schema(record: Any, definition: Any, given: Any, want: Any) -> Any:
    return want["schema"], sdk.json_schema(payload_type(definition["fields"]))


def _clean(record: Any, definition: Any, given: Any, want: Any) -> Any:
    batch = record["group"].endswith("executeBatch")
    got = _checked(definition["fields"], _mapped(given["literalMapping"]), batch=batch)
    return ({"payload": want["multistatus"][0]["sent"]} if batch else want), got


def _defaults(record: Any, definition: Any, given: Any, want: Any) -> Any:
    return want["result"], default_mapping(payload_type(definition["fields"]))


def _membership(record: Any, definition: Any, given: Any, want: Any) -> Any:
    expected = want["result"][-1]["data"]["audienceMembership"]
    return _revived(expected) or None if expected is not False else False, audience_membership(
        given["event"], given["syncMode"]
    )


def _revived(value: Any) -> Any:
    if isinstance(value, dict):
        return UNDEFINED if "$undefined" in value else {key: _revived(part) for key, part in value.items()}
    return value


def _mapped(value: Any) -> Any:
    """As a mapping leaves it: without what is undefined."""
    if isinstance(value, dict):
        return {key: _mapped(part) for key, part in value.items() if part != {"$undefined": True}}
    return value


# Delivery


def _definition(perform: Any, batch: Any = None, fields: Any = None, **options: Any) -> Definition[Any]:
    payload = payload_type(fields or {})
    modes: Any = ("add", "update", "upsert", "delete", "mirror")
    action = Action("act", title="Act", payload=payload, perform=perform, perform_batch=batch, sync_modes=modes)
    return Definition("framework", name="Framework", actions=[action], **options)


async def _nothing(call: Any) -> Any:
    return None


def _run(definition: Definition[Any], record: Any, **options: Any) -> testing.Run:
    respond = [_answer(request.get("response")) for request in record["outcome"].get("requests", [])]
    given: dict[str, Any] = {"settings": {}, "events": [_event({})], "mapping": {}, "trigger": None} | options
    return asyncio.run(testing.run(definition, "act", respond=respond, **given))


def _event(properties: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {"type": "track", "event": "E", "messageId": "m1", "userId": "u1", "properties": properties} | members


def _answer(response: Any) -> Any:
    if response is None:
        return None
    if "networkError" in response:
        return sdk.NetworkError(response["networkError"], "ECONNRESET")
    return response["status"], response.get("headers"), response["body"]


def _compared(record: Any, run: testing.Run) -> tuple[Any, Any]:
    """Requests, then the error or the data, of a run with one event."""
    difference = _requests_difference(record, run.requests)
    if difference is not None:
        return difference.want, difference.got
    want, outcome = record["outcome"], run.outcomes[0]
    if "error" in want:
        return _error(want["error"]), _raised(outcome, want["error"])
    executed = want["result"][-1]
    return _data(executed.get("data")), outcome.data if outcome.kind == "delivered" else f"{outcome.message}"


def _error(error: Any) -> dict[str, Any]:
    status = error.get("status") or error.get("responseStatus")
    named = {"name": _NAMES.get(error["name"], error["name"]), "message": error["message"].partition(": ")[2]
             if error["name"] == "AggregateError" else error["message"]}  # fmt: skip
    return named | ({"status": status} if status else {}) | ({"code": error["code"]} if "code" in error else {})


def _raised(outcome: Outcome, wanted: Any) -> dict[str, Any]:
    name = wanted["name"] if wanted["name"] == "Error" else outcome.error
    message = outcome.message.removeprefix("RuntimeError: ")
    raised = {"name": name, "message": message, "status": outcome.status, "code": outcome.code}
    return {key: raised[key] for key in _error(wanted)}


def _data(data: Any) -> Any:
    if isinstance(data, list):
        return [_data(part) for part in data]
    return data["$response"]["data"] if isinstance(data, dict) and "$response" in data else data


def _http(record: Any, definition: Any, given: Any, want: Any) -> Any:
    async def perform(call: Any) -> Any:
        if record["group"] == "http.network":
            return await call.http.get("https://api.example.test/n")
        return await call.http.post(
            "https://api.example.test/s", json={}, raise_for_status=definition["throwHttpErrors"]
        )

    return _compared(record, _run(_definition(perform), record))


def _errors(record: Any, definition: Any, given: Any, want: Any) -> Any:
    name = definition.get("class") or definition["perform"].removeprefix("throws ")
    error = getattr(sdk, name)(*given["args"])

    async def perform(call: Any) -> Any:
        raise error

    wanted, got = _compared(record, _run(_definition(perform), record))
    is_integration = isinstance(error, sdk.IntegrationError)
    return wanted, got if is_integration == want.get("instanceOfIntegrationError", is_integration) else "another base"


def _request(record: Any, definition: Any, given: Any, want: Any) -> Any:
    if record["id"] == "request/rawDefaults":
        request = sdk.http.Request("GET", "https://h.test/", {})
        defaults = {"defaultTimeoutMs": request.timeout * 1000, "defaultHeaders": {"user-agent": sdk.http.USER_AGENT}}
        return {key: want["result"][key] for key in defaults}, defaults

    async def perform(call: Any) -> Any:
        options = _options(given["options"] or {})
        method = options.pop("method", None) or _options(definition["extendRequest"]).get("method", "get")
        return await call.http.request(method, given["url"], **options)

    shared = _options(definition["extendRequest"])
    return _compared(record, _run(_definition(perform, request=lambda call: shared), record))


def _options(given: dict[str, Any]) -> dict[str, Any]:
    """Upstream's options in our words; prefixUrl and responseType do nothing there."""
    options: dict[str, Any] = {}
    for name, value in _revived(given).items():
        if name == "searchParams":
            options["params"] = value
        elif name == "body" and isinstance(value, dict):
            [(kind, content)] = value.items()
            options |= {"form": content} if kind == "$urlsearchparams" else {"data": content.encode()}
        elif name in ("method", "json", "headers", "body"):
            options["data" if name == "body" else name] = value
    if "username" in given or "password" in given:
        options["auth"] = (given.get("username"), given.get("password"))
    return options


def _response(record: Any, definition: Any, given: Any, want: Any) -> Any:
    said = definition["perform"]

    async def perform(call: Any) -> Any:
        if said == "returns promiseAll":
            return [await call.http.get(f"https://api.example.test/{path}") for path in ("p", "p2")]
        if said in ("returns undefined", "returns string", "returns number"):
            return {"returns undefined": None, "returns string": "s", "returns number": 0}[said]
        response = await call.http.get("https://api.example.test/p")
        if said == "returns the response itself":
            return response
        parts = {"status": response.status, "ok": response.ok, "data": response.data, "content": response.text}
        return {key: part for key, part in parts.items() if part is not None}

    return _compared(record, _run(_definition(perform), record))


def _oauth(record: Any, definition: Any, given: Any, want: Any) -> Any:
    calls = {"count": 0}

    async def perform(call: Any) -> Any:
        calls["count"] += 1
        if definition["perform"] == "thrown401" and calls["count"] == 1:
            raise sdk.InvalidAuthenticationError("bad token")
        if definition["perform"] == "retryable500":
            raise sdk.RetryableError("x")
        return await call.http.post("https://api.example.test/do", json={"call": calls["count"]})

    async def perform_batch(call: Any) -> Any:
        calls["count"] += 1
        if "first call" in definition["performBatch"]:
            await call.http.post("https://api.example.test/b", json={})
        results = MultiStatus()
        for index in range(len(call.payloads)):
            if "always" in definition["performBatch"] or (calls["count"] == 1 and index == 0):
                results.failure(401, "x", sent={})
            elif calls["count"] == 1:
                results.failure(400, "x", sent={})
            else:
                results.success(sent={}, body="ok")
        return results

    made = _definition(
        perform, perform_batch, scheme=definition["scheme"], refresh=_refresher(definition),
        request=lambda call: {"headers": {"authorization": f"Bearer {call.auth.access_token}"}},
    )  # fmt: skip
    oauth = {"oauth": {"access_token": "old", "refresh_token": "r-old"}}
    if "perform" not in definition and "performBatch" not in definition:
        asked = asyncio.run(testing.call(made, "refresh", settings=oauth))
        return want["result"], asked.result
    if "perform" in definition:
        wanted, got = _compared(record, _run(made, record, settings=given["settings"]))
        return [wanted, want["performCalls"]], [got, calls["count"]]
    run = _run(made, record, settings=oauth, events=[_event({})] * 2, batch=True)
    return [_items(want["result"][0]["multistatus"]), want["performCalls"]], [_settled(run), calls["count"]]


def _refresher(definition: Any) -> Any:
    kind = definition.get("refreshAccessToken", "batch")

    async def refresh(call: Any) -> Tokens | None:
        if kind == "request":
            form = {"refresh_token": call.auth.refresh_token, "client_id": call.auth.client_id,
                    "client_secret": call.auth.client_secret, "grant_type": "refresh_token"}  # fmt: skip
            response = await call.http.post("https://auth.example.test/token", form=form)
            return Tokens(response.data["access_token"])
        return {"static": Tokens("new-static"), "empty": Tokens(""), "batch": Tokens("n2", "r2")}.get(kind)

    return None if kind in (False, "none") else refresh


# Batches


def _batch(record: Any, definition: Any, given: Any, want: Any) -> Any:
    given = dict(given)
    mapping = given.get("mapping", {"id": {"@path": "$.properties.id"}, "n": {"@path": "$.properties.n"}})
    if "partnerAction" in given:  # upstream breaks with a TypeError; we say that there is no such action
        return True, _refuses(given["partnerAction"], definition)
    single = record["id"].startswith("batch.flags/single")
    events = [_event(properties) for properties in _FIVE] if given.get("events") else [_event({"id": "1", "n": 1})] * 2
    if given.get("events") == []:
        events = []
    if "plus one identify" in str(given.get("events")):
        events.append({"type": "identify", "userId": "u"})
    trigger = given.get("subscribe", 'type = "track"' if record["group"] == "batch.onBatch" else None)
    kind = definition.get("performBatch")
    batch = None if kind is None else _performer(kind)
    made = _definition(_single, batch, definition["fields"])
    events = events[:1] if single else events
    run = _run(made, record, events=events, mapping=mapping, trigger=trigger, batch=not single)
    if single:
        wanted, got = _compared(record, run)
        return wanted.get("payload", wanted), got
    if "error" in want:
        sent = next(outcome for outcome in run.outcomes if outcome.sent is not None)
        return _error(want["error"]), _raised(sent, want["error"])
    difference = _requests_difference(record, run.requests)
    if difference is not None:
        return difference.want, difference.got
    result = want["result"]
    if result and "multistatus" in result[0]:
        result = result[0]["multistatus"]
    if result and result[0].get("output") == "not subscribed":
        return ["discarded"] * len(run.outcomes), [outcome.kind for outcome in run.outcomes]
    return _items(result), _settled(run)


def _refuses(action: str, definition: Any) -> bool:
    made = _definition(_single, _performer("response"), definition["fields"])
    try:
        asyncio.run(testing.run(made, action, settings={}, events=[_event({})], batch=True))
    except sdk.ContractError:
        return True
    return False


async def _single(call: Any) -> Any:
    return plain(call.payload)


def _items(items: list[Any]) -> list[Any]:
    """Status, message and type of each item; "not subscribed" is an error there. A caught HTTPError is reported with
    its text as the body and no type."""
    settled: list[Any] = []
    for item in items:
        status, message = item["status"], item.get("errormessage", "" if item["status"] < 300 else item.get("body"))
        kind = item.get("errortype", "" if status < 300 else code_of(status))
        settled.append("not subscribed" if "does not match the subscription" in message else [status, message, kind])
    return settled


def _settled(run: testing.Run) -> list[Any]:
    renamed = {"bad_batch_result": "PAYLOAD_VALIDATION_FAILED"}
    return [
        "not subscribed" if outcome.code == "FILTERED_AT_MAPPING"
        else [outcome.status, "" if outcome.kind == "delivered" else outcome.message,
              renamed.get(outcome.code, outcome.code)]
        for outcome in run.outcomes
    ]  # fmt: skip


def _performer(kind: str) -> Callable[[Any], Any]:
    async def perform_batch(call: Any) -> Any:
        url = "https://api.example.test/"
        if kind == "response":
            return await call.http.post(f"{url}batch", json=call.payloads)
        if kind == "throwHttp":
            return await call.http.post(f"{url}e", json={})
        if kind == "httpError":
            try:
                await call.http.post(f"{url}e", json={})
            except sdk.HTTPError as error:
                return error
        if kind in _THROWN:
            raise _THROWN[kind]
        if kind.startswith("multi"):
            return _multi(kind, len(call.payloads))
        return {"undefined": None, "object": {"x": 1}, "array": [1]}.get(kind)

    return perform_batch


_THROWN: dict[str, Exception] = {
    "throwIntegration": sdk.IntegrationError("nope", "SOME_CODE", 422),
    "throwPlain": RuntimeError("plain"),
    "throwRetry": sdk.RetryableError("again", 503),
    "throwPayload": sdk.PayloadValidationError("bad payload"),
}


def _multi(kind: str, count: int) -> MultiStatus:
    results = MultiStatus()
    for index in range(1 if kind == "multiShort" else count):
        if kind == "multiUnset" and index == 0:
            continue
        if kind == "multiOk":
            results.success(201, body={"i": index})
        elif kind == "multiMixed" and index == 1:
            results.failure(429, "slow", sent={})
        elif kind == "multiErrNoSent":
            results.failure(400, "local")
        elif kind == "multiReporter":
            results.failure(404, "nf", body="b")
        elif kind == "multiErrBody":
            results.failure(599, "odd", body={"b": 1})
        else:
            results.success(body="ok", index=index)
    return results


# The rest


def _settings(record: Any, definition: Any, given: Any, want: Any) -> Any:
    async def test(call: Any) -> Any:
        return await call.http.get("https://api.example.test/p", headers={"k": call.settings.k})

    async def perform(call: Any) -> Any:
        return {"settings": plain(call.settings)}

    typed: Any = payload_type(definition["settingsFields"])
    settings = type("Built", (sdk.Settings,), {"__annotations__": typed.__annotations__} | _class_defaults(typed))
    made = _definition(perform, settings=settings, test_authentication=test)
    if record["group"] == "settings":
        return _compared(record, _run(made, record, settings=given))
    respond = [_answer(request.get("response")) for request in want.get("requests", [])]
    done = asyncio.run(testing.call(made, "test_authentication", settings=given, respond=respond))
    difference = _requests_difference(record, done.requests)
    if difference is not None:
        return difference.want, difference.got
    return want.get("error", {}).get("message", ""), done.outcome.message


def _class_defaults(struct: Any) -> dict[str, Any]:
    defaults = struct.__struct_defaults__
    return dict(zip(struct.__struct_fields__[-len(defaults) :], defaults, strict=True))


def _subscription(record: Any, definition: Any, given: Any, want: Any) -> Any:
    calls = {"count": 0}

    async def perform(call: Any) -> Any:
        calls["count"] += 1
        if call.payload.boom:
            raise sdk.IntegrationError("boom", "B", 400)
        return await call.http.post("https://api.example.test/p", json={"n": 1})

    made = _definition(perform, fields={"boom": {"type": "boolean"}})
    subscriptions = given.get("subscriptions") or [given.get("subscription")]
    outcomes: list[Outcome] = []
    for each in subscriptions:
        if each is not None and each["partnerAction"] in made.actions:
            run = _run(made, record, mapping=each["mapping"], trigger=each.get("subscribe") or "")
            outcomes += run.outcomes
    if "second" in want:  # a cache of theirs; each of our actions has its own schema
        return want["second"], "checked with the action's own schema"
    if "error" in want:
        failed = next(outcome for outcome in outcomes if outcome.kind != "delivered")
        return [_error(want["error"]), want["performCalls"]], [_raised(failed, want["error"]), calls["count"]]
    executed = sum(step.get("output") == "Action Executed" for step in want.get("result", ()))
    return executed, sum(outcome.kind == "delivered" for outcome in outcomes)


def _bundle(record: Any, definition: Any, given: Any, want: Any) -> Any:
    async def perform(call: Any) -> Any:
        return {"payload": plain(call.payload), "syncMode": call.sync_mode, "matchingKey": call.matching_key}

    made = _definition(perform, fields={"a": {"type": "string"}})
    run = _run(made, record, mapping={"a": "v"} | given["mapping"])
    data = want["result"][-1]["data"]
    return {key: data[key] for key in ("payload", "syncMode", "matchingKey")}, run.outcomes[0].data


def _on_delete(record: Any, definition: Any, given: Any, want: Any) -> Any:
    async def forget(call: Any) -> Any:
        return await call.http.post("https://api.example.test/p/del", json={"userId": call.user_id})

    made = _definition(_nothing, on_delete=forget if definition["onDelete"] else None)
    if not definition["onDelete"]:
        return want["result"]["hasOnDelete"], made.on_delete is not None
    respond = [_answer(request.get("response")) for request in want["requests"]]
    done = asyncio.run(testing.call(made, "on_delete", settings={}, input=given, respond=respond))
    difference = _requests_difference(record, done.requests)
    return (difference.want, difference.got) if difference else (_data(want["result"]), done.result.data)


def _dynamic(record: Any, definition: Any, given: Any, want: Any) -> Any:
    seen: dict[str, Any] = {"ctx": None}

    async def handler(call: Any) -> Choices:
        if call.field == "l":
            await call.http.get("https://api.example.test/p/l")
        if call.selected_index is not None:
            seen["ctx"] = {"selectedArrayIndex": call.selected_index}
        return Choices([Choice("k", "k")] if call.field == "o.k" else [])

    fields: dict[str, Any] = {
        "l": {"type": "string"},
        "o": {"type": "object"},
        "arr": {"type": "object", "multiple": True},
    }
    handlers = dict.fromkeys(definition["dynamicFields"], handler)
    action = Action("act", title="Act", payload=payload_type(fields), perform=_nothing, choices=handlers)
    made = Definition("framework", name="Framework", actions=[action])
    done = asyncio.run(testing.call(made, "choices", settings={}, action="act", input={"field": given["field"]}))
    got: dict[str, Any] = {
        "choices": [{"label": choice.label, "value": choice.value} for choice in done.result.choices]
    }
    if done.result.error:
        got["error"] = {"message": done.result.error[0], "code": done.result.error[1]}
    if "ctx" in want["result"]:
        got |= seen
    return {key: value for key, value in want["result"].items() if key != "nextPage"}, got


_REPLAYS: dict[str, Callable[[Any, Any, Any, Any], tuple[Any, Any]]] = {
    "validate": _one_field, "format": _one_field, "conditional": _fields, "messages": _fields, "jsonSchema": _schema,
    "clean": _clean, "defaults": _defaults, "membership": _membership, "http": _http, "errors": _errors,
    "request": _request, "response": _response, "oauth": _oauth, "batch": _batch, "testAuthentication": _settings,
    "settings": _settings, "subscription": _subscription, "bundle": _bundle, "onDelete": _on_delete,
    "dynamicField": _dynamic,
}  # fmt: skip
