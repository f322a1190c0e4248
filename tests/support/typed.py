# pyright: strict, reportUnnecessaryTypeIgnoreComment=true
"""What type checkers know of the contract: checked by mypy --strict and pyright, never run.

A line that ends in an ignore is a mistake that both must find: an ignore that is not needed is an error itself.
"""

from typing import Annotated, Any, Literal, assert_type

from actionsd import testing
from actionsd.sdk import (
    UNSET,
    Action,
    Auth,
    BaseCall,
    BatchCall,
    Call,
    Choice,
    Choices,
    ChoicesCall,
    Definition,
    DeleteCall,
    Field,
    HTTPError,
    ItemResult,
    Json,
    MultiStatus,
    NoSettings,
    Number,
    OAuth,
    Payload,
    Preset,
    RequestOptions,
    Response,
    Secret,
    Settings,
    Tokens,
    UnsetType,
    all_of,
    each,
    field,
    json_schema,
    path,
    payload_type,
    validate,
    when,
)


class Keys(Settings):
    api_key: Annotated[Secret, Field("API key")]
    region: Annotated[Literal["us", "eu"], Field("Region")] = "us"


class Item(Payload):
    sku: Annotated[str | None, Field("SKU")] = None
    price: Annotated[Number, Field("Price")]


class Order(Payload):
    id: Annotated[str, Field("Id", default=path("$.properties.order_id"))]
    plan: Annotated[str | None | UnsetType, Field("Plan")] = UNSET  # noqa: RUF036
    items: Annotated[list[Item] | None, Field("Items", default=each("$.properties.products", {"sku": path("$.sku")}))]
    more: Annotated[Json | None, Field("More", required=all_of(when("id", is_="x")))] = None
    from_: Annotated[str | None, Field("From")] = field(name="from", default=None)


def request(call: BaseCall[Keys]) -> RequestOptions:
    assert_type(call.auth, Auth)
    assert_type(call.settings.region, Literal["us", "eu"])
    assert call.settings.password  # type: ignore[attr-defined]
    return {"headers": {"authorization": call.settings.api_key}, "timeout": 5}


async def place(call: Call[Keys, Order]) -> Response:
    assert_type(call.payload.id, str)
    assert_type(call.payload.plan, str | UnsetType | None)
    for item in call.payload.items or []:
        assert_type(item.price, int | float)
    call.payload.id = "other"  # type: ignore[misc]
    try:
        return await call.http.post("https://api.acme.test/orders", json=call.payload, params={"key": call.uuid()})
    except HTTPError as error:
        assert_type(error.response, Response)
        raise


async def place_all(call: BatchCall[Keys, Order]) -> MultiStatus:
    results = MultiStatus()
    assert_type(call.payloads, list[Order])
    results.failure(429, "Slow down", index=0)
    assert_type(results.get(0), ItemResult | None)
    return results


async def regions(call: ChoicesCall[Keys]) -> Choices:
    assert_type(call.query, str)
    return Choices([Choice("us", "United States")], next_page="2")


async def refresh(call: BaseCall[Keys]) -> Tokens:
    return Tokens("new")


async def forget(call: DeleteCall[Keys]) -> Response:
    assert_type(call.user_id, str | None)
    return await call.http.delete("https://api.acme.test/users")


async def nothing(call: Call[NoSettings, Item]) -> None:
    return None


order = Action(
    "order", title="Order", payload=Order, perform=place, perform_batch=place_all, choices={"id": regions},
    sync_modes=["add"],
)  # fmt: skip
assert_type(order, Action[Keys, Order])
acme = Definition(
    "acme", name="Acme", settings=Keys, actions=[order], request=request, scheme="oauth2", refresh=refresh,
    oauth=OAuth("https://acme.test/authorize", "https://acme.test/token", scopes=["events"]), on_delete=forget,
    presets=[Preset("Orders", "order", 'event = "Order Completed"')], hosts=["*.acme.test"],
)  # fmt: skip
assert_type(acme, Definition[Keys])

Item(price=5, colour="red")  # type: ignore[call-arg]
Item(sku="a")  # type: ignore[call-arg]
Action("bad", title="Bad", payload=Order, perform=nothing)  # type: ignore[arg-type]
Definition("bad", name="Bad", settings=Keys, actions=[order], scheme="magic")  # type: ignore[arg-type]
OAuth("https://acme.test/authorize")  # type: ignore[call-arg]

assert_type(validate(Order, {"id": "1"}), Order)
assert_type(json_schema(Order), dict[str, Any])
assert_type(payload_type({"id": {"type": "string"}}), type[Payload])


async def tested() -> None:
    done = await testing.run(acme, "order", settings={"api_key": "k"}, events=[testing.track("Order Completed")])
    assert_type(done, testing.Run)
    assert_type(done.outcomes[0].kind, Literal["delivered", "retry", "discarded"])
    asked = await testing.call(acme, "refresh", settings={"api_key": "k"}, respond=[(200, None, {})])
    assert_type(asked, testing.Called)
    await testing.call(acme, "restart", settings={})  # type: ignore[arg-type]
    testing.check_definition(acme)
