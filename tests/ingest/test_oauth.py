"""Access tokens for sources that want them (FEATURES F011, part 2.2, C19, C20)."""

import asyncio
from base64 import b64encode
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from actionsd.ingest import bearer
from actionsd.ingest.bearer import Bearers
from actionsd.ingest.tokenserver import MOST
from actionsd.store.records import OAuthClient, OAuthClientConfig, Source, Workspace
from support.clock import FakeClock
from support.ingest import KEY, Running, running
from support.jwts import assertion, form, key, private_pem, public_pem

EVENT = {"userId": "u", "event": "E", "type": "track"}
SOURCES = (
    Source(id=1, slug="website", name="Website", write_keys=(KEY,)),
    Source(id=2, slug="guarded", name="Guarded", write_keys=("wk_guarded",), oauth="required"),
    Source(id=3, slug="other", name="Other", write_keys=("wk_other",), oauth="required"),
    Source(id=4, slug="off", name="Off", write_keys=("wk_off",), oauth="required", enabled=False),
)


class Clients:
    """One client in memory, with two keys."""

    def __init__(self) -> None:
        keys = {"k1": public_pem(key()), "k2": public_pem(key(2))}
        config = OAuthClientConfig(keys=keys, sources=(2,), token_life=3600, token_key=b"the key of its tokens")
        self.client: OAuthClient | None = OAuthClient(7, "backend", 0, config)
        self.used: set[str] = set()

    def find(self, name: str) -> OAuthClient | None:
        return self.client if self.client and self.client.name == name else None

    def by_id(self, id: int) -> OAuthClient | None:
        return self.client if self.client and self.client.id == id else None

    async def use_assertion(self, client: OAuthClient, jti: str, expires_at: int) -> bool:
        is_first = jti not in self.used
        self.used.add(jti)
        return is_first


def check(test: Callable[[Running, Clients], Awaitable[None]], **options: Any) -> None:
    async def main() -> None:
        clients = Clients()
        async with running(clients=clients, workspace=Workspace(version=1, sources=SOURCES), **options) as here:
            await test(here, clients)

    asyncio.run(main())


async def ask(here: Running, fields: dict[str, str] | bytes, **headers: str) -> tuple[int, dict[str, str], Any]:
    body = fields if isinstance(fields, bytes) else urlencode(fields).encode()
    return await here.post("/token", body, **{"Content_Type": "application/x-www-form-urlencoded"} | headers)


def now_of(here: Running) -> int:
    return here.clock.now() // 1000


async def token(here: Running, **changes: Any) -> str:
    status, _, answer = await ask(here, form(assertion("backend", here.url, now_of(here), **changes)))
    assert status == 200, answer
    return str(answer["access_token"])


def batch(write_key: str, name: str = "writeKey") -> dict[str, Any]:
    return {"batch": [EVENT], name: write_key}


def test_f011_a_token_opens_its_sources_with_the_write_key_in_the_body() -> None:
    async def test(here: Running, clients: Clients) -> None:
        status, headers, answer = await ask(here, form(assertion("backend", here.url, now_of(here))))
        assert status == 200
        assert {name: answer[name] for name in ("token_type", "expires_in", "scope")} == {
            "token_type": "Bearer", "expires_in": 3600, "scope": "tracking_api:write",
        }  # fmt: skip
        assert headers["Cache-Control"] == "no-store"
        assert "Date" in headers, "SDKs set their clocks by it"
        given = f"Bearer {answer['access_token']}"
        assert (await here.post("/v1/batch", batch("wk_guarded"), Authorization=given))[0] == 200
        assert (await here.post("/v1/track", EVENT | {"writeKey": "wk_guarded"}, Authorization=given))[0] == 200
        assert [source for source, _ in here.journal.rows] == [2, 2]
        assert await token(here, kid="k2", signer=key(2), iss=here.url), "a second key; iss as Segment's page has it"
        assert await token(here, iss=None, aud=["https://else.test", f"{here.url}/token"])
        assert await token(here, iat=now_of(here) + 5, exp=now_of(here) + 65), "a clock that is a little ahead"

    check(test)


def test_f011_other_calls_are_refused_where_a_source_wants_tokens() -> None:
    async def test(here: Running, clients: Clients) -> None:
        basic = f"Basic {b64encode(b'wk_guarded:').decode()}"
        good = f"Bearer {await token(here)}"
        tampered = good.replace("7.", "7.9", 1)
        for headers, status, code in (
            ({}, 401, "oauth_required"),
            ({"Authorization": basic}, 401, "oauth_required"),
            ({"Authorization": "Bearer "}, 401, "oauth_required"),
            *(
                ({"Authorization": f"Bearer {text}"}, 401, "oauth_invalid")
                for text in ("x", "7.1.x", "8.99999999999.x", f"{'9' * 150}.1.x", "7..", tampered[7:], f"{good[7:]}x")
            ),
        ):
            answer = await here.post("/v1/batch", batch("wk_guarded"), **headers)
            assert (answer[0], answer[2]["code"]) == (status, code), headers
            assert answer[1]["WWW-Authenticate"].startswith("Bearer"), headers
            assert isinstance(answer[2]["message"], str)
        answer = await here.post("/v1/batch", batch("wk_other"), Authorization=good)
        assert (answer[0], answer[2]["code"]) == (403, "oauth_forbidden")
        answer = await here.post("/v1/batch", batch("wk_guarded", name="write_key"), Authorization=good)
        assert answer[0] == 200, "C19: without writeKey the source is unknown"
        assert (await here.post("/v1/batch", batch("wk_off"), Authorization=good))[0] == 200, "F013"
        assert here.journal.rows == []
        assert here.journal.reasons() == {
            "oauth_required": 3, "oauth_invalid": 7, "oauth_forbidden": 1, "unknown_source": 1, "source_disabled": 1,
        }  # fmt: skip

    check(test)


def test_f011_sources_that_want_none_do_not_look_at_tokens() -> None:
    async def test(here: Running, clients: Clients) -> None:
        assert (await here.post("/v1/batch", batch(KEY), Authorization="Bearer of-somebody-else"))[0] == 200
        assert len(here.journal.rows) == 1

    check(test)


def test_f011_tokens_end_with_their_time_and_with_their_client() -> None:
    clients, clock = Clients(), FakeClock()
    assert clients.client is not None
    given = bearer.issue(clients.client, clock.now())
    tokens = Bearers(clients.by_id, clock)
    assert tokens.refusal(given, SOURCES[1]) is None
    clock.jump(3_601_000)
    refusal = tokens.refusal(given, SOURCES[1])
    assert refusal is not None
    assert refusal == ("oauth_invalid", "the access token has expired")
    clock.jump(-3_601_000)
    clients.client = None
    refusal = tokens.refusal(given, SOURCES[1])
    assert refusal is not None
    assert refusal.code == "oauth_invalid"


@pytest.mark.parametrize(
    ("changes", "status", "code", "description"),
    [
        ({"signer": key(3)}, 401, "invalid_client", "the signature is not by the key that kid names"),
        ({"kid": "k2"}, 401, "invalid_client", "the signature is not by the key that kid names"),
        ({"kid": "k3"}, 401, "invalid_client", "kid: the client has no such key"),
        ({"signer": b"a secret of more than 256 bits, as HS256 wants", "alg": "HS256"}, 401, "invalid_client", "alg: "),
        ({"signer": "", "alg": "none"}, 401, "invalid_client", "alg: expected RS256"),
        ({"sub": "nobody"}, 401, "invalid_client", "sub: it is no client of this server"),
        ({"iss": "nobody"}, 401, "invalid_client", "iss: expected the id of the client"),
        ({"aud": "https://oauth2.segment.io"}, 401, "invalid_client", "aud: expected the address of this server, http"),
        ({"aud": None}, 401, "invalid_client", "aud: expected"),
        ({"jti": None}, 400, "invalid_request", "jti: expected a text"),
        ({"jti": "x" * 300}, 400, "invalid_request", "jti: expected a text"),
        ({"iat": None}, 400, "invalid_request", "iat: expected a time"),
        ({"iat": -100, "exp": -40}, 400, "invalid_request", "Token is expired"),
        ({"iat": 6, "exp": 30}, 400, "invalid_request", "Token used before issued"),
        ({"iat": 0, "exp": 61}, 400, "invalid_request", "exp: expected at most 60 seconds after iat"),
    ],
)
def test_f011_an_assertion_that_does_not_hold(
    changes: dict[str, Any], status: int, code: str, description: str
) -> None:
    async def test(here: Running, clients: Clients) -> None:
        now = now_of(here)
        moved = {name: value + now if isinstance(value, int) else value for name, value in changes.items()}
        answer = await ask(here, form(assertion("backend", here.url, now, **moved)))
        assert (answer[0], answer[2]["error"]) == (status, code), answer[2]
        assert answer[2]["error_description"].startswith(description), answer[2]
        assert answer[2].keys() >= {"code", "message"}
        assert clients.used == set()

    check(test)


def test_f011_an_assertion_is_used_once() -> None:
    async def test(here: Running, clients: Clients) -> None:
        fields = form(assertion("backend", here.url, now_of(here)))
        assert (await ask(here, fields))[0] == 200
        status, _, answer = await ask(here, fields)
        assert (status, answer["error_description"]) == (401, "jti: this assertion was used before")

    check(test)


def test_f011_requests_that_are_none() -> None:
    async def test(here: Running, clients: Clients) -> None:
        good = assertion("backend", here.url, now_of(here))
        for fields, status, code in (
            (form(good, grant_type="password"), 400, "unsupported_grant_type"),
            (form(good, client_assertion_type="x"), 400, "invalid_request"),
            (form(good, scope="everything"), 400, "invalid_scope"),
            (form(good, client_id="nobody"), 401, "invalid_client"),
            *((form(text), 400, "invalid_request") for text in ("", "a.b", "a.b.c", "é.b.c", "bnVsbA.bnVsbA.c")),
            (urlencode(form(good)).encode() + b"&scope=tracking_api:write", 400, "invalid_request"),
            (b"\xff", 400, "invalid_request"),
            (b"x" * 20_000, 400, "invalid_request"),
        ):
            answer = await ask(here, fields)
            assert (answer[0], answer[2]["error"]) == (status, code), (fields, answer[2])
        status, _, answer = await ask(here, form(good), Content_Type="application/json")
        assert (status, answer["error"]) == (415, "invalid_request")
        async with here.http.get(f"{here.url}/token") as got:
            assert got.status == 405

    check(test)


def test_f011_too_many_requests_are_told_when_to_come_back() -> None:
    async def test(here: Running, clients: Clients) -> None:
        for _ in range(int(MOST)):
            assert (await ask(here, b""))[0] == 400
        status, headers, answer = await ask(here, b"")
        assert (status, answer["error"]) == (429, "temporarily_unavailable")
        assert (headers["X-RateLimit-Reset"], headers["Retry-After"]) == ("1", "1")

    check(test)


def test_f011_public_keys_are_read_and_named() -> None:
    from actionsd.ingest.assertions import key_id, read_key

    assert key_id(public_pem(key())) == key_id(public_pem(key()).replace("\n", "\r\n"))
    assert len(key_id(public_pem(key()))) == 43
    with pytest.raises(ValueError, match="expected a public key in PEM"):
        read_key(private_pem(key()))
    with pytest.raises(ValueError, match="2048 bits"):
        read_key(public_pem(key(4, bits=1024)))
