"""Destinations with settings: wrong ones hold events back, secret ones are in no sample (F050, F172; I6, I7)."""

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any

import pytest

from actionsd.catalog import Catalog, Plugin
from actionsd.sdk import Action, Call, Definition, Field, Payload, Response, Secret, Settings, path
from actionsd.settings import DestinationDecl, MappingDecl
from support import lanes
from support.lanes import HOST, bench, event, eventually, status

KEY, TOKEN = 'k3y/"quoted" ü', "t0ken"


class KeySettings(Settings):
    api_key: Annotated[Secret, Field("API key")]


class Sent(Payload):
    id: Annotated[str, Field("Id", default=path("$.messageId"))]
    token: Annotated[Secret, Field("Token", default=TOKEN)]
    text: Annotated[str | None, Field("Text", default=path("$.properties.text"))] = None


async def send(call: Call[KeySettings, Sent]) -> Response:
    headers = {"authorization": f"Bearer {call.settings.api_key.encode().hex()}"}
    return await call.http.post(f"{HOST}/{call.payload.id}", json=call.payload, headers=headers)


locked = Definition(
    "locked",
    name="Locked",
    settings=KeySettings,
    actions=[Action("send", title="Send", payload=Sent, trigger='type = "track"', perform=send)],
)


def _destination(**settings: Any) -> DestinationDecl:
    fields = locked.actions["send"].default_mapping
    sent = MappingDecl(name="all", action="send", trigger='type = "track"', fields=fields)
    return DestinationDecl(
        slug="one", name="one", source="site", definition="locked", settings=settings, mappings=(sent,)
    )


@pytest.fixture(autouse=True)
def _catalog(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "catalog", Catalog([Plugin("locked", "actionsd-locked", "1", (locked,))]))


def test_f050_with_wrong_settings_nothing_is_sent_and_events_wait_until_they_are_mended(tmp_path: Path) -> None:
    async def main() -> None:
        async with bench(tmp_path, _destination()) as it:
            await it.accept(event("waits"))
            assert it.status().trouble.startswith("INVALID_SETTINGS: destination 'one'")
            assert "api_key" in it.status().trouble
            await it.declare(_destination(api_key=KEY))
            await eventually(lambda: it.count("delivered"))
            assert it.partner.received == ["waits"]
            assert it.status().trouble == ""

    asyncio.run(main())


def test_i6_samples_have_no_secrets_of_settings_and_payload(tmp_path: Path) -> None:
    async def main() -> None:
        async with bench(tmp_path, _destination(api_key=KEY)) as it:
            it.partner.respond = lambda request: status(400, {"said": TOKEN}) if request.url.endswith("/bad") else None
            await it.accept(event("ok", properties={"text": f"it is {TOKEN}"}), event("bad"))
            await it.advance_until(lambda: it.count("delivered") and it.count("dead"))
            kept = [sample for _, sample in await it.store.samples.list(it.id())]
            assert len(kept) == 2
            for sample in kept:
                shown = (sample.payload + sample.exchange).decode()
                assert json.loads(sample.payload)["token"] == "••••••"
                for secret in (KEY, TOKEN, KEY.encode().hex(), json.dumps(KEY)[1:-1]):
                    assert secret not in shown

    asyncio.run(main())
